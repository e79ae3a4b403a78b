/**
 * The windows that a measuring point saw last, as far as physical evidence reads them: a ring of fixed size, which copies what
 * it is given. Decides nothing.
 */
import type { ForeignLines } from "../contract/stream.ts";
import { noForeignLines } from "./foreign-lines.ts";
import type { EvidenceWindow } from "./physical-evidence.ts";

/** A window with what the model said of it. */
export interface RecentWindow extends EvidenceWindow {
  /** Epoch ms of its last sample. */
  readonly toMs: number;
  /** One an output. */
  readonly logits: ArrayLike<number>;
}

/** A window that is known once more: of its features those that are lines, NaN for the others. */
export type KnownWindow = EvidenceWindow & Pick<RecentWindow, "toMs">;

/** The last windows of one point, all of one model. */
export interface RecentWindows {
  note(window: RecentWindow): void;
  /**
   * The windows after `sinceMs` that spoke for `output`, oldest first: those in which no other output had a higher logit.
   * Where none did, all after `sinceMs`; where there are none, the last.
   */
  listSpeaking(alarm: { readonly output: number; readonly sinceMs: number }): readonly KnownWindow[];
}

/** The mean of a line over so many windows is known within half a decibel. */
const keptWindows = 60;

/** Windows for which room is made at first; it doubles. */
const firstWindows = 15;

/** Creates an empty ring; `columns` are the features that are lines (`fault-lines.ts`). */
export function createRecentWindows(
  columns: readonly number[],
  capacity: number = keptWindows,
): RecentWindows {
  return new Ring(columns, capacity);
}

class Ring implements RecentWindows {
  readonly #columns: readonly number[];
  readonly #capacity: number;
  #rows: Rows | null = null;
  #noted = 0;

  constructor(columns: readonly number[], capacity: number) {
    this.#columns = columns;
    this.#capacity = capacity;
  }

  note(window: RecentWindow): void {
    const { features, logits } = window;
    if (this.#rows?.features !== features.length || this.#rows.outputs !== logits.length) {
      this.#rows = makeRows(Math.min(firstWindows, this.#capacity), {
        features: features.length,
        outputs: logits.length,
        columns: this.#columns,
      });
      this.#noted = 0;
    }
    if (this.#noted === this.#rows.windows && this.#noted < this.#capacity) {
      this.#rows = growRows(this.#rows, Math.min(2 * this.#noted, this.#capacity));
    }
    writeRow(this.#rows, this.#noted % this.#rows.windows, window);
    this.#noted++;
  }

  listSpeaking({ output, sinceMs }: { readonly output: number; readonly sinceMs: number }): KnownWindow[] {
    const rows = this.#rows;
    if (rows === null) return [];
    const length = Math.min(this.#noted, rows.windows);
    const places = Array.from({ length }, (_, at) => (this.#noted - length + at) % rows.windows);
    const since = places.filter((place) => rows.doubles[place * doubles.width + doubles.toMs]! > sinceMs);
    const leading = since.filter((place) => isAhead(rows, place, output));
    const speaking = leading.length > 0 ? leading : since.length > 0 ? since : places.slice(-1);
    return speaking.map((place) => readRow(rows, place));
  }
}

/** What the windows are of. */
interface Shape {
  readonly features: number;
  readonly outputs: number;
  /** The features that are lines. */
  readonly columns: readonly number[];
}

/** The windows as numbers in a row each: as objects those of a thousand points would take 40 MB. */
interface Rows extends Shape {
  /** For so many windows there is room. */
  readonly windows: number;
  /** {@link doubles} of each. */
  readonly doubles: Float64Array;
  /** {@link shorts} of each, then its lines; `width` in all. */
  readonly shorts: Int16Array;
  readonly width: number;
  /** The lines of the upper band; made when a window first has one. */
  upper: Int16Array | null;
}

const doubles = { toMs: 0, shaftRpm: 1, powerKw: 2, width: 3 } as const;
/** Whether it has an upper band, and of each output whether none is ahead of it, 1 or 0. */
const shorts = { hasUpper: 0, leads: 1 } as const;

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

function makeRows(windows: number, { features, outputs, columns }: Shape): Rows {
  const width = shorts.leads + outputs + columns.length;
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
function growRows(rows: Rows, windows: number): Rows {
  const grown = makeRows(windows, rows);
  grown.doubles.set(rows.doubles);
  grown.shorts.set(rows.shorts);
  if (rows.upper === null) return grown;
  grown.upper = makeUpper(grown);
  grown.upper.set(rows.upper);
  return grown;
}

function makeUpper({ windows, columns }: Rows): Int16Array {
  return new Int16Array(windows * columns.length);
}

function writeRow(rows: Rows, place: number, window: RecentWindow): void {
  const { toMs, shaftRpm, powerKw = Number.NaN, features, upperFeatures, logits } = window;
  const double = place * doubles.width;
  rows.doubles[double + doubles.toMs] = toMs;
  rows.doubles[double + doubles.shaftRpm] = shaftRpm;
  rows.doubles[double + doubles.powerKw] = powerKw;
  const short = place * rows.width;
  rows.shorts[short + shorts.hasUpper] = upperFeatures === undefined ? 0 : 1;
  for (let output = 0; output < rows.outputs; output++) {
    rows.shorts[short + shorts.leads + output] = leads(logits, output) ? 1 : 0;
  }
  const { columns } = rows;
  writeLines(rows.shorts, short + shorts.leads + rows.outputs, {
    columns,
    features,
    foreignLines: window.foreignLines,
  });
  if (upperFeatures === undefined) return;
  rows.upper ??= makeUpper(rows);
  writeLines(rows.upper, place * columns.length, {
    columns,
    features: upperFeatures,
    foreignLines: window.upperForeignLines,
  });
}

function isAhead({ shorts: all, width, outputs }: Rows, place: number, output: number): boolean {
  return output < outputs && all[place * width + shorts.leads + output] === 1;
}

interface BandLines extends Pick<EvidenceWindow, "features" | "foreignLines"> {
  readonly columns: readonly number[];
}

function writeLines(
  to: Int16Array,
  at: number,
  { columns, features, foreignLines = noForeignLines }: BandLines,
): void {
  const { hum, shaft } = foreignLines;
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index]!;
    const steps = Math.round(features[column]! * stepsPerLog);
    const known = Number.isFinite(steps) ? Math.max(-maxSteps, Math.min(maxSteps, steps)) : noSteps;
    const foreign = (hum.includes(column) ? bits.hum : 0) + (shaft.includes(column) ? bits.shaft : 0);
    to[at + index] = (known << bits.steps) + foreign;
  }
}

function readRow(rows: Rows, place: number): KnownWindow {
  const double = place * doubles.width;
  const short = place * rows.width;
  const lower = readLines(rows.shorts, short + shorts.leads + rows.outputs, rows);
  const hasUpper = rows.upper !== null && rows.shorts[short + shorts.hasUpper] === 1;
  const upper = hasUpper ? readLines(rows.upper!, place * rows.columns.length, rows) : null;
  return {
    toMs: rows.doubles[double + doubles.toMs]!,
    shaftRpm: rows.doubles[double + doubles.shaftRpm]!,
    powerKw: rows.doubles[double + doubles.powerKw]!,
    features: lower.features,
    foreignLines: lower.foreignLines,
    ...(upper === null ? {} : { upperFeatures: upper.features, upperForeignLines: upper.foreignLines }),
  };
}

function readLines(
  from: Int16Array,
  at: number,
  { columns, features }: Shape,
): { readonly features: Float32Array; readonly foreignLines: ForeignLines } {
  const lines = new Float32Array(features).fill(Number.NaN);
  const hum: number[] = [];
  const shaft: number[] = [];
  for (const [index, column] of columns.entries()) {
    const kept = from[at + index]!;
    const steps = kept >> bits.steps;
    if (steps !== noSteps) lines[column] = steps / stepsPerLog;
    if ((kept & bits.hum) !== 0) hum.push(column);
    if ((kept & bits.shaft) !== 0) shaft.push(column);
  }
  return { features: lines, foreignLines: { hum, shaft } };
}

function leads(logits: ArrayLike<number>, output: number): boolean {
  for (let other = 0; other < logits.length; other++) {
    if (logits[other]! > logits[output]!) return false;
  }
  return true;
}
