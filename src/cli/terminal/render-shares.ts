/** Shows on a terminal what a score was made of: one signed bar a group, the largest first. */
import type { Explanation } from "../../core/contract/prediction.ts";

const barCells = 24;

/** `baseValue` and the shares sum to `score`. */
interface ExplainedScore extends Pick<Explanation, "baseValue" | "bundleBaseValue" | "groups"> {
  readonly score: number;
}

/** The bars and the sum that they make, in `unit`, as lines without indentation; `color` adds ANSI colours. */
export function renderShares(
  { baseValue, bundleBaseValue, score, groups: shares }: ExplainedScore,
  color: boolean,
  unit = "log-odds",
): string[] {
  const paint = (code: number, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const groups = [...shares].sort((one, other) => Math.abs(other.share) - Math.abs(one.share));
  const widest = Math.max(...groups.map((group) => group.name.length), 4);
  const largest = Math.max(...groups.map((group) => Math.abs(group.share)), 1e-9);
  const lines = groups.map((group, index) => {
    const bar = "█".repeat(Math.round((Math.abs(group.share) / largest) * barCells));
    const lead = index === 0 ? "because " : "        ";
    const share = formatSigned(group.share).padStart(6);
    return `${lead}${group.name.padEnd(widest)} ${share} ${paint(group.share < 0 ? 34 : 31, bar)}`;
  });
  const own = formatSigned(baseValue);
  const base =
    bundleBaseValue === undefined
      ? own
      : `${own} of this machine when healthy (${formatSigned(bundleBaseValue)} of the bundle's background)`;
  lines.push(`        base ${base} and these make the score ${formatSigned(score)} (${unit})`);
  return lines;
}

function formatSigned(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(2)}`;
}
