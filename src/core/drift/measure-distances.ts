/**
 * How far apart two distributions lie that were counted in the same bins: sizes with their errors over groups of days, never
 * tests.
 */
import type { Distance, FeatureDistances } from "../contract/drift-verdict.ts";
import type { FeatureSketch } from "../contract/uplink-record.ts";
import { computePsi, computeShares } from "./bins.ts";

/** Student's t of seven degrees at 95 %: eight groups of days leave seven. */
const twoSided90 = 1.895;

/** The day's distribution of a column against its reference's, whose `groups` of days are left out in turn (jackknife). */
export function measureDistances(
  groups: readonly (readonly number[])[],
  sketch: FeatureSketch,
  column: { readonly name: string; readonly edges: readonly number[] },
): FeatureDistances {
  const held = groups.filter((group) => group.some((count) => count > 0));
  const whole = addGroups(held, null);
  const without = held.length < 2 ? [] : held.map((group) => addGroups(held, group));
  const axis = [sketch.min, ...column.edges, sketch.max];
  const measure = (distance: (reference: readonly number[]) => number): Distance =>
    jackknife(distance(whole), without.map(distance));
  return {
    feature: sketch.feature,
    name: column.name,
    psi: measure((reference) => computePsi(computeShares(reference), computeShares(sketch.counts))),
    ks: measure((reference) => computeKs(reference, sketch.counts)),
    wasserstein: measure((reference) => computeWasserstein(reference, sketch.counts, axis)),
    jensenShannon: measure((reference) => computeJensenShannon(reference, sketch.counts)),
  };
}

/** Largest difference of the distribution functions at the edges of the bins, 0 to 1. */
export function computeKs(p: readonly number[], q: readonly number[]): number {
  return Math.max(0, ...distributionGaps(p, q).map(Math.abs));
}

/**
 * Wasserstein-1: the area between the distribution functions, which are straight lines within a bin.
 * @param axis where the bins begin and end: one more than bins; an open bin ends where its values do
 */
export function computeWasserstein(
  p: readonly number[],
  q: readonly number[],
  axis: readonly number[],
): number {
  const gaps = [0, ...distributionGaps(p, q)];
  let area = 0;
  for (let bin = 0; bin + 1 < axis.length; bin++) {
    const width = Math.max(0, axis[bin + 1]! - axis[bin]!);
    const a = gaps[bin]!;
    const b = gaps[bin + 1]!;
    area += (width * (a * b >= 0 ? Math.abs(a + b) : (a * a + b * b) / Math.abs(a - b))) / 2;
  }
  return area;
}

/** Jensen–Shannon distance with natural logarithms, 0 to √ln 2 (Endres, Schindelin, 2003). */
export function computeJensenShannon(p: readonly number[], q: readonly number[]): number {
  const [sumP, sumQ] = [sum(p), sum(q)];
  let divergence = 0;
  for (let bin = 0; bin < p.length; bin++) {
    const a = p[bin]! / sumP;
    const b = q[bin]! / sumQ;
    const middle = (a + b) / 2;
    if (a > 0) divergence += (a / 2) * Math.log(a / middle);
    if (b > 0) divergence += (b / 2) * Math.log(b / middle);
  }
  return Math.sqrt(Math.max(0, divergence));
}

/** Difference of the distribution functions at the upper end of every bin. */
function distributionGaps(p: readonly number[], q: readonly number[]): number[] {
  const [sumP, sumQ] = [sum(p), sum(q)];
  let gap = 0;
  return p.map((count, bin) => {
    gap += count / sumP - q[bin]! / sumQ;
    return bin === p.length - 1 ? 0 : gap;
  });
}

function jackknife(value: number, without: readonly number[]): Distance {
  const count = without.length;
  const centre = sum(without) / Math.max(1, count);
  const squares = without.reduce((total, each) => total + (each - centre) ** 2, 0);
  const reach = count < 2 ? 0 : twoSided90 * Math.sqrt((squares * (count - 1)) / count);
  return { value, low: Math.max(0, value - reach), high: value + reach };
}

function addGroups(groups: readonly (readonly number[])[], left: readonly number[] | null): number[] {
  const total = new Array<number>(groups[0]?.length ?? 0).fill(0);
  for (const group of groups) {
    if (group === left) continue;
    for (let bin = 0; bin < total.length; bin++) total[bin]! += group[bin]!;
  }
  return total;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
