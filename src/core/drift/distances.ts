/**
 * Distances between two histograms over the same bins. All take shares (they sum to 1) and return 0 for equal ones;
 * none takes raw rows.
 */

/**
 * Shares of counts in which no bin is empty: an empty one counts half a value, so that logarithms stay finite and one
 * stray value in a bin never seen before does not outweigh everything else. The shares sum to 1 or slightly more.
 */
export function computeShares(counts: ArrayLike<number>): number[] {
  let total = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index]!;
  const divisor = total === 0 ? 1 : total;
  return Array.from(counts, (count) => Math.max(count, 0.5) / divisor);
}

/** Population stability index Σ (q − p)·ln(q / p), the symmetric Kullback–Leibler divergence (Jeffreys, 1946). */
export function computePsi(p: ArrayLike<number>, q: ArrayLike<number>): number {
  return sumTerms(p, q, (a, b) => (a === b ? 0 : (b - a) * Math.log(b / a)));
}

/** Kullback–Leibler divergence Σ p·ln(p / q) in nats; infinite when q is 0 where p is not. */
export function computeKullbackLeibler(p: ArrayLike<number>, q: ArrayLike<number>): number {
  return sumTerms(p, q, (a, b) => (a === 0 ? 0 : a * Math.log(a / b)));
}

/** Jensen–Shannon distance, the root of the divergence in bits (base-2 logarithm), 0 to 1 (Endres, Schindelin, 2003). */
export function computeJensenShannon(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const half = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log2((2 * a) / (a + b)));
  return Math.sqrt(
    Math.max(
      0,
      sumTerms(p, q, (a, b) => 0.5 * (half(a, b) + half(b, a))),
    ),
  );
}

/** Hellinger distance, 0 to 1. */
export function computeHellinger(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const squares = sumTerms(p, q, (a, b) => (Math.sqrt(a) - Math.sqrt(b)) ** 2);
  return Math.sqrt(squares / 2);
}

/** Total variation distance, half of Σ |p − q|, 0 to 1. */
export function computeTotalVariation(p: ArrayLike<number>, q: ArrayLike<number>): number {
  return sumTerms(p, q, (a, b) => Math.abs(a - b)) / 2;
}

/** Largest difference of one share, 0 to 1. */
export function computeChebyshev(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 0; index < p.length; index++) {
    largest = Math.max(largest, Math.abs(p[index]! - q[index]!));
  }
  return largest;
}

/**
 * First Wasserstein distance between histograms whose bins stand at `positions` (increasing, in the feature's unit):
 * ∫ |P − Q| between neighbouring positions (Vallender, 1974). In the feature's unit.
 */
export function computeWasserstein(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  positions: ArrayLike<number>,
): number {
  let difference = 0;
  let distance = 0;
  for (let index = 0; index + 1 < positions.length; index++) {
    difference += p[index]! - q[index]!;
    distance += Math.abs(difference) * (positions[index + 1]! - positions[index]!);
  }
  return distance;
}

function sumTerms(
  p: ArrayLike<number>,
  q: ArrayLike<number>,
  term: (a: number, b: number) => number,
): number {
  let sum = 0;
  for (let index = 0; index < p.length; index++) sum += term(p[index]!, q[index]!);
  return sum;
}
