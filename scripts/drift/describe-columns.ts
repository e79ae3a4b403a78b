/** Columns of a drift task from what each of them held: bins of its quantiles, and no thresholds, which are a day's test's own. */

import { fitBinEdges } from "../../src/core/drift/bins.ts";
import type { FeatureReference } from "../../src/core/drift/drift-reference.ts";

/** One column, of 16 bins. */
export function describeColumn(name: string, values: readonly number[]): FeatureReference {
  return {
    name,
    edges: fitBinEdges(values, 16),
    counts: [],
    mean: 0,
    sumSquares: 0,
    min: 0,
    max: 0,
    warningPsi: [],
    driftPsi: [],
  };
}
