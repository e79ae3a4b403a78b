/** What windows show of the lines of each kind of bearing fault: how far they stand out, and where. Says nothing of what that means. */
import { bearingFaults, type FaultKind, faultKinds } from "../contract/bundle/bearing-fault.ts";
import type { EvidenceRange, LineOrder } from "../contract/physical-evidence.ts";
import type { EvidenceWindow } from "./evidence-window.ts";
import {
  computeLineNoise,
  dbPerLog,
  type FaultLine,
  findNeededDb,
  listFaultLines,
  type SearchedSpectrum,
} from "./fault-lines.ts";
import { findShaftColumns, measureDeviation } from "./shaft-lines.ts";
import { findSteady, keepSighting, type PlacedLines, readSighting, type Sighting } from "./steady-lines.ts";

/** A line with what the windows show of it. */
export interface MeasuredLine {
  readonly line: FaultLine;
  readonly db: number;
  readonly noiseDb: number;
  /** Where it stood when the machine was healthy; null: not known. */
  readonly healthyDb: number | null;
  /** Stands further out than noise would. */
  readonly standsOut: boolean;
  /** Lies on a harmonic of the shaft, where no fault can be told: by its own place, or by the bearing's data where that is not known. */
  readonly isShaded: boolean;
  /** Stands out, and is not shaded. */
  readonly isFound: boolean;
  /** In most windows it stands where electrical hum does. */
  readonly isHum: boolean;
  /** In most windows it stands where a harmonic of the shaft may. */
  readonly isShaft: boolean;
  /** In most windows it is the flank of a higher one, beyond where it is looked for or in what is passed over beside the shaft's harmonics. */
  readonly isFlank: boolean;
  /** The speeds over which it keeps its hertz, as no fault's does; null: it does not, or nothing tells. */
  readonly steadyRpm: EvidenceRange | null;
  /** Where it stands in each window, of a shaft as fast as is stated; less than 0 or NaN: not known. */
  readonly places: readonly number[];
  /** The same of one as fast as it is heard to turn; NaN where it is not heard, but where it is in no window, as is stated. */
  readonly turnPlaces: readonly number[];
  /** Where it stands; null: it does not stand out, or that is not known. */
  readonly measuredOrder: number | null;
  /** The same in hertz at the middle one of the speeds; of a line that keeps its hertz, or is hum, in the middle one of the windows. */
  readonly measuredHertz: number | null;
}

/** The lines of one kind of fault. */
export interface FaultPicture {
  readonly kind: FaultKind;
  readonly harmonics: readonly MeasuredLine[];
  readonly sideBands: readonly MeasuredLine[];
  /** Mean over the harmonics of how far each stands above what noise shows there, dB; NaN without any. */
  readonly excessDb: number;
}

/** Of each kind of fault what `windows` show; `healthy`: this machine's own median of each feature while it was healthy, empty: not known. */
export function drawPictures(
  subject: SearchedSpectrum,
  windows: readonly EvidenceWindow[],
  healthy: readonly (number | null)[],
): FaultPicture[] {
  const measured = measureLines(subject, windows, healthy);
  return faultKinds.map((kind) => {
    const ofKind = measured.filter(({ line }) => line.of === (bearingFaults[kind].order satisfies LineOrder));
    const harmonics = ofKind.filter(({ line }) => line.kind === "harmonic");
    const sideBands = ofKind.filter(({ line }) => line.kind === "side-band");
    return { kind, harmonics, sideBands, excessDb: meanOf(harmonics.map(({ db, noiseDb }) => db - noiseDb)) };
  });
}

/** But for those of which no window says anything. */
function measureLines(
  subject: SearchedSpectrum,
  windows: readonly EvidenceWindow[],
  healthy: readonly (number | null)[],
): MeasuredLine[] {
  const shaftHertz = findShaftHertz(windows);
  const turns = findTurns(subject, windows);
  const placed = placeLines(subject, windows, turns);
  const isMost = (some: readonly unknown[]): boolean => some.length > windows.length / 2;
  return listFaultLines(subject).flatMap((line) => {
    const { column } = line;
    const values = windows.map(({ features }) => features[column]! * dbPerLog).filter(Number.isFinite);
    if (values.length === 0) return [];
    const healthyDb = Number.isFinite(healthy[column]) ? healthy[column]! * dbPerLog : null;
    const noise = computeLineNoise(line, subject.window);
    const db = meanOf(values);
    const standsOut = db >= findNeededDb(noise, values.length, healthyDb);
    const isHum = isMost(windows.filter(({ foreignLines }) => foreignLines?.hum.includes(column)));
    const isShaft = isMost(windows.filter(({ foreignLines }) => foreignLines?.shaft.includes(column)));
    const places = windows.map(({ lineOrders }) => lineOrders?.[column] ?? Number.NaN);
    const isFlank = isMost(places.filter((place) => place < 0));
    const measuredOrder = standsOut ? findMiddlePlace(places) : null;
    const isShaded = line.isShaded && (measuredOrder === null || isShaft);
    const isFound = standsOut && !isShaded;
    const steadyRpm = isFound ? findSteadyRpm(column, placed) : null;
    const keepsHertz = measuredOrder !== null && (steadyRpm !== null || isHum);
    const turningHertz = measuredOrder === null ? null : measuredOrder * shaftHertz;
    const measuredHertz = keepsHertz ? findHertz(places, windows) : turningHertz;
    const turnPlaces = places.map((place, at) => place / turns[at]!);
    const heard = { db, noiseDb: noise.db, healthyDb, standsOut, isShaded, isFound };
    const where = { places, turnPlaces, measuredOrder, measuredHertz };
    return [{ line, ...heard, ...where, isHum, isShaft, isFlank, steadyRpm }];
  });
}

/** How many times as fast as is stated the shaft turned in each window; NaN where it is not heard, but where it is in none, 1. */
function findTurns({ features }: SearchedSpectrum, windows: readonly EvidenceWindow[]): number[] {
  const shaft = findShaftColumns(features);
  const turns = windows.map(({ lineOrders }) => 1 + measureDeviation(lineOrders ?? [], shaft));
  return turns.every(Number.isNaN) ? turns.map(() => 1) : turns;
}

/** Of the windows that say it, in the order of time as {@link findSteady} has them, with how fast the shaft is heard to turn. */
function placeLines(
  { window }: SearchedSpectrum,
  windows: readonly EvidenceWindow[],
  turns: readonly number[],
): { readonly lines: PlacedLines; readonly turn: number }[] {
  const usual = window.unit === "revolutions" ? window.length : Number.NaN;
  return windows.flatMap(({ features, lineOrders, shaftRpm, revolutions = Number.NaN }, at) => {
    if (lineOrders === undefined) return [];
    const lasted = Number.isNaN(revolutions) ? usual : revolutions;
    const lines = { features, lineOrders, shaftRpm, revolutions: lasted, toMs: at };
    return [{ lines, turn: turns[at]! }];
  });
}

function findSteadyRpm(column: number, placed: ReturnType<typeof placeLines>): EvidenceRange | null {
  const sightings = placed.reduce<readonly Sighting[]>(
    (before, { lines, turn }) => keepSighting(before, readSighting(column, lines, turn)),
    [],
  );
  const rpms = findSteady(sightings).map(({ shaftRpm }) => shaftRpm);
  return rpms.length === 0 ? null : { min: Math.min(...rpms), max: Math.max(...rpms) };
}

/** Where it stands in the middle one of the windows that say it; null where fewer than half do. */
function findMiddlePlace(places: readonly number[]): number | null {
  const told = places.filter((place) => place > 0);
  return told.length < places.length / 2 ? null : takeMiddle(told);
}

/** Of a line whatever the speed: each place at its own window's. */
function findHertz(places: readonly number[], windows: readonly EvidenceWindow[]): number | null {
  return findMiddlePlace(places.map((place, at) => (place * windows[at]!.shaftRpm) / 60));
}

/** At the middle one of the windows' speeds. */
export function findShaftHertz(windows: readonly EvidenceWindow[]): number {
  return takeMiddle(windows.map(({ shaftRpm }) => shaftRpm)) / 60;
}

/**
 * The middle one of values in order, of an even number the lower of both: unlike their mean it is a value that was seen. NaN of
 * nothing.
 */
export function takeMiddle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? Number.NaN;
}

/** NaN of nothing. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
