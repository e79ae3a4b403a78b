/** Could the share of engines that an interval holds have come by chance? Words and bounds, never an excuse for a check. */
import { binomialInterval } from "../../judge/binomial-interval.ts";
import type { LifeConfig } from "./life-config.ts";
import type { LifeFigures } from "./life-metrics.ts";

/** What the count of engines allows one to say of the interval's true share. */
export interface CoverageChance {
  /** Engines whose truth the interval holds. */
  readonly held: number;
  readonly engines: number;
  /** Exact 95 percent interval of the true share (Clopper & Pearson 1934). */
  readonly low: number;
  readonly high: number;
  /** Is the promised share within it? */
  readonly compatible: boolean;
}

/** Of engines that count once each. */
export function computeCoverageChance({ coverage, engines }: LifeFigures, promised: number): CoverageChance {
  const held = Math.round(coverage.value * engines);
  const { low, high } = binomialInterval(held, engines, 0.95);
  return { held, engines, low, high, compatible: low <= promised && promised <= high };
}

/** In a sentence. */
export function sayCoverageChance(figures: LifeFigures, { interval, requirements }: LifeConfig): string {
  const { held, engines, low, high, compatible } = computeCoverageChance(figures, interval.coverage);
  const asked = Math.abs(held / engines - interval.coverage) <= requirements.maxCoverageError + 1e-9;
  return `The interval holds ${held} of ${engines} test engines: ${asked ? "within" : "**outside**"} the ± ${(100 * requirements.maxCoverageError).toFixed(0)} points that are asked for; so many engines tell its true share no better than ${low.toFixed(3)} to ${high.toFixed(3)} (exact binomial, 95 %), which ${compatible ? "allows" : "does not allow"} for ${interval.coverage}.`;
}
