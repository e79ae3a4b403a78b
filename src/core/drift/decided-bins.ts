/** What a day's sketches of scores say of a model's decisions: how many windows had about which probability, and which were called faulty. */
import type { Calibration } from "../contract/bundle/manifest.ts";
import type { FeatureSketch } from "../contract/uplink-record.ts";
import { logistic } from "../maths/logistic.ts";
import type { DecidedBin } from "./estimate-performance.ts";

/** One output of a model: how its logit becomes a probability, and where a window counts as faulty. */
interface DecidedOutput {
  /** Of its sketch, interior. */
  readonly edges: readonly number[];
  readonly calibration: Calibration;
  /** Calibrated probability, 0 to 1. */
  readonly raise: number;
}

/** One bin of the sketch becomes one of decisions: its windows are taken to lie in its middle, those of an open bin at its edge and what was heard beyond. */
export function binDecisions(
  sketch: FeatureSketch,
  { edges, calibration, raise }: DecidedOutput,
): DecidedBin[] {
  return sketch.counts.flatMap((cases, bin) => {
    if (cases === 0) return [];
    const low = Math.max(sketch.min, edges[bin - 1] ?? sketch.min);
    const high = Math.max(low, Math.min(sketch.max, edges[bin] ?? sketch.max));
    const logit = calibration.slope * ((low + high) / 2) + calibration.intercept;
    const probability = logistic(logit);
    return [{ probability, cases, called: probability >= raise }];
  });
}
