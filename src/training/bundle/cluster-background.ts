/**
 * The background of explanations: centres of k-means clusters with their shares, so that no row of anyone's data
 * leaves training. Seeded (k-means++, Arthur & Vassilvitskii 2007), then Lloyd's iterations until nothing moves.
 */
import type { Random } from "../../core/maths/random.ts";

export interface Background {
  readonly rows: number;
  readonly features: number;
  /** [rows × features], standardised. */
  readonly values: Float32Array;
  /** Share of the training rows in each cluster; sums to 1. */
  readonly weights: Float64Array;
}

/** Fewest rows that a cluster may stand for; smaller ones are dropped, since their centre would be (nearly) a row. */
export const minClusterRows = 3;

/** Clusters `values` [rows × features] into at most `count` centres of at least {@link minClusterRows} rows each. */
export function clusterBackground(
  { values, rows }: { readonly values: Float32Array; readonly rows: number },
  count: number,
  random: Random,
): Background {
  const features = values.length / rows;
  const centres = new Float64Array(count * features);
  const nearest = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
  const distance = (row: number, centre: number): number => {
    let sum = 0;
    for (let index = 0; index < features; index++) {
      sum += (values[row * features + index]! - centres[centre * features + index]!) ** 2;
    }
    return sum;
  };
  let chosen = random.integer(rows);
  for (let centre = 0; centre < count; centre++) {
    for (let index = 0; index < features; index++) {
      centres[centre * features + index] = values[chosen * features + index]!;
    }
    let total = 0;
    for (let row = 0; row < rows; row++) {
      nearest[row] = Math.min(nearest[row]!, distance(row, centre));
      total += nearest[row]!;
    }
    let left = random.uniform() * total;
    chosen = 0;
    while (chosen < rows - 1 && left >= nearest[chosen]!) left -= nearest[chosen++]!;
  }
  const assigned = new Int32Array(rows).fill(-1);
  const sizes = new Int32Array(count);
  for (let iteration = 0; iteration < 100; iteration++) {
    let moved = false;
    for (let row = 0; row < rows; row++) {
      let best = 0;
      let bestDistance = Number.POSITIVE_INFINITY;
      for (let centre = 0; centre < count; centre++) {
        const each = distance(row, centre);
        if (each < bestDistance) {
          bestDistance = each;
          best = centre;
        }
      }
      if (assigned[row] !== best) moved = true;
      assigned[row] = best;
    }
    sizes.fill(0);
    centres.fill(0);
    for (let row = 0; row < rows; row++) {
      const centre = assigned[row]!;
      sizes[centre]!++;
      for (let index = 0; index < features; index++) {
        centres[centre * features + index]! += values[row * features + index]!;
      }
    }
    for (let centre = 0; centre < count; centre++) {
      // An empty cluster stays at the origin, out of the way: it is dropped below unless rows move to it.
      for (let index = 0; index < features; index++) {
        centres[centre * features + index]! /= Math.max(1, sizes[centre]!);
      }
    }
    if (!moved) break;
  }
  const kept = Array.from({ length: count }, (_, centre) => centre).filter(
    (centre) => sizes[centre]! >= minClusterRows,
  );
  const keptRows = kept.reduce((sum, centre) => sum + sizes[centre]!, 0);
  const out = new Float32Array(kept.length * features);
  for (const [to, centre] of kept.entries()) {
    for (let index = 0; index < features; index++) {
      out[to * features + index] = centres[centre * features + index]!;
    }
  }
  return {
    rows: kept.length,
    features,
    values: out,
    weights: Float64Array.from(kept, (centre) => sizes[centre]! / keptRows),
  };
}
