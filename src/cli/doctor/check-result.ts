/** What a check of `aurora doctor` found: a line of its own, with what to do about it. Holds no secret. */
import { redactText } from "../../core/platform/redact.ts";

export type CheckVerdict = "good" | "warning" | "bad" | "skipped";

export interface CheckResult {
  readonly verdict: CheckVerdict;
  /** What was looked at, in a word or two. */
  readonly name: string;
  readonly text: string;
  /** What to do; null where there is nothing to be done. */
  readonly advice: string | null;
}

export function good(name: string, text: string): CheckResult {
  return { verdict: "good", name, text: redactText(text), advice: null };
}

/** It works, and will not for long, or not as well as it might. */
export function warning(name: string, text: string, advice: string): CheckResult {
  return { verdict: "warning", name, text: redactText(text), advice: redactText(advice) };
}

export function bad(name: string, text: string, advice: string): CheckResult {
  return { verdict: "bad", name, text: redactText(text), advice: redactText(advice) };
}

/** It could not be looked at, or is not configured. */
export function skipped(name: string, text: string): CheckResult {
  return { verdict: "skipped", name, text: redactText(text), advice: null };
}

/** `1.5 GiB`. */
export function renderBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
