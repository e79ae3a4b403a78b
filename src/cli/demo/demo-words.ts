/** What a demonstration says to whoever watches it. Text in, text out. */
import type { DemoPlan } from "./demo-plan.ts";
import type { DemoWatch } from "./demo-watch.ts";

/** At the start: the seed to play it again by, the model, what each turbine plays. */
export function describePlan(
  options: { readonly seed: number; readonly speed: number },
  plan: DemoPlan,
  model: string,
): string {
  const lines = [
    `aurora demo --seed ${options.seed}   model ${model}, ${options.speed} simulated seconds per second`,
    ...plan.turbines.map((turbine) => `  ${turbine.id}  ${turbine.about}`),
    ...plan.notices.map((notice) => `  note: ${notice}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Once everything runs: where the page is, and the command that shows the alerts. */
export function describePlaces(httpUrl: string, mqttUrl: string, alerts: string, speed: number): string {
  const { hostname, port } = new URL(mqttUrl);
  return [
    "",
    `  page    ${httpUrl}/`,
    `  alerts  mosquitto_sub -h ${hostname} -p ${port} -t '${alerts}'`,
    speed === 1
      ? "  times   UTC"
      : `  times   UTC by the devices' clocks, which run ${speed} times as fast as this machine's`,
    "  stop    Ctrl-C",
    "",
  ].join("\n");
}

/** Why the exit code will not be 0. */
export function describeUnmet(
  verdict: DemoWatch["verdict"],
  expected: DemoPlan["expected"],
  timeoutMs: number,
): string {
  const late = `within ${timeoutMs / 1000} s`;
  if (expected === null) {
    return verdict === "broken"
      ? "\na healthy turbine alerted\n"
      : `\nno alert came ${late}; none was expected\n`;
  }
  const wanted = `an alert of ${expected.turbine} with ${expected.fault}`;
  return verdict === "broken"
    ? `\nexpected ${wanted}, but another turbine alerted\n`
    : `\nexpected ${wanted}, but it did not come ${late} (--timeout)\n`;
}
