/** What a demonstration says to whoever watches it. Text in, text out. */
import { type AlertEvent, describeOutlook } from "../../core/contract/alert.ts";
import { sayCollector } from "../ask/ask-collector.ts";
import { renderEvidence } from "../terminal/render-evidence.ts";
import { renderShares } from "../terminal/render-shares.ts";
import type { DemoPlanOptions } from "./demo-plan.ts";
import type { DemoPlan } from "./demo-turbine.ts";
import type { DemoVerdict } from "./demo-watch.ts";

/** At the start: the seed to play it again by, the model, what each turbine plays. */
export function describePlan(
  options: Pick<DemoPlanOptions, "seed" | "drift"> & { readonly speed: number },
  plan: DemoPlan,
  model: string,
): string {
  const lines = [
    `aurora demo --seed ${options.seed}${options.drift === null ? "" : ` --drift ${options.drift}`}   model ${model}, ${options.speed} simulated seconds per second`,
    ...plan.turbines.map((turbine) => `  ${turbine.id}  ${turbine.about}`),
    ...plan.notices.map((notice) => `  note: ${notice}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Where a running demonstration can be watched. */
interface DemoPlaces {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  readonly alertsTopic: string;
  /** Simulated seconds per second. */
  readonly speed: number;
  /** Whether drift is played, of which the collector can be asked. */
  readonly hasDrift: boolean;
}

/** Once the collector runs: where the page is, and the commands that show the alerts and ask for drift. */
export function describePlaces({ httpUrl, mqttUrl, alertsTopic, speed, hasDrift }: DemoPlaces): string {
  const { hostname, port } = new URL(mqttUrl);
  return [
    "",
    `  page    ${httpUrl}/`,
    `  alerts  mosquitto_sub -h ${hostname} -p ${port} -t '${alertsTopic}'`,
    ...(hasDrift ? [`  drift   aurora drift report${sayCollector(httpUrl)}   (from another terminal)`] : []),
    speed === 1
      ? "  times   UTC"
      : `  times   UTC by the devices' clocks, which run ${speed} times as fast as this machine's`,
    "  stop    Ctrl-C",
    "",
  ].join("\n");
}

/** Why the exit code will not be 0; `until` says how long was waited: {@link describeWait}. */
export function describeUnmet(verdict: DemoVerdict, expected: DemoPlan["expected"], until: string): string {
  if (expected === null) {
    return verdict === "broken"
      ? "\na healthy turbine alerted\n"
      : `\nno alert came ${until}; none was expected\n`;
  }
  const wanted = `an alert of ${expected.turbine} with ${expected.fault}`;
  return verdict === "broken"
    ? `\nexpected ${wanted}, but another alert came\n`
    : `\nexpected ${wanted}, but it did not come ${until}\n`;
}

/** How long a demonstration waited for what it is to show. */
export function describeWait(isStopped: boolean, timeoutMs: number): string {
  return isStopped ? "before it was stopped" : `within ${timeoutMs / 1000} s (--timeout)`;
}

/** Renders `event` as a few lines of text; `color` adds ANSI colours. */
export function renderAlert(event: AlertEvent, color: boolean): string {
  const { data } = event;
  const transition = event.type.split(".")[3] ?? "";
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const lines = [
    [
      clock(event.time),
      paint(transition === "cleared" ? 32 : 31, `ALERT ${transition.toUpperCase()}`),
      paint(1, `${data.turbine} / ${data.component}`),
      `${data.failureMode}`,
      `p = ${data.probability.toFixed(3)} (${data.severity})`,
    ].join("  "),
    `          ${describeOutlook(data)}`,
    `          since ${clock(data.since)} UTC, window ${data.window.id}`,
    `          model ${data.model.name} ${data.model.version} (${data.model.digest.slice(0, 12)})`,
  ];
  for (const line of renderShares({ ...data.explanation, score: data.score }, color))
    lines.push(`          ${line}`);
  if (data.evidence !== undefined) {
    for (const line of renderEvidence(data.evidence)) lines.push(`          ${line}`);
  }
  return `${lines.join("\n")}\n`;
}

function clock(time: string): string {
  return time.slice(11, 19);
}
