/**
 * A second look at a window for the question whether there is any fault: the same student, told that all side bands are
 * average. Where side bands stand is a matter of the machine more than lines are: on invented rigs healthy machines are
 * told from faulty ones better with both looks than with the student's first alone (src/adr/0022). Not for kinds of faults.
 */
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";

/** Copies features with side bands at the training's mean; null where the bundle has none. */
export type SideBandRemover = (features: Float32Array) => Float32Array;

/** Creates the copier of a bundle's features. */
export function createSideBandRemover({ features, scaler }: Manifest): SideBandRemover | null {
  const columns = features.list.flatMap(({ operator }, index) =>
    operator === "side-band-log-snr" ? [index] : [],
  );
  if (columns.length === 0) return null;
  return (row) => {
    const copy = row.slice();
    for (const column of columns) copy[column] = scaler.mean[column]!;
    return copy;
  };
}
