/** Windows as numbers in rows of a few pieces of memory: as objects those of a thousand points would take 40 MB. Knows no order of time. */
import type { ForeignLines } from "../contract/stream.ts";
import type { EvidenceWindow } from "./evidence-window.ts";
import type { LineColumns } from "./fault-lines.ts";
import { noForeignLines } from "./foreign-lines.ts";

/** A window as it was read. */
export interface RecentWindow extends Omit<EvidenceWindow, "powerKw" | "revolutions" | "speaks"> {
  /** Epoch ms of its first sample. */
  readonly fromMs: number;
  /** Epoch ms of its last sample. */
  readonly toMs: number;
}

/** What is known beside it. */
export interface RecentScore extends Pick<EvidenceWindow, "powerKw"> {
  /** What the model said, one an output. */
  readonly logits: ArrayLike<number>;
}

/** A window that is known once more: of its features those that are lines, of places those of harmonics, NaN for the others. */
export type KnownWindow = EvidenceWindow & Pick<RecentWindow, "toMs">;

/** What the windows are of. */
interface Shape {
  readonly features: number;
  readonly outputs: number;
  readonly columns: LineColumns;
}

/** All that are kept. */
export interface RecentRows extends Shape {
  /** For so many windows there is room. */
  readonly windows: number;
  /** {@link doubles} of each. */
  readonly doubles: Float64Array;
  /** {@link shorts} of each, then its lines and the places of harmonics; `width` in all. */
  readonly shorts: Int16Array;
  readonly width: number;
  /** Lines and places of the upper band; made when a window first has one. */
  upper: Int16Array | null;
}

const doubles = { toMs: 0, shaftRpm: 1, powerKw: 2, width: 3 } as const;
/** Whether it has an upper band, 1 or 0, how many revolutions, and of each output whether none is ahead of it, 1 or 0. */
const shorts = { hasUpper: 0, revolutions: 1, leads: 2 } as const;
const maxRevolutions = 32_767;
const noRevolutions = 0;

/**
 * A line is a whole number of steps of a 512th of its natural logarithm (0.02 dB), four times, and 1 more where it stands on
 * hum, 2 more where it stands on the shaft. That is enough for a mean that is told in tenths of a decibel, and a quarter of
 * what features and lists take.
 */
const stepsPerLog = 512;
const maxSteps = 8191;
/** What is not known of a line, in place of its number of steps. */
const noSteps = -8192;
const bits = { hum: 1, shaft: 2, steps: 2 } as const;
/**
 * A place is a whole number of steps of a 4096th of its natural logarithm above the lowest one: within an eighth of a thousandth of
 * itself, 0.002 orders at the 16th. That of a flank is less than 0. From 0.06 to 180 orders; what lies elsewhere is not known.
 */
const placesPerLog = 4096;
const lowestPlace = 1 / 16;
const maxPlace = 32_767;
const noPlace = 0;

/** Rows for so many windows, none of which is known. */
export function makeRows(windows: number, { features, outputs, columns }: Shape): RecentRows {
  const width = shorts.leads + outputs + countKept(columns);
  const shortsAt = windows * doubles.width * Float64Array.BYTES_PER_ELEMENT;
  // One piece of memory, as in row-space.ts.
  const memory = new ArrayBuffer(shortsAt + windows * width * Int16Array.BYTES_PER_ELEMENT);
  return {
    features,
    outputs,
    columns,
    windows,
    doubles: new Float64Array(memory, 0, windows * doubles.width),
    shorts: new Int16Array(memory, shortsAt, windows * width),
    width,
    upper: null,
  };
}

/** The same windows with room for more. */
export function growRows(rows: RecentRows, windows: number): RecentRows {
  const grown = makeRows(windows, rows);
  grown.doubles.set(rows.doubles);
  grown.shorts.set(rows.shorts);
  if (rows.upper === null) return grown;
  grown.upper = makeUpper(grown);
  grown.upper.set(rows.upper);
  return grown;
}

function makeUpper({ windows, columns }: RecentRows): Int16Array {
  return new Int16Array(windows * countKept(columns));
}

/** Numbers of a band. */
function countKept({ lines, harmonics }: LineColumns): number {
  return lines.length + harmonics.length;
}

interface NotedWindow {
  readonly window: RecentWindow;
  readonly score: RecentScore;
}

/** Copies a window to `place`, over the one that was there. */
export function writeRow(rows: RecentRows, place: number, { window, score }: NotedWindow): void {
  const { fromMs, toMs, shaftRpm, features, foreignLines, lineOrders, upperFeatures } = window;
  const { logits, powerKw = Number.NaN } = score;
  const double = place * doubles.width;
  rows.doubles[double + doubles.toMs] = toMs;
  rows.doubles[double + doubles.shaftRpm] = shaftRpm;
  rows.doubles[double + doubles.powerKw] = powerKw;
  const short = place * rows.width;
  rows.shorts[short + shorts.hasUpper] = upperFeatures === undefined ? 0 : 1;
  const revolutions = Math.round(((toMs - fromMs) / 60_000) * shaftRpm);
  rows.shorts[short + shorts.revolutions] =
    revolutions > 0 ? Math.min(revolutions, maxRevolutions) : noRevolutions;
  for (let output = 0; output < rows.outputs; output++) {
    rows.shorts[short + shorts.leads + output] = leads(logits, output) ? 1 : 0;
  }
  const { columns } = rows;
  const lower = { columns, features, foreignLines, lineOrders };
  writeBand(rows.shorts, short + shorts.leads + rows.outputs, lower);
  if (upperFeatures === undefined) return;
  rows.upper ??= makeUpper(rows);
  writeBand(rows.upper, place * countKept(columns), {
    columns,
    features: upperFeatures,
    foreignLines: window.upperForeignLines,
    lineOrders: window.upperLineOrders,
  });
}

/** Did the window at `place` end later? */
export function isLater({ doubles: all }: RecentRows, place: number, sinceMs: number): boolean {
  return all[place * doubles.width + doubles.toMs]! > sinceMs;
}

/** Has no other output of the window at `place` a higher logit? */
export function isAhead({ shorts: all, width, outputs }: RecentRows, place: number, output: number): boolean {
  return output < outputs && all[place * width + shorts.leads + output] === 1;
}

interface HeardBand extends Pick<EvidenceWindow, "features" | "foreignLines" | "lineOrders"> {
  readonly columns: LineColumns;
}

function writeBand(
  to: Int16Array,
  at: number,
  { columns, features, foreignLines = noForeignLines, lineOrders }: HeardBand,
): void {
  const { hum, shaft } = foreignLines;
  const { lines, harmonics } = columns;
  for (let index = 0; index < lines.length; index++) {
    const column = lines[index]!;
    const steps = Math.round(features[column]! * stepsPerLog);
    const known = Number.isFinite(steps) ? Math.max(-maxSteps, Math.min(maxSteps, steps)) : noSteps;
    const foreign = (hum.includes(column) ? bits.hum : 0) + (shaft.includes(column) ? bits.shaft : 0);
    to[at + index] = (known << bits.steps) + foreign;
  }
  for (let index = 0; index < harmonics.length; index++) {
    to[at + lines.length + index] = encodePlace(lineOrders?.[harmonics[index]!] ?? Number.NaN);
  }
}

function encodePlace(order: number): number {
  const steps = Math.round(Math.log(Math.abs(order) / lowestPlace) * placesPerLog);
  return steps > 0 && steps <= maxPlace ? Math.sign(order) * steps : noPlace;
}

function decodePlace(steps: number): number {
  return Math.sign(steps) * lowestPlace * Math.exp(Math.abs(steps) / placesPerLog);
}

/** The window at `place`. */
export function readRow(rows: RecentRows, place: number): KnownWindow {
  const double = place * doubles.width;
  const short = place * rows.width;
  const revolutions = rows.shorts[short + shorts.revolutions]!;
  const lower = readBand(rows.shorts, short + shorts.leads + rows.outputs, rows);
  const hasUpper = rows.upper !== null && rows.shorts[short + shorts.hasUpper] === 1;
  const upper = hasUpper ? readBand(rows.upper!, place * countKept(rows.columns), rows) : null;
  return {
    toMs: rows.doubles[double + doubles.toMs]!,
    shaftRpm: rows.doubles[double + doubles.shaftRpm]!,
    revolutions: revolutions === noRevolutions ? Number.NaN : revolutions,
    powerKw: rows.doubles[double + doubles.powerKw]!,
    ...lower,
    ...(upper === null
      ? {}
      : {
          upperFeatures: upper.features,
          upperForeignLines: upper.foreignLines,
          upperLineOrders: upper.lineOrders,
        }),
  };
}

interface KnownBand {
  readonly features: Float32Array;
  readonly foreignLines: ForeignLines;
  readonly lineOrders: Float32Array;
}

function readBand(from: Int16Array, at: number, { columns, features: count }: Shape): KnownBand {
  const { lines, harmonics } = columns;
  const features = new Float32Array(count).fill(Number.NaN);
  const lineOrders = new Float32Array(count).fill(Number.NaN);
  const hum: number[] = [];
  const shaft: number[] = [];
  for (const [index, column] of lines.entries()) {
    const kept = from[at + index]!;
    const steps = kept >> bits.steps;
    if (steps !== noSteps) features[column] = steps / stepsPerLog;
    if ((kept & bits.hum) !== 0) hum.push(column);
    if ((kept & bits.shaft) !== 0) shaft.push(column);
  }
  for (const [index, column] of harmonics.entries()) {
    const steps = from[at + lines.length + index]!;
    if (steps !== noPlace) lineOrders[column] = decodePlace(steps);
  }
  return { features, foreignLines: { hum, shaft }, lineOrders };
}

function leads(logits: ArrayLike<number>, output: number): boolean {
  for (let other = 0; other < logits.length; other++) {
    if (logits[other]! > logits[output]!) return false;
  }
  return true;
}
