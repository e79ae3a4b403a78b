/**
 * The windows that a measuring point saw last, as far as physical evidence reads them: a ring of fixed size, which copies what
 * it is given. Decides nothing.
 */
import { growRowSpace, makeRowSpace, type RowWidth } from "../maths/row-space.ts";
import { noHum } from "./mains-hum.ts";
import type { EvidenceWindow } from "./physical-evidence.ts";

/** A window with what the model said of it. */
export interface RecentWindow extends EvidenceWindow {
  /** Epoch ms of its last sample. */
  readonly toMs: number;
  /** One an output. */
  readonly logits: ArrayLike<number>;
}

/** The last windows of one point, all of one model. */
export interface RecentWindows {
  note(window: RecentWindow): void;
  /** Another model serves: what was noted has other features. */
  clear(): void;
  /**
   * The windows after `sinceMs` that spoke for `output`, oldest first: those in which no other output had a higher logit.
   * Where none did, all after `sinceMs`; where there are none, the last.
   */
  listSpeaking(alarm: { readonly output: number; readonly sinceMs: number }): readonly RecentWindow[];
}

/** The mean of a line over so many windows is known within half a decibel. */
const keptWindows = 60;

/** Windows for which room is made at first; it doubles. */
const firstWindows = 8;

/** Creates an empty ring. */
export function createRecentWindows(capacity: number = keptWindows): RecentWindows {
  return new Ring(capacity);
}

class Ring implements RecentWindows {
  readonly #capacity: number;
  #rows: Rows | null = null;
  #noted = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  note(window: RecentWindow): void {
    if (this.#rows === null || !fits(this.#rows, window)) {
      this.#rows = makeRows(Math.min(firstWindows, this.#capacity), window);
      this.#noted = 0;
    }
    if (this.#noted === this.#rows.windows && this.#noted < this.#capacity) {
      this.#rows = growRows(this.#rows, Math.min(2 * this.#noted, this.#capacity));
    }
    writeRow(this.#rows, this.#noted % this.#rows.windows, window);
    this.#noted++;
  }

  clear(): void {
    this.#rows = null;
    this.#noted = 0;
  }

  listSpeaking({ output, sinceMs }: { readonly output: number; readonly sinceMs: number }): RecentWindow[] {
    const all = this.#listInOrder();
    const since = all.filter(({ toMs }) => toMs > sinceMs);
    const leading = since.filter(({ logits }) => leads(logits, output));
    if (leading.length > 0) return leading;
    return since.length > 0 ? since : all.slice(-1);
  }

  #listInOrder(): RecentWindow[] {
    const rows = this.#rows;
    if (rows === null) return [];
    const length = Math.min(this.#noted, rows.windows);
    const first = this.#noted - length;
    return Array.from({ length }, (_, at) => readRow(rows, (first + at) % rows.windows));
  }
}

/** The windows as numbers in a row each: as objects those of a thousand points would take 40 MB. */
interface Rows {
  /** For so many windows there is room. */
  readonly windows: number;
  readonly features: number;
  readonly outputs: number;
  /** {@link fields}, then the logits. */
  readonly doubles: Float64Array;
  /** The features, in single precision as they are. */
  readonly singles: Float32Array;
  /** The same of the upper band; made when a window first has one. */
  upper: Float32Array | null;
  /** 1 where a feature's line stands on hum, of the lower band and of the upper one; made when one first does. */
  hum: Uint8Array | null;
}

const fields = { toMs: 0, shaftRpm: 1, powerKw: 2, hasUpper: 3, logits: 4 } as const;

function makeRows(windows: number, { features, logits }: RecentWindow): Rows {
  return {
    windows,
    features: features.length,
    outputs: logits.length,
    ...makeRowSpace(windows, widthOf(features.length, logits.length)),
    upper: null,
    hum: null,
  };
}

function widthOf(features: number, outputs: number): RowWidth {
  return { doubles: fields.logits + outputs, singles: features };
}

/** The same windows with room for more. */
function growRows(rows: Rows, windows: number): Rows {
  const { features, outputs, upper, hum } = rows;
  const grownUpper = upper === null ? null : new Float32Array(windows * features);
  grownUpper?.set(upper!);
  const grownHum = hum === null ? null : new Uint8Array(2 * windows * features);
  grownHum?.set(hum!);
  return {
    windows,
    features,
    outputs,
    ...growRowSpace(rows, windows, widthOf(features, outputs)),
    upper: grownUpper,
    hum: grownHum,
  };
}

function fits({ features, outputs }: Rows, window: RecentWindow): boolean {
  return window.features.length === features && window.logits.length === outputs;
}

function writeRow(rows: Rows, place: number, window: RecentWindow): void {
  const { features, outputs, doubles, singles } = rows;
  const { toMs, shaftRpm, powerKw = Number.NaN, upperFeatures, logits } = window;
  const at = place * (fields.logits + outputs);
  doubles[at + fields.toMs] = toMs;
  doubles[at + fields.shaftRpm] = shaftRpm;
  doubles[at + fields.powerKw] = powerKw;
  doubles[at + fields.hasUpper] = upperFeatures === undefined ? 0 : 1;
  doubles.set(logits, at + fields.logits);
  singles.set(window.features, place * features);
  writeHum(rows, place, window);
  if (upperFeatures === undefined) return;
  rows.upper ??= new Float32Array(singles.length);
  rows.upper.set(upperFeatures, place * features);
}

function writeHum(
  rows: Rows,
  place: number,
  { humLines = noHum, upperHumLines = noHum }: RecentWindow,
): void {
  if (rows.hum === null && humLines.length + upperHumLines.length === 0) return;
  const { windows, features } = rows;
  rows.hum ??= new Uint8Array(2 * windows * features);
  const at = 2 * place * features;
  rows.hum.fill(0, at, at + 2 * features);
  for (const column of humLines) rows.hum[at + column] = 1;
  for (const column of upperHumLines) rows.hum[at + features + column] = 1;
}

function readHum(hum: Uint8Array | null, from: number, features: number): readonly number[] | undefined {
  if (hum === null) return undefined;
  return Array.from({ length: features }, (_, column) => column).filter((column) => hum[from + column] === 1);
}

function readRow({ features, outputs, doubles, singles, upper, hum }: Rows, place: number): RecentWindow {
  const at = place * (fields.logits + outputs);
  const featuresOf = (band: Float32Array): Float32Array =>
    band.slice(place * features, (place + 1) * features);
  return {
    toMs: doubles[at + fields.toMs]!,
    shaftRpm: doubles[at + fields.shaftRpm]!,
    powerKw: doubles[at + fields.powerKw]!,
    logits: doubles.slice(at + fields.logits, at + fields.logits + outputs),
    features: featuresOf(singles),
    upperFeatures: upper !== null && doubles[at + fields.hasUpper] === 1 ? featuresOf(upper) : undefined,
    humLines: readHum(hum, 2 * place * features, features),
    upperHumLines: readHum(hum, (2 * place + 1) * features, features),
  };
}

function leads(logits: ArrayLike<number>, output: number): boolean {
  for (let other = 0; other < logits.length; other++) {
    if (logits[other]! > logits[output]!) return false;
  }
  return output < logits.length;
}
