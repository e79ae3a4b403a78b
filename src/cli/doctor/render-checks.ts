/** The lines of `aurora doctor`. */
import { printableLine } from "../../core/platform/printable.ts";
import type { CheckVerdict } from "./check-result.ts";
import type { GroupedResult } from "./run-checks.ts";

const marks: Readonly<Record<CheckVerdict, string>> = { good: "√", warning: "‼", bad: "×", skipped: "-" };
const colours: Readonly<Record<CheckVerdict, number>> = { good: 32, warning: 33, bad: 31, skipped: 90 };

/** `√ broker: logged in`, and below it what to do. */
export function renderCheck(
  { verdict, name, text, advice }: GroupedResult,
  colour: "colour" | "plain",
): string {
  const mark = colour === "colour" ? `\u001b[${colours[verdict]}m${marks[verdict]}\u001b[0m` : marks[verdict];
  const lines = [`${name}: ${text}`, ...(advice === null ? [] : [`    ${advice}`])];
  return `${mark} ${lines.map((line) => `${printableLine(line)}\n`).join("")}`;
}

/** `12 good, 1 warning, 2 wrong, 1 not checked`. */
export function renderTotal(results: readonly GroupedResult[]): string {
  const count = (verdict: CheckVerdict): number =>
    results.filter((result) => result.verdict === verdict).length;
  const warnings = count("warning");
  return `${count("good")} good, ${warnings} warning${warnings === 1 ? "" : "s"}, ${count("bad")} wrong, ${count("skipped")} not checked\n`;
}
