/** Shows one alert on a terminal: what, how sure, since when, and the sensor groups that caused it. */
import type { AlertEvent } from "../../contract/alert.ts";

const barCells = 24;

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
    `          since ${clock(data.since)} UTC, window ${data.window.id}`,
    `          model ${data.model.name} ${data.model.version} (${data.model.digest.slice(0, 12)})`,
  ];
  const groups = [...data.explanation.groups].sort(
    (one, other) => Math.abs(other.share) - Math.abs(one.share),
  );
  const widest = Math.max(...groups.map((group) => group.name.length), 4);
  const largest = Math.max(...groups.map((group) => Math.abs(group.share)), 1e-9);
  for (const [index, group] of groups.entries()) {
    const bar = "█".repeat(Math.round((Math.abs(group.share) / largest) * barCells));
    const share = formatSigned(group.share);
    const lead = index === 0 ? "because " : "        ";
    lines.push(
      `          ${lead}${group.name.padEnd(widest)} ${share.padStart(6)} ${paint(group.share < 0 ? 34 : 31, bar)}`,
    );
  }
  const { baseValue } = data.explanation;
  lines.push(
    `                  base ${formatSigned(baseValue)} and these make the score ${formatSigned(data.score)} (log-odds)`,
  );
  return `${lines.join("\n")}\n`;
}

function formatSigned(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(2)}`;
}

function clock(time: string): string {
  return time.slice(11, 19);
}
