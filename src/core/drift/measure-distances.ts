/**
 * How far apart two distributions lie that were counted in the same bins: sizes with their errors over groups of days, never
 * tests.
 */
import type { Distance, FeatureDistances } from "../contract/drift-verdict.ts";
import type { FeatureSketch } from "../contract/uplink-record.ts";
import { computePsi, computeShares } from "./bins.ts";
import { type BinnedSample, computeJensenShannon, computeKs, computeWasserstein } from "./distances.ts";

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
  const { edges } = column;
  const measure = (distance: (reference: readonly number[]) => number): Distance =>
    jackknife(distance(whole), without.map(distance));
  return {
    feature: sketch.feature,
    name: column.name,
    psi: measure((reference) => computePsi(computeShares(reference), computeShares(sketch.counts))),
    ks: measure((reference) => computeKs(reference, sketch.counts)),
    wasserstein: measure((reference) =>
      computeWasserstein(edges, openReference(reference, edges, sketch), sketch),
    ),
    jensenShannon: measure((reference) => computeJensenShannon(reference, sketch.counts)),
    bins: {
      edges: column.edges.map((edge) => Number(edge.toPrecision(6))),
      reference: roundShares(whole),
      current: roundShares(sketch.counts),
    },
  };
}

/** As many digits as a figure shows. */
function roundShares(counts: readonly number[]): readonly number[] {
  const total = Math.max(1, sum(counts));
  return counts.map((count) => Number((count / total).toFixed(4)));
}

/**
 * Counts of the reference as a sample of the day's size: how far its open bins reach is not kept, so they are as wide as their
 * neighbours, or reach as far as the day.
 */
function openReference(
  counts: readonly number[],
  edges: readonly number[],
  sketch: FeatureSketch,
): BinnedSample {
  const [first, second] = [edges[0] ?? sketch.min, edges[1] ?? sketch.max];
  const [last, before] = [edges.at(-1) ?? sketch.max, edges.at(-2) ?? sketch.min];
  const [min, max] = [Math.min(sketch.min, 2 * first - second), Math.max(sketch.max, 2 * last - before)];
  const scale = sum(sketch.counts) / Math.max(1, sum(counts));
  return { counts: counts.map((count) => count * scale), mean: null, min, max };
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
