/**
 * A kind of fault that has stood clearly above what the machine's own reference expects in most hours of about a day, and raises no
 * alarm: one that came in one step lies within what a machine may wander to, for all that is known. People are told of it, so that
 * somebody looks. Raises nothing.
 */
import { toWords } from "../contract/to-words.ts";
import { computeMedian } from "../maths/robust.ts";
import { isLikelyAt } from "./choose-alarm.ts";
import type { DeciderParts } from "./heard-parts.ts";
import type { SignalState } from "./signal-watch.ts";

/** What has risen and stays. */
export interface LastingRise {
  readonly failureMode: string;
  /** Above what is expected, in the middle of the day's hours, logits. */
  readonly logits: number;
}

/** Of so many of the last hours in which no evidence gathered … */
const dayHours = 24;
/** … so many lie at least so far above what is expected: four times what most machines wander, logits. */
const mostHours = 18;
const clearRise = 2;

/**
 * The kind that stands highest of those that rose and stay; null: none does, an alarm stands, or no day is known. By now its level must be
 * likelier than not by the model's own calibration: many a healthy machine wanders far below that.
 */
export function findLastingRise(
  signals: ReadonlyMap<string, SignalState>,
  { outputs, calibration }: Pick<DeciderParts, "outputs" | "calibration">,
): LastingRise | null {
  for (const { held } of signals.values()) if (held !== null) return null;
  let highest: LastingRise | null = null;
  for (const [at, { failureMode }] of outputs.entries()) {
    const signal = signals.get(failureMode);
    // Of most points this is all that is asked.
    if (signal === undefined || !isLikelyAt(signal.fast.level, calibration[at]!)) continue;
    const hours = (signal.slow.recent?.means ?? []).slice(-dayHours);
    if (hours.length < dayHours || hours.filter((mean) => mean >= clearRise).length < mostHours) continue;
    const logits = computeMedian(hours);
    if (highest === null || logits > highest.logits) highest = { failureMode, logits };
  }
  return highest;
}

/** The same for people, without a full stop. */
export function describeRise({ failureMode, logits }: LastingRise): string {
  return `${toWords(failureMode)} has stood ${logits.toFixed(1)} above its own reference in most hours of about a day and is likelier than not, which raises no alarm since a machine may wander so far: look at it when you are there`;
}
