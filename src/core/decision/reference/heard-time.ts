/** How long a machine has been heard: pauses in which it stood, or a clock that jumped, hardly count. Reads no clock. */
import { z } from "zod";
import { hourMs } from "../../maths/durations.ts";

/** Two windows that follow each other are taken to lie no further apart, ms. */
const longestStepMs = 6 * hourMs;

/** Time of data so far; plain data that can be stored. */
export interface HeardTime {
  readonly spanMs: number;
  /** Begin of the last window, epoch ms; null: none yet. */
  readonly lastMs: number | null;
}

/** Nothing was heard. */
export const nothingHeard: HeardTime = { spanMs: 0, lastMs: null };

/** One window further, which began at `fromMs`. */
export function hearOn({ spanMs, lastMs }: HeardTime, fromMs: number): HeardTime {
  const step = lastMs === null ? 0 : Math.min(longestStepMs, Math.max(0, fromMs - lastMs));
  return { spanMs: spanMs + step, lastMs: fromMs };
}

/** That of windows which began at these times. */
export function hearAll(begins: readonly number[]): HeardTime {
  return begins.reduce(hearOn, nothingHeard);
}

/** Validator of {@link HeardTime}: a snapshot comes from a disk. */
export const heardTimeSchema: z.ZodType<HeardTime> = z.strictObject({
  spanMs: z.number().min(0),
  lastMs: z.number().nullable(),
});
