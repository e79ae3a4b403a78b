/**
 * Finds two loads between which a machine goes back and forth at one speed, one some decibels louder than the other: what comes back to
 * where it was is no growth. Knows levels alone: of a device that sends scores nothing is found.
 */
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { computeMedian, computeQuantile } from "../../maths/robust.ts";
import type { HealthyWindow } from "./fit-site-baseline.ts";
import { cutQuarters } from "./fit-wander.ts";
import { medianSeverity } from "./median-severity.ts";
import { computeSeverity } from "./severity.ts";

/** What a machine was heard to work at. */
interface HeardLoads {
  /** All of them; where there are two loads those of the fainter one are marked. */
  readonly windows: readonly HealthyWindow[];
  /** It left a load and came back, once: whether there are two is not known yet. */
  readonly isUndecided: boolean;
}

/** Two loads lie so far apart, dB: nearer, nothing has to be told apart; further, a machine runs and stands. */
const leastApartDb = 3;
const mostApartDb = 9;
/** Share of the windows that were heard that each has at least … */
const leastShare = 1 / 8;
/** … and that lie in the middle third between both at most: what passes into each other is one load. */
const mostBetween = 1 / 16;
/** Quarters of one load's windows differ by this share of what both lie apart at most: what grows has no two loads. */
const mostWander = 1 / 3;
/** A load that was come to has so many windows in a row: fewer are a knock. */
const fewestWindows = 4;
/** Each was left and come back to. */
const fewestChanges = 3;
/** What lies further apart is no one speed, octaves (12 %). */
const mostOctaves = 1 / 6;

/** The loads of windows in the order of time. */
export function hearLoads(windows: readonly HealthyWindow[], spec: BaselineSpec): HeardLoads {
  const levels = windows.map((window) => computeSeverity(window, spec, null));
  const loads = isOneSpeed(windows) ? splitLoads(levels) : null;
  const changes = loads === null ? 0 : countChanges(levels, loads);
  if (loads === null || changes < fewestChanges)
    return { windows, isUndecided: changes === fewestChanges - 1 };
  const marked = windows.map((window, place) =>
    levels[place]! <= loads.boundDb ? { ...window, isQuieter: true as const } : window,
  );
  return { windows: marked, isUndecided: false };
}

/**
 * What two loads mean for a machine that is held against `held` from now on, where `learnt` was learnt of `windows`: by how much the fainter
 * one is quieter, dB, in severity, for each band moves by its own; null: no two are known, or they lie too near to be told apart. Levels of
 * before have their own, `heldDb`. And what is to be said of it.
 */
export function weighLoads(
  windows: readonly HealthyWindow[],
  spec: BaselineSpec,
  { learnt, held, heldDb }: ComparedLevels,
): { readonly quieterDb: number | null; readonly doubts: readonly string[] } {
  const quieter = windows.filter(({ isQuieter }) => isQuieter === true);
  const measuredDb = -medianSeverity(quieter, spec, learnt);
  const isApart = measuredDb >= leastApartDb;
  const went = "it went back and forth between two levels";
  if (held.levels !== learnt.levels) {
    const doubt = `${went}, and its levels are those of before, which know of one: renew its baseline`;
    return { quieterDb: heldDb, doubts: isApart && heldDb === null ? [doubt] : [] };
  }
  if (!isApart) return { quieterDb: null, doubts: [] };
  const apart = `${measuredDb.toFixed(0)} dB apart, and is held against the louder one`;
  const doubt = `${went} ${apart}; a fault that comes and goes looks the same`;
  return { quieterDb: measuredDb, doubts: [doubt] };
}

/** The levels that were learnt, those that a machine is held against, and what was known of the latter's loads. */
interface ComparedLevels {
  readonly learnt: SiteBaseline;
  readonly held: SiteBaseline;
  readonly heldDb: number | null;
}

function isOneSpeed(windows: readonly HealthyWindow[]): boolean {
  const speeds = windows.map(({ shaftRpm }) => shaftRpm);
  return Math.log2(computeQuantile(speeds, 0.98) / computeQuantile(speeds, 0.02)) < mostOctaves;
}

/** Two levels, dB, and the highest that belongs to the fainter one. */
interface Loads {
  readonly quietDb: number;
  readonly loudDb: number;
  readonly boundDb: number;
}

/** Null: there is but one, or what there is moves. */
function splitLoads(levels: readonly number[]): Loads | null {
  const heard = levels.filter(Number.isFinite);
  const boundDb = findBound(heard);
  const [quiet, loud] = [heard.filter((level) => level <= boundDb), heard.filter((level) => level > boundDb)];
  if (Math.min(quiet.length, loud.length) < leastShare * heard.length) return null;
  const [quietDb, loudDb] = [computeMedian(quiet), computeMedian(loud)];
  const apartDb = loudDb - quietDb;
  if (apartDb < leastApartDb || apartDb > mostApartDb) return null;
  if (Math.max(measureWander(quiet), measureWander(loud)) > mostWander * apartDb) return null;
  const between = heard.filter((level) => level > quietDb + apartDb / 3 && level < loudDb - apartDb / 3);
  return between.length > mostBetween * heard.length ? null : { quietDb, loudDb, boundDb };
}

/** The highest level of the fainter part, where both parts lie closest about their means; NaN: of less than two levels. */
function findBound(levels: readonly number[]): number {
  const sorted = levels.toSorted((one, other) => one - other);
  const total = sorted.reduce((sum, level) => sum + level, 0);
  let [bound, furthest, below] = [Number.NaN, 0, 0];
  for (const [at, level] of sorted.slice(0, -1).entries()) {
    below += level;
    const [fewer, more] = [at + 1, sorted.length - at - 1];
    const apart = fewer * more * ((total - below) / more - below / fewer) ** 2;
    if (apart > furthest) [bound, furthest] = [level, apart];
  }
  return bound;
}

function measureWander(levels: readonly number[]): number {
  const medians = cutQuarters(levels).map(computeMedian);
  return Math.max(...medians) - Math.min(...medians);
}

/** How often one load was left for the other. What lies between them or is not heard is neither, and breaks no row. */
function countChanges(levels: readonly number[], { quietDb, loudDb }: Loads): number {
  const third = (loudDb - quietDb) / 3;
  let [changes, inARow] = [0, 0];
  let isLoud: boolean | null = null;
  let wasLoud: boolean | null = null;
  for (const level of levels) {
    const isNext = level >= loudDb - third;
    if (!isNext && !(level <= quietDb + third)) continue;
    inARow = isNext === isLoud ? inARow + 1 : 1;
    isLoud = isNext;
    if (isLoud === wasLoud || inARow < fewestWindows) continue;
    if (wasLoud !== null) changes++;
    wasLoud = isLoud;
  }
  return changes;
}
