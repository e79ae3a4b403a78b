/**
 * How far two distributions lie from each other, from counts in the same bins. Sizes of a change, no tests: what is usual
 * from day to day is known elsewhere. The population stability index is in `bins.ts`.
 */

/** Counts of one column, its mean, and its smallest and largest value: a sketch of a day, or the reference's own. */
export interface BinnedSample {
  readonly counts: ArrayLike<number>;
  /** Null: not known. */
  readonly mean: number | null;
  readonly min: number;
  readonly max: number;
}

/** Largest difference of the two distribution functions at the edges of the bins (Kolmogorov, Smirnov), 0 to 1; 0 where a side is empty. */
export function computeKs(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const perP = shareOfOne(p);
  const perQ = shareOfOne(q);
  if (perP === 0 || perQ === 0) return 0;
  let difference = 0;
  let largest = 0;
  for (let bin = 0; bin + 1 < p.length; bin++) {
    difference += p[bin]! * perP - q[bin]! * perQ;
    largest = Math.max(largest, Math.abs(difference));
  }
  return largest;
}

/**
 * Jensen–Shannon distance, √JSD with natural logarithms (Endres, Schindelin, 2003): 0 to √ln 2, a metric, finite where bins are
 * empty. 0 where a side is empty altogether.
 */
export function computeJensenShannon(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const perP = shareOfOne(p);
  const perQ = shareOfOne(q);
  if (perP === 0 || perQ === 0) return 0;
  let sum = 0;
  for (let bin = 0; bin < p.length; bin++) {
    const a = p[bin]! * perP;
    const b = q[bin]! * perQ;
    if (a > 0) sum += a * Math.log((2 * a) / (a + b));
    if (b > 0) sum += b * Math.log((2 * b) / (a + b));
  }
  return Math.sqrt(Math.max(0, sum / 2));
}

/**
 * Wasserstein-1, the area between the two distribution functions, in the column's unit. Within a bin values are taken to
 * lie evenly; the open bins end, thinning out, at the sample's own smallest and largest value. Never less than the difference
 * of the means, where both are known: the distance never is (Kantorovich, Rubinstein, 1958): bins tell little of a day that left them all. 0 where
 * a side is empty.
 * @param edges interior edges, one fewer than bins, strictly increasing
 */
export function computeWasserstein(edges: ArrayLike<number>, p: BinnedSample, q: BinnedSample): number {
  if (shareOfOne(p.counts) === 0 || shareOfOne(q.counts) === 0) return 0;
  const ofP = traceDistribution(edges, p);
  const ofQ = traceDistribution(edges, q);
  const knots = Float64Array.from(new Set([...ofP.at, ...ofQ.at])).sort();
  let area = 0;
  for (let index = 0; index + 1 < knots.length; index++) {
    const from = knots[index]!;
    const to = knots[index + 1]!;
    // Distribution functions step where a bin holds one value only, so each stretch is read from its inside.
    const left = readAfter(ofP, from) - readAfter(ofQ, from);
    const right = readBefore(ofP, to) - readBefore(ofQ, to);
    area += (to - from) * meanMagnitude(left, right);
  }
  return p.mean === null || q.mean === null ? area : Math.max(area, Math.abs(p.mean - q.mean));
}

/** A distribution function through the points (at, share), straight between them; two points at one place are a step. */
interface DistributionTrace {
  readonly at: readonly number[];
  readonly share: readonly number[];
}

/**
 * Bins in which nothing lies are flat; a bin that is cut to no width is a step. The n values of an open bin thin out towards its
 * end, where the largest of them lies: by half each width / log2(n), as a tail that falls off exponentially does.
 */
function traceDistribution(edges: ArrayLike<number>, sample: BinnedSample): DistributionTrace {
  const { counts, min, max } = sample;
  const perValue = shareOfOne(counts);
  const at: number[] = [];
  const share: number[] = [];
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin]!;
    if (count === 0) continue;
    const from = Math.max(min, bin === 0 ? min : edges[bin - 1]!);
    const to = Math.max(from, Math.min(max, bin === edges.length ? max : edges[bin]!));
    const halvings = bin > 0 && bin < edges.length ? 0 : Math.floor(Math.log2(count));
    at.push(from);
    share.push(below);
    for (let k = 1; k <= halvings; k++) {
      // The lower tail thins out downwards.
      const step = bin === 0 ? halvings + 1 - k : k;
      const part = step / Math.log2(count);
      at.push(bin === 0 ? to - (to - from) * part : from + (to - from) * part);
      share.push(below + count * perValue * (bin === 0 ? 2 ** -step : 1 - 2 ** -step));
    }
    at.push(to);
    share.push(below + count * perValue);
    below += count * perValue;
  }
  return { at, share };
}

/** Value just right of `x`. */
function readAfter({ at, share }: DistributionTrace, x: number): number {
  let next = 0;
  while (next < at.length && at[next]! <= x) next++;
  return readBetween({ at, share }, { next, x });
}

/** Value just left of `x`. */
function readBefore({ at, share }: DistributionTrace, x: number): number {
  let next = 0;
  while (next < at.length && at[next]! < x) next++;
  return readBetween({ at, share }, { next, x });
}

function readBetween({ at, share }: DistributionTrace, place: { next: number; x: number }): number {
  const { next, x } = place;
  if (next === 0) return 0;
  if (next === at.length) return 1;
  const from = at[next - 1]!;
  const part = (x - from) / (at[next]! - from);
  return share[next - 1]! + part * (share[next]! - share[next - 1]!);
}

/** Mean of |y| over a straight line from `left` to `right`. */
function meanMagnitude(left: number, right: number): number {
  const [a, b] = [Math.abs(left), Math.abs(right)];
  if (left * right >= 0) return (a + b) / 2;
  return (a * a + b * b) / (2 * (a + b));
}

/** 1 / the sum of the counts; 0 where it is empty. Shares of any sum may be given too. */
function shareOfOne(counts: ArrayLike<number>): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin]!;
  return total > 0 ? 1 / total : 0;
}
