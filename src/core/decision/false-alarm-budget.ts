/**
 * The budget of false alarms, split: over the measuring points of a turbine, the failure modes of a point and the two
 * lanes. What a lane gets it turns into the height that its evidence must reach.
 */
import { findOrMake } from "../maths/find-or-make.ts";
import { findUpperDeviate } from "./normal-score.ts";

/** Share of the budget for faults that grow in minutes; the rest is the slow lane's. */
const fastShare = 0.2;
/** Windows and blocks of a year of operation without a pause: the most that there can be. */
const windowsPerYear = 3e7;
const blocksPerYear = 8766;
/** An hour is held against all, and the one that shares a half with each of its neighbours: half as many looks more. */
const looksPerBlock = 1.5;

/** How much evidence of one failure mode raises an alarm. */
export interface EvidenceHeights {
  /** In deviations of a window, above an allowance of {@link fastAllowance}. */
  readonly fast: number;
  /** In deviations of a block, above an allowance of {@link slowAllowance}. */
  readonly slow: number;
}

/** Deviations of a window beyond the plausible level that are still taken for healthy. */
export const fastAllowance = 1.25;
/** Deviations of a block's mean that are still taken for healthy, however long they last. */
export const slowAllowance = 3;
/**
 * A sum of evidence before there is any: 0 as a double, not as the small integer that a literal would be. A state whose sum
 * begins as an integer takes another shape with its first evidence, and V8 compiles all that reads states anew.
 */
export const noEvidence: number = new Float64Array(1)[0]!;
/** The lowest heights, for budgets that would let single windows and blocks raise. */
const leastFast = 3;
const leastSlow = 0.5;

/** By budget and number of signals: of a thousand points most are alike in both. */
const heights = new Map<string, EvidenceHeights>();

/**
 * Heights for a point that may raise `falsePerYear` (> 0) false alarms a year over `signals` failure modes.
 *
 * - Fast: sums of normal steps with mean −k and deviation 1 reach h about once in e^(2kh) steps (Wald 1947).
 * - Slow: one block alone must lie where one in so many does, and half of these for each of its two sums.
 */
export function splitBudget(falsePerYear: number, signals: number): EvidenceHeights {
  return findOrMake(heights, `${falsePerYear}/${signals}`, () => computeHeights(falsePerYear, signals));
}

function computeHeights(falsePerYear: number, signals: number): EvidenceHeights {
  const each = falsePerYear / signals;
  const perWindow = Math.min(0.5, (each * fastShare) / windowsPerYear);
  const perLook = Math.min(0.5, (each * (1 - fastShare)) / 2 / (looksPerBlock * blocksPerYear));
  return {
    fast: Math.max(leastFast, -Math.log(perWindow) / (2 * fastAllowance)),
    slow: Math.max(leastSlow, findUpperDeviate(perLook) - slowAllowance),
  };
}
