/**
 * The part of a manifest that a bundle for the task `remaining-life` has: how the student's output becomes a number of
 * steps that are left, and how sure that number is.
 */
import { z } from "zod";

/** How far the truth lay from predictions near `predicted`, out of fold, on whole machines that were not learnt from. */
export interface LifeIntervalKnot {
  /** A prediction, in steps. */
  readonly predicted: number;
  /** Ends of the interval less the prediction, in steps; low ≤ 0 ≤ high is usual but not promised. */
  readonly low: number;
  readonly high: number;
}

/** How to read the student's output. */
export interface RemainingLifeSpec {
  /** What a step is, in words for people: `cycle`. */
  readonly unit: string;
  /** The most that is ever predicted, in steps; the output is a share of it. A prediction here means "this or more". */
  readonly capSteps: number;
  /** Steps of history before which nothing is said. */
  readonly minHistorySteps: number;
  /** Share of machines whose truth (capped) the interval is made to hold. */
  readonly coverage: number;
  /** In order of `predicted`; between two knots the ends are interpolated, beyond the outer ones they stay. */
  readonly interval: readonly LifeIntervalKnot[];
}

const steps = z.number().min(-1e6).max(1e6);

/** Validator of {@link RemainingLifeSpec}. */
export const remainingLifeSchema: z.ZodType<RemainingLifeSpec> = z
  .strictObject({
    unit: z.string().min(1).max(32),
    capSteps: z.number().positive().max(1e6),
    minHistorySteps: z.int().min(1).max(1_000_000),
    coverage: z.number().positive().lt(1),
    interval: z
      .array(z.strictObject({ predicted: steps, low: steps, high: steps }))
      .min(1)
      .max(64),
  })
  .superRefine(({ interval }, context) => {
    for (const [index, knot] of interval.entries()) {
      if (knot.low > knot.high) {
        context.addIssue({ code: "custom", path: ["interval", index], message: "low is above high" });
      }
      if (index > 0 && knot.predicted <= interval[index - 1]!.predicted) {
        context.addIssue({
          code: "custom",
          path: ["interval", index, "predicted"],
          message: "knots must ascend",
        });
      }
    }
  });
