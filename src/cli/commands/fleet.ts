/** `aurora fleet enrol|revoke`: gateways, one or many, and those who read what they tell, for a broker that others run. */
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { isTopicFilter } from "../../core/contract/topics.ts";
import { systemClock } from "../../core/platform/clock.ts";
import { type EnrolResult, enrolGateways } from "../fleet/enrol-gateways.ts";
import { loadEnrolment } from "../fleet/enrolment.ts";
import { renderLogin, renderYamlText } from "../fleet/made-login.ts";
import { type RevokeResult, revokeGateway } from "../fleet/revoke-gateway.ts";
import { parseHost, parseId, parseInteger } from "../terminal/options.ts";
import { printReply } from "../terminal/print-reply.ts";

interface EnrolOptions {
  readonly dir: string;
  readonly site?: string;
  readonly count?: number;
  readonly from?: number;
  readonly device: readonly string[];
  readonly read: readonly string[];
  readonly reader?: boolean;
  readonly base?: string;
  readonly tls?: string;
  readonly days?: number;
  readonly json?: boolean;
}

export function fleetCommand(): Command {
  const command = new Command("fleet").addHelpText(
    "after",
    "\nExample:\n  $ aurora fleet enrol gw-wt01 --site kelmarsh --dir /etc/aurora/enrolment\n",
  );
  const collect = (parse: (text: string) => string) => (text: string, all: readonly string[]) => [
    ...all,
    parse(text),
  ];
  command
    .command("enrol")
    .description(
      "give a gateway its credentials and its key, and write what mosquitto or EMQX must know of it",
    )
    .argument("<gateway>", "id of the gateway; with --count what their ids begin with", parseId)
    .requiredOption("--dir <dir>", "folder of the enrolment; made if missing")
    .option("--site <id>", "site whose turbines it may speak of (default: any)", parseId)
    .option(
      "--count <n>",
      "enrol so many: <gateway>-1, <gateway>-2, …, of as many digits as the last: -001 to -400",
      parseInteger(1, 100_000),
    )
    .option(
      "--from <n>",
      "with --count: number of the first, where others are enrolled",
      parseInteger(1, 1e6),
    )
    .option("--device <id>", "device of it that speaks MQTT itself; may be repeated", collect(parseId), [])
    .option(
      "--read <topic>",
      "topic of a SCADA bridge that it may read; may be repeated",
      collect(parseFilter),
      [],
    )
    .option(
      "--reader",
      "no gateway, but an operator or a SCADA system: it may read alerts and states, and write nothing",
    )
    .option("--base <topic>", "prefix of every topic (default: aurora/v1); as the folder began", parseBase)
    .option(
      "--tls <host>",
      "certificates instead of passwords, for the broker at this host; as the folder began",
      parseHost,
    )
    .option("--days <n>", "with certificates: days that they hold (default: 3650)", parseInteger(1, 7300))
    .option("--json", "print what was made as JSON")
    .addHelpText("after", enrolHelp)
    .action(async (gateway: string, options: EnrolOptions) => {
      const { dir, site = null, device: devices, read: readTopics } = options;
      const ids = listIds(gateway, options);
      const isReader = options.reader === true;
      if (isReader && devices.length + readTopics.length > 0) throw refuseReader();
      // Configurations that take what is printed are read in another folder.
      const folder = resolve(dir);
      if (options.days !== undefined) await expectCertificates(folder, options);
      const result = await enrolGateways({
        dir: folder,
        gateways: isReader ? [] : ids.map((id) => ({ id, site, devices, readTopics })),
        readers: isReader ? ids.map((id) => ({ id, site })) : [],
        base: options.base ?? null,
        tlsHost: options.tls ?? null,
        days: options.days ?? 3650,
        nowMs: systemClock.nowMs(),
      });
      printReply(options.json, result, () => renderResult(result));
    });
  command
    .command("revoke")
    .description(
      "strike a gateway, or a reader, from its enrolment: the broker gives it no rights any more, and the collector refuses it",
    )
    .argument("<gateway>", "id of the gateway or the reader", parseId)
    .requiredOption("--dir <dir>", "folder of the enrolment")
    .option("--json", "print what was written as JSON")
    .addHelpText("after", revokeHelp)
    .action(async (gateway: string, { dir, json }: Pick<EnrolOptions, "dir" | "json">) => {
      const revoked = await revokeGateway(resolve(dir), gateway);
      printReply(json, revoked, () => renderRevoked(revoked));
    });
  return command;
}

function renderRevoked({ id, brokerDir, enrolledFile }: RevokeResult): string {
  return (
    `${id} is revoked\n${brokerDir}: for the broker; let it read its files again, and end ${id}'s connection\n` +
    `${enrolledFile}: for the collector, which then says of a gateway that it is offline\n`
  );
}

const revokeHelp = `
Afterwards let the broker read its files again, copy enrolled.json to the collector, and end the
gateway's connection: a certificate that was issued for it still connects until it expires, and may
do nothing. Within a minute the collector says on its status topic that it is offline. No id is
given again.

Example:
  $ aurora fleet revoke gw-wt01 --dir /etc/aurora/enrolment
`;

const enrolHelp = `
Into DIR go: gateways/<id> (copy it to the gateway), collector (copy it to the collector),
enrolment.key and enrolled.json (for the collector alone: mqtt.enrolmentKeyFile and
mqtt.enrolledFile; copy the latter again after each enrolment, a running collector reads it within a
minute) and broker (access lists, users and an example of a configuration for mosquitto and EMQX,
written anew each time; they keep the owner and the rights that you give them, and a broker that
cannot read them after a SIGHUP refuses everybody). A gateway's own configuration then has, with the
whole paths of what was copied there,

  mqtt:   { username: <id>, passwordFile: /etc/aurora/mqtt.password }
  uplink: { ackKeyFile: /etc/aurora/ack.key }

and with certificates caFile (ca.pem), certFile (cert.pem) and keyFile (key.pem) instead of user
name and password.

The collector's user name is aurora-collector, that of a device which speaks MQTT itself
<id>/<device>; certificates bear the same names. Passwords are in mqtt.password. A certificate that
expires: aurora keys client DIR <id>, or server DIR HOST.

Alerts and states go to those who are enrolled with --reader (readers/<id>): what is added to the
access lists by hand is lost with the next enrolment.

Examples:
  $ aurora fleet enrol gw-wt01 --site kelmarsh --dir /etc/aurora/enrolment
  $ aurora fleet enrol control-room --reader --dir /etc/aurora/enrolment
  $ aurora fleet enrol gw --count 400 --tls mqtt.example.com --dir /etc/aurora/enrolment
  $ aurora fleet enrol gw --count 50 --from 401 --dir /etc/aurora/enrolment
`;

/** All numbers of one call have as many digits as its last. */
function listIds(
  gateway: string,
  { count, from = 1 }: Pick<EnrolOptions, "count" | "from">,
): readonly string[] {
  if (count === undefined && from !== 1) {
    throw new AuroraError("USAGE", "--from numbers gateways, and --count says how many", {
      op: "enrol gateway",
      hint: "Write both, or the whole id of one gateway.",
    });
  }
  if (count === undefined) return [gateway];
  const digits = `${from + count - 1}`.length;
  return Array.from({ length: count }, (_, index) => `${gateway}-${`${from + index}`.padStart(digits, "0")}`);
}

/** @throws AuroraError USAGE where the enrolment gives passwords, which hold until their gateway is revoked */
async function expectCertificates(dir: string, { tls }: Pick<EnrolOptions, "tls">): Promise<void> {
  const known = await loadEnrolment(dir);
  if ((known === null ? (tls ?? null) : known.tlsHost) !== null) return;
  throw new AuroraError("USAGE", "--days is for certificates, and a password does not expire", {
    op: "enrol gateway",
    subject: dir,
    hint: "Leave it out, and end what is allowed with `aurora fleet revoke`; or begin a folder with --tls.",
  });
}

function refuseReader(): AuroraError {
  return new AuroraError("USAGE", "a reader has no devices and no topics of its own", {
    op: "enrol reader",
    hint: "Leave --device and --read out.",
  });
}

function renderResult(result: EnrolResult): string {
  if (result.readers.length > 0) return renderReaders(result);
  const { collector, brokerDir, collectorDir, enrolmentKeyFile, enrolledFile } = result;
  const [keyText, listText] = [renderYamlText(enrolmentKeyFile), renderYamlText(enrolledFile)];
  return [
    ...renderGateways(result),
    `${collectorDir}, ${enrolmentKeyFile} and ${enrolledFile}: for the collector, ${collector.user}, whose configuration then has`,
    `  mqtt: { ${renderLogin(collector)}, enrolmentKeyFile: ${keyText}, enrolledFile: ${listText} }`,
    "  where mqtt.url names its broker; with the embedded broker enrolmentKeyFile alone, and the gateways in mqtt.embedded.gateways",
    `${brokerDir}: for the broker; let it read its files again`,
    "",
  ].join("\n");
}

/** Of many the first, as an example. What is to be pasted stands at the margin, each key once. */
function renderGateways({ dir, tlsHost, gateways }: EnrolResult): readonly string[] {
  const [first] = gateways;
  if (first === undefined) return [];
  const head =
    gateways.length === 1
      ? `${first.id}: ${first.dir}: copy it to the gateway, whose gateway.id is ${first.id} and whose configuration has`
      : `${gateways.length} gateways: ${dir}/gateways: copy each to its gateway; the configuration of ${first.id} has`;
  const url = tlsHost === null ? "" : `url: ${renderYamlText(`mqtts://${tlsHost}:8883`)}, `;
  return [
    head,
    "",
    `mqtt: { ${url}${renderLogin(first)} }`,
    `uplink: { ackKeyFile: ${renderYamlText(first.ackKeyFile)} } # only its own collector can say "stored"`,
    "",
    `  with the paths of the copies${tlsHost === null ? ", and under mqtt the broker's url if that is not mqtt://127.0.0.1:1883" : ""}`,
    ...first.devices.map((device) => `  mqtt: { ${renderLogin(device)} } in its device ${device.user}`),
  ];
}

function renderReaders({ dir, readers, brokerDir }: EnrolResult): string {
  const [first] = readers;
  const which =
    readers.length === 1 ? `${first?.id}: ${first?.dir}` : `${readers.length} readers: ${dir}/readers`;
  const example = first === undefined ? "" : `  mqtt: { ${renderLogin(first)} }\n`;
  return `${which}: to log in with, and read\n${example}${brokerDir}: for the broker; let it read its files again\n`;
}

function parseFilter(text: string): string {
  // A line of an access list, and a text in quotes.
  if (/^[^\s"\\$][^"\\\n\r]{0,511}$/.test(text) && isTopicFilter(text)) return text;
  throw new InvalidArgumentError(
    "A topic filter without quotes and backslashes, with + or # between slashes, and # at the end alone.",
  );
}

function parseBase(text: string): string {
  if (/^[^\s/+#"\\$][^\s+#"\\]{0,126}[^\s/+#"\\]$/.test(text)) return text;
  throw new InvalidArgumentError("A topic prefix without +, #, quotes and spaces.");
}
