/**
 * Distances that the product does not need, for comparing with other tools: on samples (with exact p-values for small ones), and
 * on categories. What the product shows of a day is in `src/core/drift/distances.ts`.
 */

/** A statistic and how likely one as large is, were both samples of one distribution. */
export interface TwoSampleTest {
  readonly statistic: number;
  /** Exact where the statement of the function says so. */
  readonly pValue: number;
}

/** Kolmogorov–Smirnov: the largest difference of the two distribution functions; p exact (Hodges, 1958), ties as if there were none. */
export function testKs(a: ArrayLike<number>, b: ArrayLike<number>): TwoSampleTest {
  const x = Float64Array.from(a).sort();
  const y = Float64Array.from(b).sort();
  const [n, m] = [x.length, y.length];
  let [i, j] = [0, 0];
  let largest = 0;
  while (i < n && j < m) {
    const value = Math.min(x[i]!, y[j]!);
    while (i < n && x[i] === value) i++;
    while (j < m && y[j] === value) j++;
    largest = Math.max(largest, Math.abs(i * m - j * n));
  }
  return { statistic: largest / (n * m), pValue: largest === 0 ? 1 : 1 - countInside(n, m, largest) };
}

/** Share of the lattice paths from (0, 0) to (n, m) on which |i·m − j·n| stays below `limit`. */
function countInside(n: number, m: number, limit: number): number {
  // inside[j]: share of the paths to (i, j) that never left the band, among all paths to (i, j).
  const inside = new Float64Array(m + 1);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (Math.abs(i * m - j * n) >= limit) inside[j] = 0;
      else if (i === 0 && j === 0) inside[j] = 1;
      else inside[j] = (i * inside[j]! + (j > 0 ? j * inside[j - 1]! : 0)) / (i + j);
    }
  }
  return inside[m]!;
}

/** Wasserstein-1 of two samples: the area between their distribution functions. */
export function computeSampleWasserstein(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const x = Float64Array.from(a).sort();
  const y = Float64Array.from(b).sort();
  const all = Float64Array.from([...x, ...y]).sort();
  let [i, j] = [0, 0];
  let area = 0;
  for (let index = 0; index + 1 < all.length; index++) {
    const value = all[index]!;
    while (i < x.length && x[i]! <= value) i++;
    while (j < y.length && y[j]! <= value) j++;
    area += (all[index + 1]! - value) * Math.abs(i / x.length - j / y.length);
  }
  return area;
}

/**
 * Cramér–von Mises: Anderson's T (1962) and its exact p by counting all interleavings (Xiao, Gordon, Yakovlev, 2006). For samples
 * without ties and of at most about 40 values together: the count grows with their product.
 */
export function testCramerVonMises(a: ArrayLike<number>, b: ArrayLike<number>): TwoSampleTest {
  const [n, m] = [a.length, b.length];
  const all = Float64Array.from([...Array.from(a), ...Array.from(b)]).sort();
  // The mean of the ranks that a value shares with its equals.
  const rank = (value: number): number => (all.indexOf(value) + all.lastIndexOf(value)) / 2 + 1;
  const sumOf = (sample: ArrayLike<number>): number =>
    Array.from(sample)
      .sort((left, right) => left - right)
      .reduce((sum, value, index) => sum + (rank(value) - index - 1) ** 2, 0);
  const u = n * sumOf(a) + m * sumOf(b);
  const product = n * m;
  const statistic = u / (product * (n + m)) - (4 * product - 1) / (6 * (n + m));
  return { statistic, pValue: countAtLeast(n, m, u) };
}

/** Share of the interleavings whose U is at least `u`; on a path U accumulates as Σ (i·m − j·n)². */
function countAtLeast(n: number, m: number, u: number): number {
  // T = nm/(n+m)² · Σ (F − G)² over all n + m values, and Σ (i·m − j·n)² is that sum times (nm)².
  const product = n * m;
  const statistic = u / (product * (n + m)) - (4 * product - 1) / (6 * (n + m));
  const least = statistic * product * (n + m) ** 2 - 1e-6;
  let row: Map<number, number>[] = [];
  for (let i = 0; i <= n; i++) {
    const next: Map<number, number>[] = [];
    for (let j = 0; j <= m; j++) {
      const step = (i * m - j * n) ** 2;
      const here = new Map<number, number>();
      const add = (paths: Map<number, number> | undefined): void => {
        for (const [sum, count] of paths ?? []) here.set(sum + step, (here.get(sum + step) ?? 0) + count);
      };
      if (i === 0 && j === 0) here.set(0, 1);
      else {
        if (i > 0) add(row[j]);
        if (j > 0) add(next[j - 1]);
      }
      next.push(here);
    }
    row = next;
  }
  let [above, total] = [0, 0];
  for (const [sum, count] of row[m]!) {
    total += count;
    if (sum >= least) above += count;
  }
  return above / total;
}

/** Counts of every category in both samples, in one order. */
export function countCategories<T>(a: readonly T[], b: readonly T[]): { p: number[]; q: number[] } {
  const names = [...new Set([...a, ...b])];
  const count = (sample: readonly T[]): number[] =>
    names.map((name) => sample.filter((value) => value === name).length);
  return { p: count(a), q: count(b) };
}

/** Hellinger distance of shares or counts, 0 to 1. */
export function computeHellinger(p: readonly number[], q: readonly number[]): number {
  const [sumP, sumQ] = [sum(p), sum(q)];
  return Math.sqrt(
    p.reduce((total, a, i) => total + (Math.sqrt(a / sumP) - Math.sqrt(q[i]! / sumQ)) ** 2, 0) / 2,
  );
}

/** L∞: the largest difference of a share, 0 to 1. */
export function computeLInfinity(p: readonly number[], q: readonly number[]): number {
  const [sumP, sumQ] = [sum(p), sum(q)];
  return Math.max(...p.map((a, i) => Math.abs(a / sumP - q[i]! / sumQ)));
}

/** Total variation: half the sum of the differences of the shares, 0 to 1. */
export function computeTotalVariation(p: readonly number[], q: readonly number[]): number {
  const [sumP, sumQ] = [sum(p), sum(q)];
  return p.reduce((total, a, i) => total + Math.abs(a / sumP - q[i]! / sumQ), 0) / 2;
}

/** Kullback–Leibler divergence of `p` from `q`, natural logarithm; infinite where `q` has an empty bin that `p` has not. */
export function computeKullbackLeibler(p: readonly number[], q: readonly number[]): number {
  const [sumP, sumQ] = [sum(p), sum(q)];
  return p.reduce((total, a, i) => total + (a > 0 ? (a / sumP) * Math.log(a / sumP / (q[i]! / sumQ)) : 0), 0);
}

/** Pearson's χ² of homogeneity of two rows of counts, with its degrees of freedom; without a correction for continuity. */
export function computeChiSquare(
  p: readonly number[],
  q: readonly number[],
): { statistic: number; degrees: number } {
  const [sumP, sumQ] = [sum(p), sum(q)];
  const used = p.map((a, i) => [a, q[i]!] as const).filter(([a, b]) => a + b > 0);
  const statistic = used.reduce((total, [a, b]) => {
    const share = (a + b) / (sumP + sumQ);
    return total + (a - share * sumP) ** 2 / (share * sumP) + (b - share * sumQ) ** 2 / (share * sumQ);
  }, 0);
  return { statistic, degrees: used.length - 1 };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
