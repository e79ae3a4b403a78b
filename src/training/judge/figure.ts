/**
 * A figure and how sure it is: Wilson's interval of a share, the exact one of Clopper and Pearson, and intervals by
 * resampling whole units (a bearing, not its windows: those of one bearing are nearly equal and would make any interval look
 * narrow; percentile bootstrap, stratified, seeded, Efron & Tibshirani 1993, chapter 13).
 */
import { createRandom } from "../../core/maths/random.ts";
import { computeQuantile } from "../../core/maths/robust.ts";
import { findBetaQuantile } from "../../core/maths/student-t.ts";
import type { Multiplicities, ScoredSignal, Statistic } from "./scored-set.ts";

/** A figure with its 95 percent interval; null where it has none. */
export interface Figure {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** `0.951 (0.912 to 0.987)`. */
export function formatFigure(figure: Figure, digits = 3): string {
  const { value, low, high } = figure;
  if (low === null || high === null) return value.toFixed(digits);
  return `${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** A share with Wilson's 95 percent score interval (Wilson 1927); NaN without a case. */
export function computeShare(right: number, of: number): Figure {
  if (of === 0) return { value: Number.NaN, low: null, high: null };
  const z = 1.959964;
  const share = right / of;
  const denominator = 1 + (z * z) / of;
  const centre = (share + (z * z) / (2 * of)) / denominator;
  const half = (z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))) / denominator;
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * A share of cases that come from `units` independent things, those of one alike: Wilson's interval of as many cases as there
 * are units.
 */
export function computeUnitShare(right: number, of: number, units: number): Figure {
  return { ...computeShare((right / of) * units, units), value: right / of };
}

/** The exact bounds (Clopper & Pearson 1934) of the probability behind `successes` of `trials`, with at least `confidence` coverage. */
export function binomialInterval(
  successes: number,
  trials: number,
  confidence: number,
): { readonly low: number; readonly high: number } {
  const tail = (1 - confidence) / 2;
  return {
    low: successes === 0 ? 0 : findBetaQuantile(tail, successes, trials - successes + 1),
    high: successes === trials ? 1 : findBetaQuantile(1 - tail, successes + 1, trials - successes),
  };
}

const bootstrapReplicates = 1000;

/** Samples to compute statistics on; shared by all models, so that differences are paired. */
export interface Resamples {
  /** Signals of one sample. */
  readonly signals: number;
  readonly replicates: readonly Multiplicities[];
}

/** Draws resamples of the units of `signals`. */
export function drawResamples(
  signals: readonly ScoredSignal[],
  seed: number,
  replicates: number = bootstrapReplicates,
): Resamples {
  const random = createRandom(seed);
  const strata = new Map<string, string[]>();
  for (const { stratum, unit } of signals) {
    const units = strata.get(stratum) ?? [];
    if (!units.includes(unit)) units.push(unit);
    strata.set(stratum, units);
  }
  return {
    signals: signals.length,
    replicates: Array.from({ length: replicates }, () => {
      const count = new Map<string, number>();
      for (const [stratum, units] of strata) {
        for (let draw = 0; draw < units.length; draw++) {
          const key = `${stratum}\n${units[random.integer(units.length)]!}`;
          count.set(key, (count.get(key) ?? 0) + 1);
        }
      }
      return Float64Array.from(signals, ({ stratum, unit }) => count.get(`${stratum}\n${unit}`) ?? 0);
    }),
  };
}

/**
 * The statistic on the sample itself, and its central 95 percent over the resamples in which it is defined; without an interval where
 * every stratum is a single unit, so that nothing is drawn: that says nothing of units that nobody has seen.
 */
export function computeFigure(statistic: Statistic, resamples: Resamples): Figure {
  const value = statistic(new Float64Array(resamples.signals).fill(1));
  const isDrawn = resamples.replicates.some((counts) => counts.some((count) => count !== 1));
  if (!isDrawn) return { value, low: null, high: null };
  const values = resamples.replicates.map(statistic).filter(Number.isFinite);
  if (values.length < resamples.replicates.length / 2) return { value, low: null, high: null };
  return { value, low: computeQuantile(values, 0.025), high: computeQuantile(values, 0.975) };
}
