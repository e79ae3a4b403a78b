/**
 * The background of explanations on one machine: its own healthy windows, once they are learnt, instead of the bundle's.
 * An explanation then says what has changed since, and not in what this machine differs from a rig. The rows are windows
 * themselves: such a background stays where it was made.
 */
import type { ExplanationBackground } from "./background.ts";

/** Rows of the bundle's own background at most; so many explain within the same time. */
export const maxSiteRows = 32;

/** More rows are thinned evenly: every distance of two is looked at. */
const maxCandidates = 512;

/**
 * Chooses up to {@link maxSiteRows} of `rows` (standardised, in order of time) as medoids, each with the share of the rows
 * that it is nearest to: the greedy first half of partitioning around medoids (Kaufman & Rousseeuw 1990, BUILD). The same
 * rows give the same background. Null of no rows. Throws RangeError when they are not of one length.
 */
export function createSiteBackground(rows: readonly Float32Array[]): ExplanationBackground | null {
  const features = rows[0]?.length ?? 0;
  const usable = rows.filter((row) => row.every(Number.isFinite));
  if (usable.length === 0 || features === 0) return null;
  if (rows.some((row) => row.length !== features)) throw new RangeError("healthy rows are not of one length");
  const candidates = thin(usable);
  const distances = computeDistances(candidates);
  const medoids = chooseMedoids(distances, Math.min(maxSiteRows, candidates.length));
  const weights = new Float64Array(medoids.length);
  for (const from of distances) weights[findNearest(from, medoids)]! += 1 / candidates.length;
  const kept = medoids.map((row, at) => ({ row, weight: weights[at]! })).filter(({ weight }) => weight > 0);
  const values = new Float32Array(kept.length * features);
  for (const [at, { row }] of kept.entries()) values.set(candidates[row]!, at * features);
  return { rows: kept.length, features, values, weights: Float64Array.from(kept, ({ weight }) => weight) };
}

/** Evenly, the first among them. */
function thin(rows: readonly Float32Array[]): readonly Float32Array[] {
  if (rows.length <= maxCandidates) return rows;
  return Array.from(
    { length: maxCandidates },
    (_, index) => rows[Math.floor((index * rows.length) / maxCandidates)]!,
  );
}

/** Euclidean: the distances of each row to all. */
function computeDistances(rows: readonly Float32Array[]): Float64Array[] {
  return rows.map((one) =>
    Float64Array.from(rows, (other) => {
      let sum = 0;
      for (let index = 0; index < one.length; index++) sum += (one[index]! - other[index]!) ** 2;
      return Math.sqrt(sum);
    }),
  );
}

/** Each medoid lowers the sum of the distances to the nearest most; at a tie the earlier row. Equal rows are one. */
function chooseMedoids(distances: readonly Float64Array[], count: number): number[] {
  const nearest = new Float64Array(distances.length).fill(Number.POSITIVE_INFINITY);
  const medoids: number[] = [];
  while (medoids.length < count) {
    let best = -1;
    let bestSum = Number.POSITIVE_INFINITY;
    for (const [row, from] of distances.entries()) {
      if (nearest[row] === 0) continue;
      let sum = 0;
      for (let index = 0; index < from.length; index++) sum += Math.min(from[index]!, nearest[index]!);
      if (sum < bestSum) {
        bestSum = sum;
        best = row;
      }
    }
    if (best < 0) break;
    medoids.push(best);
    for (const [index, distance] of distances[best]!.entries()) {
      nearest[index] = Math.min(nearest[index]!, distance);
    }
  }
  return medoids;
}

/** Index into `medoids`; at a tie the earlier. */
function findNearest(from: Float64Array, medoids: readonly number[]): number {
  let best = 0;
  for (let at = 1; at < medoids.length; at++) {
    if (from[medoids[at]!]! < from[medoids[best]!]!) best = at;
  }
  return best;
}
