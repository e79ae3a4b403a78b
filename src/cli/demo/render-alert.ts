/** Shows one alert on a terminal: what, how sure, since when, and the sensor groups that caused it. */
import { type AlertEvent, describeOutlook } from "../../core/contract/alert.ts";
import { renderShares } from "../terminal/render-shares.ts";

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
  for (const line of renderShares(data.explanation, data.score, color)) lines.push(`          ${line}`);
  return `${lines.join("\n")}\n`;
}

function clock(time: string): string {
  return time.slice(11, 19);
}
