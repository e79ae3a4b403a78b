/**
 * Severity of a window: by how many decibels the machine is louder than when it was healthy, over the bands that the
 * bundle watches. 0 dB: as at the baseline; 6 dB: twice the amplitude; negative: quieter. Never clipped, and nothing
 * but the levels enters it, so that it says something of a tenth of a second.
 *
 *   severity = 10 · lg( Σ wᵢ · 10^(Δᵢ / 10) / Σ wᵢ ),  wᵢ = 1 / (scaleᵢ² + 1 dB²)
 *
 * Δᵢ is level i above its baseline (at the window's own shaft speed). The mean is one of energy ratios: a single band
 * that rises by 20 dB weighs more than five that rise by 3, yet the noise of no single band rules. Bands that scatter
 * while healthy weigh less.
 *
 * Without a baseline Δᵢ is against other machines, and may be +10 dB in one band and −10 in another on a healthy one. Energies
 * would be ruled by the band in which this machine happens to be loud, and a fault elsewhere would not show: there it
 * is the plain mean of the Δᵢ, to which every band's rise adds alike.
 */

import type { BaselineSpec, LevelStatistics } from "../../contract/bundle/baseline-spec.ts";
import type { FeatureSpec } from "../../contract/bundle/feature-spec.ts";
import type { SiteBaseline, SiteLevel } from "../../contract/site-baseline.ts";
import { findOrMake } from "../../maths/find-or-make.ts";
import { chooseLevels } from "./learnt-speeds.ts";

/** No level is known better than this, dB. */
const floorDb = 1;
/** A peak that rises by more above the own reference than the band that rose most is a sample or two, as of a spark or a loose wire: blows fill their bands as well, dB. */
const mostPeakDb = 9;

/**
 * Severity in dB over `baseline`, or, without one (or with one of other levels), over the bundle's own reference: the
 * healthy bearings of training, another machine, of which only the trend is to be believed. NaN when no level is known.
 * @param levels one a level of the spec, dB; NaN: not heard.
 * @param shaftRpm speed of the window; without one (NaN) levels are not corrected for speed.
 */
export function computeSeverity(
  { levels, shaftRpm }: { readonly levels: ArrayLike<number>; readonly shaftRpm: number },
  spec: BaselineSpec,
  baseline: SiteBaseline | null,
): number {
  const site =
    baseline !== null && hasLevels(baseline, spec.levels) ? chooseLevels(baseline, shaftRpm) : null;
  const octaves = site === null ? 0 : octavesAbove(shaftRpm, site);
  const expected = site === null ? spec.reference : site.levels;
  const { list } = spec.levels;
  let energy = 0;
  let weights = 0;
  let decibels = 0;
  let heard = 0;
  // Of peaks alone nothing is known to be a spark.
  let loudest = Number.NEGATIVE_INFINITY;
  for (const index of findOrMake(peaksLast, spec.levels, () => putPeaksLast(spec.levels))) {
    const healthy = expected[index];
    const level = levels[index]!;
    if (healthy === undefined || healthy === null || !Number.isFinite(level)) continue;
    const { operator } = list[index]!;
    const difference = level - expectLevel(healthy, octaves);
    const weight = 1 / (healthy.scaleDb * healthy.scaleDb + floorDb * floorDb);
    const mostDb = operator === "peak-db" && loudest >= 0 ? loudest + mostPeakDb : difference;
    energy += weight * 10 ** (Math.min(difference, mostDb) / 10);
    if (operator === "rms-db") loudest = Math.max(loudest, difference, 0);
    weights += weight;
    decibels += difference;
    heard++;
  }
  if (heard === 0) return Number.NaN;
  return site === null ? decibels / heard : 10 * Math.log10(energy / weights);
}

/** Places of a bundle's levels, those of peaks last: what they may say depends on the bands. */
const peaksLast = new WeakMap<FeatureSpec, readonly number[]>();

function putPeaksLast({ list }: FeatureSpec): number[] {
  const isPeak = (index: number): number => Number(list[index]!.operator === "peak-db");
  return [...list.keys()].sort((one, other) => isPeak(one) - isPeak(other));
}

/**
 * Deviation of the severity while the machine was healthy, dB: as if all levels moved together, which is the most that
 * their own deviations allow. NaN for a baseline that heard no level.
 */
export function computeHealthySpread({ levels }: Pick<SiteBaseline, "levels">): number {
  let spread = 0;
  let weights = 0;
  for (const level of levels) {
    if (level === null) continue;
    const weight = 1 / (level.scaleDb * level.scaleDb + floorDb * floorDb);
    spread += weight * level.scaleDb;
    weights += weight;
  }
  return spread / weights;
}

/** Was any level heard while `baseline` was learnt? Of a device that sends its scores alone none is. */
export function isHeard({ levels }: Pick<SiteBaseline, "levels">): boolean {
  for (const level of levels) if (level !== null) return true;
  return false;
}

/** What was found of a baseline's specification, which never changes: asked for every window, it is compared once. */
const compared = new WeakMap<FeatureSpec, WeakMap<FeatureSpec, boolean>>();

/** Does `baseline` speak of these levels? */
export function hasLevels({ spec }: Pick<SiteBaseline, "spec">, levels: FeatureSpec): boolean {
  const found = findOrMake(compared, spec, () => new WeakMap<FeatureSpec, boolean>());
  return findOrMake(found, levels, () => JSON.stringify(spec) === JSON.stringify(levels));
}

/** Octaves above the reference speed; outside the learnt speeds, as at their border: nothing is extrapolated. */
export function octavesAbove(shaftRpm: number, { shaftRpm: learnt }: Pick<SiteBaseline, "shaftRpm">): number {
  if (!(shaftRpm > 0)) return 0;
  return Math.log2(Math.min(learnt.max, Math.max(learnt.min, shaftRpm)) / learnt.reference);
}

function expectLevel(healthy: SiteLevel | LevelStatistics, octaves: number): number {
  return "perOctaveDb" in healthy ? healthy.locationDb + healthy.perOctaveDb * octaves : healthy.locationDb;
}

/** No machine that runs wanders by so much, dB: at times it vibrates a tenth of what it does at others. */
const standingWanderDb = 20;

/** Why a level that wandered by `wanderDb` is none to learn from; of more than a running machine's it says what it looks like. */
export function describeWander(wanderDb: number): string {
  const stood = wanderDb > standingWanderDb ? ", as between a machine that runs and one that stands" : "";
  return `the level wandered by ${wanderDb.toFixed(1)} dB while it was learnt${stood}`;
}
