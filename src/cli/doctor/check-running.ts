/** The running gateway, by its own page: broker, what it refuses, a twin with its id, what waits for the collector, when each device spoke last. */
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import { renderIsoTime } from "../../core/contract/iso-time.ts";
import { formatDuration } from "../../core/maths/durations.ts";
import { bad, type CheckResult, good, skipped, warning } from "./check-result.ts";
import type { FoundPage } from "./find-gateway.ts";

/** More waits after an outage, for a while. */
const manyRecords = 10_000;

export function checkRunning(config: GatewayConfig, page: FoundPage | null): readonly CheckResult[] {
  if (page === null) {
    return [skipped("gateway", "none answers, so nothing is known of its devices")];
  }
  const results: CheckResult[] = [];
  const { mqtt, outbox, windows, devices } = page;
  const hint = "Its log says why; the checks of the broker above say more.";
  results.push(
    mqtt.connected
      ? good("gateway", `runs, ${windows.processed} windows decided`)
      : bad("gateway", "runs, and has no connection to its broker", hint),
  );
  if (mqtt.cloned === true) {
    const advice = "Give one of them an id and an enrolment of its own (gateway.id): a copied card?";
    results.push(bad("identity", `another gateway logs in as ${config.gateway.id}`, advice));
  }
  const { refusedFilters = [] } = mqtt;
  if (refusedFilters.length > 0) {
    const advice =
      "Give this login the right to read them in the broker's access list; no restart is needed.";
    results.push(bad("subscriptions", `the broker refuses ${refusedFilters.join(", ")}`, advice));
  }
  for (const { topic, component, reason } of page.refusedAlerts ?? []) {
    const advice =
      "Give this login the right to publish there in the broker's access list, or the broker a larger bound of messages; they wait, and are tried again.";
    results.push(bad("alerts", `the broker refuses those of ${component} (${topic}): ${reason}`, advice));
  }
  const { trouble = null } = outbox;
  if (trouble !== null) results.push(describeTrouble(trouble, outbox.lanes?.alert.pending));
  if (outbox.slow === true) {
    const text =
      "the disk took more than a second for a write in the last ten minutes: no device is read meanwhile, and samples may be lost";
    const advice =
      "Look at the disk (dmesg, and what else writes to it), and put in another card if it stays so; aurora_store_write_slowest_seconds says which writes take long.";
    results.push(warning("outbox", text, advice));
  }
  if (outbox.records > manyRecords) {
    const advice =
      "The collector was away or cannot follow; it is sent by itself, at uplink.backlogKibibytesPerSecond.";
    results.push(warning("outbox", `${outbox.records} records wait for the collector`, advice));
  }
  return [
    ...results,
    ...describeEvidence(page.evidence ?? {}),
    ...(page.sources ?? []).flatMap(describeSource),
    ...config.devices.flatMap(({ id }) => describeDevice(id, devices, config)),
  ];
}

/**
 * @param trouble as the gateway's page names what is wrong with its outbox
 * @param alerts that are in memory only; undefined: an older gateway, which does not say
 */
function describeTrouble(trouble: string, alerts: number | undefined): CheckResult {
  const [text, advice] =
    trouble === "gone"
      ? [
          "its file was removed or replaced while the gateway runs: what is written is lost at its end",
          "Let the collector have what waits, then restart the gateway.",
        ]
      : trouble === "full"
        ? [
            `the disk, or its share of it, is full: ${describeWaiting(alerts)} in memory`,
            "Free some room on the disk.",
          ]
        : trouble === "unreadable"
          ? [
              "the disk failed to read some of its file when it was opened: what lies there may be lost",
              "Look whether the card sits firmly, and at the disk (dmesg); the gateway's log says which pages.",
            ]
          : [
              `cannot be written or read (${trouble}): records wait`,
              "Look at the disk; the gateway's log says more.",
            ];
  return bad("outbox", text, advice);
}

function describeWaiting(alerts: number | undefined): string {
  if (alerts === undefined) return "records wait";
  if (alerts === 0) return "all but alerts wait";
  return `${alerts} ${alerts === 1 ? "alert" : "alerts"} and all else wait`;
}

function describeEvidence({
  held = 0,
  pieceLimitBytes = null,
  pausedUntilMs = null,
}: NonNullable<FoundPage["evidence"]>): readonly CheckResult[] {
  const results: CheckResult[] = [];
  if (pausedUntilMs !== null) {
    const text = `the bytes of a day are used up; samples are sent on after ${renderIsoTime(pausedUntilMs)}`;
    results.push(warning("raw evidence", text, "Wait, or permit more bytes a day (evidence.dailyBytes)."));
  }
  const advice =
    "Let the broker take messages of 64 KiB (mosquitto: message_size_limit, max_packet_size) and this login write the lane `raw`; the gateway tries again by itself.";
  if (held > 0) {
    const text = `${held} ${held === 1 ? "recording waits" : "recordings wait"} here: no piece arrives, while other records do`;
    results.push(warning("raw evidence", text, advice));
  } else if (pieceLimitBytes !== null) {
    const text = `pieces of more than ${pieceLimitBytes} bytes do not arrive; smaller ones are sent`;
    results.push(warning("raw evidence", text, advice));
  }
  return results;
}

type SourcePage = NonNullable<FoundPage["sources"]>[number];

/** Of more channels `/status` has the values. */
const shownValues = 3;

function describeValues({ values = [] }: SourcePage): string {
  const shown = values
    .slice(0, shownValues)
    .map(
      ({ turbine, channel, value, unit, ageMs }) =>
        `${turbine} ${channel} ${value} ${unit} (${formatDuration(ageMs)} ago)`,
    );
  const more = values.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more in /status`] : [])].join(", ");
}

function describeSource(page: SourcePage): readonly CheckResult[] {
  const { name, connected, readings, faults, diagnoses = [] } = page;
  const source = `SCADA source ${name}`;
  const advice =
    "Check the server, the network between, and what is mapped of it; the gateway goes on trying.";
  // A finding stands for a minute after its fault.
  const [worst] = diagnoses.filter(({ code }) => (code === "no-connection") === !connected);
  if (!connected) return [bad(source, worst?.text ?? faults[0] ?? "not connected", worst?.cure ?? advice)];
  if (faults.length > 0) return [warning(source, faults.join("; "), worst?.cure ?? advice)];
  if (readings === 0) {
    const wait = "What tells rows of ten minutes takes as long: look again then.";
    return [warning(source, "connected, and no value has come yet", `${wait} ${advice}`)];
  }
  const last = describeValues(page);
  return [good(source, last === "" ? "connected" : `connected; ${last}`)];
}

function describeDevice(
  id: string,
  devices: FoundPage["devices"],
  { operation }: GatewayConfig,
): readonly CheckResult[] {
  const name = `device ${id}`;
  const device = devices.find((each) => each.id === id);
  if (device === undefined) {
    return [
      warning(
        name,
        "the running gateway does not know it",
        "Restart the gateway: its file was changed since.",
      ),
    ];
  }
  const diagnoses = (device.diagnoses ?? []).map(({ text, cure }) => warning(name, text, cure));
  const { state, noContact, silentMs } = device;
  const advice = "Check cable, power and address; `aurora device list --config FILE` says more.";
  if (state !== "established") {
    const [reason, ...rest] = device.diagnoses ?? [];
    if (reason === undefined && noContact)
      return [bad(name, `no contact: ${noContact}`, `Where that names no cure: ${advice}`)];
    if (reason === undefined) return [bad(name, `no contact (${state ?? "unknown"})`, advice)];
    return [bad(name, reason.text, reason.cure), ...rest.map(({ text, cure }) => warning(name, text, cure))];
  }
  if (silentMs === undefined) return [good(name, "in contact"), ...diagnoses];
  if (silentMs === null) return [warning(name, "in contact, and has sent nothing yet", advice), ...diagnoses];
  const text = `spoke ${formatDuration(silentMs)} ago`;
  if (silentMs > operation.dataTimeoutSeconds * 1000) return [bad(name, text, advice), ...diagnoses];
  return diagnoses.length > 0 ? diagnoses : [good(name, text)];
}
