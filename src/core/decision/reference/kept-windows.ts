/**
 * The windows that a baseline is learnt from, in the order of time: numbers in a row each, since a gateway may learn of a
 * thousand points at once. Judges none, and lets none go by itself.
 */
import { growRowSpace, makeRowSpace, type RowWidth } from "../../maths/row-space.ts";
import type { KeptWindow } from "./baseline-snapshot.ts";
import type { HealthyWindow } from "./fit-site-baseline.ts";

export interface KeptWindows {
  readonly length: number;
  /** Keeps a copy; all have as many levels and logits as the first. */
  push(window: HealthyWindow): void;
  /** Lets go of every window for whose place `isWanted` says no. */
  retain(isWanted: (place: number) => boolean): void;
  clear(): void;
  /** When each began, epoch ms. */
  begins(): readonly number[];
  /** All; their levels and logits are valid until the next change. */
  list(): readonly HealthyWindow[];
  /** The caller's own copy, as it is written down. */
  snapshot(): KeptWindow[];
}

/** When a window began and ended, a bit an output that is explained in it, and 1 if it is pooled; what was measured of it is kept in single precision. */
const exact = { fromMs: 0, toMs: 1, explained: 2, isPooled: 3, width: 4 } as const;
/** The shaft's speed; levels and logits follow. */
const measured = { shaftRpm: 0, levels: 1 } as const;
/** Rows for which room is made at once: copying all of them is cheap, and double the room would be half empty a point. */
const moreRows = 8;

/** Begins with what the last run kept; what does not have the shape of its first window is left out. */
export function createKeptWindows(before: readonly KeptWindow[] = []): KeptWindows {
  const kept = new LearntRows();
  const [first] = before;
  for (const { levels: heard, ...window } of before) {
    if (heard.length !== first!.levels.length || window.logits.length !== first!.logits.length) continue;
    kept.push({ ...window, levels: heard.map((value) => value ?? Number.NaN) });
  }
  return kept;
}

const noRows = makeRowSpace(0, { doubles: 0, singles: 0 });

class LearntRows implements KeptWindows {
  length = 0;
  #outputs = 0;
  #bands = 0;
  /** Of each window what is {@link exact}, and what was {@link measured}. */
  #space = noRows;
  /** Most have none. */
  readonly #features = new FeatureRows();

  push(window: HealthyWindow): void {
    if (this.length === 0) {
      this.clear();
      this.#outputs = window.logits.length;
      this.#bands = window.levels.length;
    }
    const own = this.length * exact.width;
    if (own >= this.#space.doubles.length)
      this.#space = growRowSpace(this.#space, this.length + moreRows, this.#width());
    const { doubles, singles } = this.#space;
    doubles[own + exact.fromMs] = window.fromMs;
    doubles[own + exact.toMs] = window.toMs;
    doubles[own + exact.explained] = toBits(window.explained ?? []);
    doubles[own + exact.isPooled] = window.isPooled === true ? 1 : 0;
    const at = this.length * this.#rowWidth();
    singles[at + measured.shaftRpm] = window.shaftRpm;
    singles.set(window.levels, at + measured.levels);
    singles.set(window.logits, at + measured.levels + this.#bands);
    if (window.features !== undefined) this.#features.push(this.length, window.features);
    this.length++;
  }

  retain(isWanted: (place: number) => boolean): void {
    const wanted = Array.from({ length: this.length }, (_, place) => place).filter(isWanted);
    const space = makeRowSpace(wanted.length + moreRows, this.#width());
    copyRows(this.#space.doubles, space.doubles, { width: exact.width, places: wanted });
    copyRows(this.#space.singles, space.singles, { width: this.#rowWidth(), places: wanted });
    this.#space = space;
    this.length = wanted.length;
    this.#features.retain(wanted);
  }

  clear(): void {
    this.length = 0;
    this.#space = noRows;
    this.#features.clear();
  }

  begins(): readonly number[] {
    const { doubles } = this.#space;
    return Array.from({ length: this.length }, (_, place) => doubles[place * exact.width + exact.fromMs]!);
  }

  list(): readonly HealthyWindow[] {
    return Array.from({ length: this.length }, (_, place) => this.#windowAt(place));
  }

  snapshot(): KeptWindow[] {
    return this.list().map(({ fromMs, toMs, shaftRpm, levels, logits, explained, isPooled, features }) => ({
      fromMs,
      toMs,
      shaftRpm,
      levels: Array.from(levels, (value) => (Number.isFinite(value) ? value : null)),
      logits: Array.from(logits),
      explained,
      isPooled,
      features: features && Array.from(features),
    }));
  }

  #rowWidth(): number {
    return measured.levels + this.#bands + this.#outputs;
  }

  #width(): RowWidth {
    return { doubles: exact.width, singles: this.#rowWidth() };
  }

  #windowAt(place: number): HealthyWindow {
    const { doubles, singles } = this.#space;
    const [own, at] = [place * exact.width, place * this.#rowWidth()];
    const logits = at + measured.levels + this.#bands;
    const explained = fromBits(doubles[own + exact.explained]!);
    // With every key: what is spread has a hidden class of its own, each.
    return {
      fromMs: doubles[own + exact.fromMs]!,
      toMs: doubles[own + exact.toMs]!,
      shaftRpm: singles[at + measured.shaftRpm]!,
      levels: singles.subarray(at + measured.levels, logits),
      logits: singles.subarray(logits, logits + this.#outputs),
      explained: explained.length === 0 ? undefined : explained,
      isPooled: doubles[own + exact.isPooled] === 1 ? true : undefined,
      features: this.#features.at(place),
      isQuieter: undefined,
    };
  }
}

/** One a place, of 32 at most. */
function toBits(places: readonly number[]): number {
  return places.reduce((bits, place) => (bits | (1 << place)) >>> 0, 0);
}

function fromBits(bits: number): number[] {
  const places: number[] = [];
  for (let place = 0; bits >>> place > 0 && place < 32; place++) if ((bits >>> place) & 1) places.push(place);
  return places;
}

const noFeatures = new Float32Array(0);
/** Of features room for so many more windows is made at once. */
const moreFeatures = 4;

/** The features of some of the windows, in single precision as they are measured, one row behind the other. */
class FeatureRows {
  /** Of the windows that have features, ascending. */
  #places: number[] = [];
  #width = 0;
  #values = noFeatures;

  /** Those of a later window than all that are kept; left out when they are not as many as the first's. */
  push(place: number, features: ArrayLike<number>): void {
    const rows = this.#places.length;
    if (rows === 0) this.#width = features.length;
    if (features.length !== this.#width) return;
    if ((rows + 1) * this.#width > this.#values.length) {
      const grown = new Float32Array((rows + moreFeatures) * this.#width);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values.set(features, rows * this.#width);
    this.#places.push(place);
  }

  /** Undefined: none are kept. Valid until the next change. */
  at(place: number): Float32Array | undefined {
    const row = this.#places.indexOf(place);
    return row < 0 ? undefined : this.#values.subarray(row * this.#width, (row + 1) * this.#width);
  }

  /** Lets go of all but those of the windows at `wanted`, ascending, which come to lie one behind the other. */
  retain(wanted: readonly number[]): void {
    const rows = wanted.map((place) => this.#places.indexOf(place));
    const kept = rows.filter((row) => row >= 0);
    const values = new Float32Array((kept.length + moreFeatures) * this.#width);
    copyRows(this.#values, values, { width: this.#width, places: kept });
    this.#places = rows.flatMap((row, place) => (row < 0 ? [] : [place]));
    this.#values = values;
  }

  clear(): void {
    [this.#places, this.#values] = [[], noFeatures];
  }
}

/** Copies the rows at these places, one behind the other. */
function copyRows(
  from: Float64Array | Float32Array,
  to: Float64Array | Float32Array,
  { width, places }: { readonly width: number; readonly places: readonly number[] },
): void {
  let at = 0;
  for (const place of places)
    for (let index = place * width; index < (place + 1) * width; index++) to[at++] = from[index]!;
}
