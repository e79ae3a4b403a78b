/**
 * The score without a learnt parameter, which every model must beat: the mean log signal-to-noise ratio of the first
 * harmonics of a hypothesis' own fault order, less the larger of the other hypotheses'.
 */
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { Hypothesis } from "../bearing-config.ts";

/** Harmonics that the score takes the mean of. */
const harmonics = [1, 2, 3] as const;

/** Columns of the features `<prefix>h1` to `h3` of every hypothesis; null where the spec has no such features. */
export function findPhysicsColumns(
  spec: FeatureSpec,
  hypotheses: readonly Hypothesis[],
): readonly (readonly number[])[] | null {
  const names = spec.list.map((feature) => feature.name);
  const columns = hypotheses.map(({ featurePrefix }) =>
    harmonics.map((harmonic) => names.indexOf(`${featurePrefix}h${harmonic}`)),
  );
  return columns.flat().includes(-1) || hypotheses.length < 2 ? null : columns;
}

/** Scores [rows × hypotheses] of rows [rows × features] that are not standardised. */
export function computePhysicsScores(
  features: Float32Array,
  rows: number,
  columns: readonly (readonly number[])[],
): Float32Array {
  const width = features.length / rows;
  const out = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    const means = columns.map(
      (own) => own.reduce((sum, column) => sum + features[row * width + column]!, 0) / own.length,
    );
    for (const [index, mean] of means.entries()) {
      out[row * columns.length + index] = mean - Math.max(...means.filter((_, other) => other !== index));
    }
  }
  return out;
}
