/**
 * Intervals by resampling whole units (a bearing, not its windows: those of one bearing are nearly equal and would make
 * any interval look narrow). Percentile bootstrap, stratified, seeded (Efron & Tibshirani 1993, chapter 13).
 */
import { createRandom } from "../../core/maths/random.ts";
import { computeQuantile } from "../../core/maths/robust.ts";
import type { Figure } from "./figure.ts";
import type { Multiplicities, ScoredSignal, Statistic } from "./scored-set.ts";

/** Replicates of an interval. */
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

/** The statistic on the sample itself, and its central 95 percent over the resamples in which it is defined. */
export function computeFigure(statistic: Statistic, resamples: Resamples): Figure {
  const value = statistic(new Float64Array(resamples.signals).fill(1));
  const values = resamples.replicates.map(statistic).filter(Number.isFinite);
  if (values.length < resamples.replicates.length / 2) return { value, low: null, high: null };
  return { value, low: computeQuantile(values, 0.025), high: computeQuantile(values, 0.975) };
}
