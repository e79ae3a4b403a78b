/**
 * Lines that keep their hertz while the shaft's speed changes, as those of a pump or a fan beside the machine do: a fault's keeps its
 * order. At one speed nothing tells one from the other, and nothing is said; nor of what a device has scored, which does not say where
 * lines stand.
 */
import type { FeatureSpec } from "../contract/bundle/feature-spec.ts";
import type { FeatureWindow } from "../contract/stream.ts";
import { dayMs } from "../maths/durations.ts";
import { dbPerLog } from "./fault-lines.ts";
import { findPlaceShare } from "./mains-hum.ts";
import { findShaftColumns, measureDeviation, type ShaftColumns } from "./shaft-lines.ts";

/** A line in one window. */
export interface Sighting {
  /** In turns of the shaft, less than 0 for a flank of it. */
  readonly order: number;
  /** Above its neighbours. */
  readonly db: number;
  readonly shaftRpm: number;
  /** The slowest and the fastest speed at which it stood at about that order. */
  readonly slowestRpm: number;
  readonly fastestRpm: number;
  /** The shaft itself says that speed; false: it is as stated. */
  readonly isHeard: boolean;
  /** The window's. */
  readonly revolutions: number;
  readonly toMs: number;
}

/**
 * Orders are told apart by steps of this share, and of each the newest sighting is kept, with the speeds of those before it: a fault's are one
 * or two, at whatever speeds.
 */
const orderStep = 0.004;
/** Within how far a line is looked for there is no room for many more. */
const mostSightings = 12;
/** Sources beside a machine and their multiples: no more are remembered. */
const mostSteady = 24;
/** What stands out less may be noise. */
const leastDb = 12;
/** What stands out by so much less than the newest is another line, or noise. */
const weakerDb = 6;
/** Machines beside it are switched off, and others on. */
const keptMs = 7 * dayMs;
/** Of fewer sightings chance may let hertz agree. */
const fewestSightings = 3;
/** Some may be of no source, but most have to agree, with the newest or among each other. */
const leastShare = 2 / 3;
/** Orders that span less may be one that slips or is stated wrong, as a share. */
const leastSpan = 0.015;
/** So many times as far as a place is known, and as hertz span, orders have to span. */
const clearly = 3;

/** Sightings of one line, the newest first, with one more where that stands out and is no flank. */
export function keepSighting(before: readonly Sighting[], next: Sighting): readonly Sighting[] {
  if (!(next.order > 0 && next.db >= leastDb)) return before;
  const isReplaced = ({ order, isHeard }: Sighting): boolean =>
    stepOf(order) === stepOf(next.order) && isHeard === next.isHeard;
  const kept = before.filter((each) => isOfWeek(each, next));
  const [alike, others] = [kept.filter(isReplaced), kept.filter((each) => !isReplaced(each))];
  const slowestRpm = Math.min(next.slowestRpm, ...alike.map((each) => each.slowestRpm));
  const fastestRpm = Math.max(next.fastestRpm, ...alike.map((each) => each.fastestRpm));
  return [{ ...next, slowestRpm, fastestRpm }, ...others.slice(0, mostSightings - 1)];
}

/** A clock that went back begins anew. */
function isOfWeek({ toMs }: Sighting, now: Sighting): boolean {
  return toMs <= now.toMs && now.toMs - toMs <= keptMs;
}

function stepOf(order: number): number {
  return Math.round(Math.log(order) / orderStep);
}

/**
 * The newest of `sightings` over which the line kept its hertz and clearly not its order, those of either who says the speed; empty: it
 * kept its order, or nothing tells.
 */
export function findSteady(sightings: readonly Sighting[]): readonly Sighting[] {
  if (sightings.length < fewestSightings) return noSightings;
  const clear = sightings.filter(({ db }) => db >= sightings[0]!.db - weakerDb);
  const fewest = Math.max(fewestSightings, leastShare * clear.length);
  for (let count = clear.length; count >= fewest; count--) {
    const kept = findKept(clear.slice(0, count));
    if (kept.length > 0) return kept;
  }
  // As a shaft's speed goes up and down, one multiple of a pump's after another crosses the place of a fault's line, and hum: each keeps its own hertz.
  const groups = clear.map((own) => findKept(clear.filter((each) => isSameHertz(each, own))));
  return groups.filter(({ length }) => length > 0).length >= fewest ? groups[0]! : noSightings;
}

/** Of these those of either who says the speed, if together they kept their hertz and clearly not their order; else none. */
function findKept(sightings: readonly Sighting[]): readonly Sighting[] {
  if (sightings.length < fewestSightings) return noSightings;
  const { alike, orders } = chooseAlike(sightings);
  const known = Math.max(...sightings.map(knownTo));
  const hertz = spanOf(sightings.map(hertzOf));
  return orders >= Math.max(leastSpan, clearly * known) && orders >= clearly * hertz ? alike : noSightings;
}

function isSameHertz(one: Sighting, other: Sighting): boolean {
  return Math.abs(hertzOf(one) / hertzOf(other) - 1) <= leastSpan / clearly;
}

/** Those at heard speeds or those at stated ones, by which orders span more: between the two a fault moves by what is stated wrong. */
function chooseAlike(sightings: readonly Sighting[]) {
  const heard = sightings.filter(({ isHeard }) => isHeard);
  const stated = sightings.filter(({ isHeard }) => !isHeard);
  const ofHeard = spanOfOrders(heard);
  const ofStated = spanOfOrders(stated);
  return ofHeard > ofStated ? { alike: heard, orders: ofHeard } : { alike: stated, orders: ofStated };
}

function spanOfOrders(sightings: readonly Sighting[]): number {
  return spanOf(sightings.map(({ order }) => order));
}

/** To which share of itself its place is known. */
function knownTo({ order, revolutions }: Sighting): number {
  return findPlaceShare(order) / (revolutions * Math.abs(order));
}

function hertzOf({ order, shaftRpm }: Sighting): number {
  return (Math.abs(order) * shaftRpm) / 60;
}

/** As a share of the least; of nothing 0. */
function spanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.max(...values) / Math.min(...values) - 1;
}

/** Where the lines of a band stood in a window. */
export interface PlacedLines {
  readonly features: ArrayLike<number>;
  /** As an extractor fills it. */
  readonly lineOrders: ArrayLike<number>;
  readonly shaftRpm: number;
  readonly revolutions: number;
  readonly toMs: number;
}

/** Where one line stood to the shaft, which is heard to turn `turn` times as fast as is stated; NaN: it is not heard. */
export function readSighting(column: number, placed: PlacedLines, turn: number): Sighting {
  const { features, lineOrders, shaftRpm, revolutions, toMs } = placed;
  const db = features[column]! * dbPerLog;
  const isHeard = !Number.isNaN(turn);
  const told = isHeard ? turn : 1;
  const order = lineOrders[column]! / told;
  const rpm = shaftRpm * told;
  return { order, db, shaftRpm: rpm, slowestRpm: rpm, fastestRpm: rpm, isHeard, revolutions, toMs };
}

/** The steady lines of one point, from window to window. */
interface SteadyLines {
  /** Takes the next window; says which of its features are steady lines, in each band. */
  update(window: LinedWindow): { readonly lower: readonly number[]; readonly upper: readonly number[] };
}

type LinedWindow = Pick<
  FeatureWindow,
  "fromMs" | "toMs" | "shaftRpm" | "features" | "upperFeatures" | "lineOrders" | "upperLineOrders"
>;

/** Of a point of which nothing was heard. */
export function createSteadyLines(spec: FeatureSpec): SteadyLines {
  return new LinesOfPoint(findShaftColumns(spec));
}

/** What is known of a band. */
interface KnownLines {
  /** Sightings of its lines, by their columns. */
  readonly sighted: Map<number, readonly Sighting[]>;
  /** Of each steady line, whichever column it stood in, the newest that says its hertz, the newest of all first. */
  readonly steady: readonly Sighting[];
}

class LinesOfPoint implements SteadyLines {
  readonly #shaft: ShaftColumns;
  /** Null: no line has stood out. */
  #lower: KnownLines | null = null;
  #upper: KnownLines | null = null;

  constructor(shaft: ShaftColumns) {
    this.#shaft = shaft;
  }

  update(window: LinedWindow): ReturnType<SteadyLines["update"]> {
    const { fromMs, toMs, shaftRpm, features, lineOrders, upperFeatures, upperLineOrders } = window;
    const heard = { shaftRpm, revolutions: ((toMs - fromMs) / 60_000) * shaftRpm, toMs };
    if (!(heard.revolutions > 0) || lineOrders === undefined) return noLines;
    const ofLower = { features, lineOrders, ...heard };
    const lower = sightLines(ofLower, this.#shaft, this.#lower);
    this.#lower = lower.known;
    if (upperFeatures === undefined || upperLineOrders === undefined)
      return { lower: lower.steady, upper: noColumns };
    const ofUpper = { features: upperFeatures, lineOrders: upperLineOrders, ...heard };
    const upper = sightLines(ofUpper, this.#shaft, this.#upper);
    this.#upper = upper.known;
    return {
      lower: addHeard(lower, upper.steady, [ofLower, ofUpper]),
      upper: addHeard(upper, lower.steady, [ofLower, ofUpper]),
    };
  }
}

/** The steady lines of one band, and what is known with this window. */
interface BandLines {
  readonly steady: readonly number[];
  readonly known: KnownLines | null;
}

function sightLines(placed: PlacedLines, shaft: ShaftColumns, before: KnownLines | null): BandLines {
  let sighted = before?.sighted;
  let told = before?.steady ?? noSightings;
  const steady: number[] = [];
  const others: { readonly column: number; readonly seen: Sighting }[] = [];
  const turn = 1 + measureDeviation(placed.lineOrders, shaft);
  for (let column = 0; column < placed.lineOrders.length; column++) {
    if (Number.isNaN(placed.lineOrders[column]) || column === shaft.first || column === shaft.second)
      continue;
    const kept = sighted?.get(column) ?? noSightings;
    // Of most machines no line stands out.
    const standsOut = placed.features[column]! * dbPerLog >= leastDb;
    if (!standsOut && kept === noSightings) continue;
    const seen = readSighting(column, placed, turn);
    const sightings = keepSighting(kept, seen);
    if (sightings !== kept) {
      sighted ??= new Map();
      sighted.set(column, sightings);
    }
    const [newest] = findSteady(sightings);
    const isSteady = newest !== undefined && mayBe(newest, seen);
    if (isSteady) steady.push(column);
    else if (standsOut && !keptItsOrder(sightings)) others.push({ column, seen });
    if (isSteady && sightings !== kept) told = noteSteady(told, seen);
  }
  // What keeps its hertz in one place of a fault's keeps them in another.
  for (const { column, seen } of others) {
    const isTold = (each: Sighting): boolean => isOfWeek(each, seen) && mayBe(each, seen);
    if (told.some(isTold)) steady.push(column);
  }
  return { steady, known: sighted === undefined ? null : { sighted, steady: told } };
}

function noteSteady(before: readonly Sighting[], next: Sighting): readonly Sighting[] {
  const others = before.filter((each) => isOfWeek(each, next) && !isSameHertz(each, next));
  return [next, ...others.slice(0, mostSteady - 1)];
}

/**
 * What is steady in one band, with those of the other's that stand in the same place in both: one source is heard in both. Not where the
 * newest that the band itself heard of it had that order at other speeds as well, as a fault's has.
 */
function addHeard(
  { steady, known }: BandLines,
  others: readonly number[],
  [lower, upper]: readonly [PlacedLines, PlacedLines],
): readonly number[] {
  const isInBoth = (column: number): boolean => {
    const [one, other] = [lower.lineOrders[column]!, upper.lineOrders[column]!];
    const apart = (findPlaceShare(one) + findPlaceShare(other)) / lower.revolutions;
    return Math.abs(Math.abs(one) - Math.abs(other)) <= apart;
  };
  const mayAdd = (column: number): boolean => !steady.includes(column) && isInBoth(column);
  const added = others.filter(
    (column) => mayAdd(column) && !keptItsOrder(known?.sighted.get(column) ?? noSightings),
  );
  return added.length === 0 ? steady : steady.concat(added);
}

/** Did the newest sighting's line have that order at other speeds as well, as a fault's has? */
function keptItsOrder([newest]: readonly Sighting[]): boolean {
  return newest !== undefined && spanOf([newest.slowestRpm, newest.fastestRpm]) >= leastSpan;
}

/** May a line be the steady one? That of a flank stands beyond where it is seen. */
function mayBe(steady: Sighting, seen: Sighting): boolean {
  const apart = Math.abs(hertzOf(seen) / hertzOf(steady) - 1);
  return apart <= Math.max(leastSpan / clearly, knownTo(seen));
}

const noSightings: readonly Sighting[] = [];
const noColumns: readonly number[] = [];
const noLines = { lower: noColumns, upper: noColumns };
