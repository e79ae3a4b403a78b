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

/** Of a row: when it began and ended, and the shaft's speed; its logits follow. */
const fields = { fromMs: 0, toMs: 1, shaftRpm: 2, logits: 3 } as const;
/** Rows for which room is made at once: copying all of them is cheap, and double the room would be half empty a point. */
const moreRows = 8;

/** Begins with what the last run kept; what does not have the shape of its first window is left out. */
export function createKeptWindows(before: readonly KeptWindow[] = []): KeptWindows {
  const kept = new Rows();
  const [first] = before;
  for (const { levels: heard, ...window } of before) {
    if (heard.length !== first!.levels.length || window.logits.length !== first!.logits.length) continue;
    kept.push({ ...window, levels: heard.map((value) => value ?? Number.NaN) });
  }
  return kept;
}

const noRows = makeRowSpace(0, { doubles: 0, singles: 0 });

class Rows implements KeptWindows {
  length = 0;
  #outputs = 0;
  #bands = 0;
  /** Of each window its {@link fields} and logits, and its levels in single precision, as they are measured. */
  #space = noRows;
  /** By place; most have none. */
  readonly #features = new Map<number, readonly number[]>();

  push(window: HealthyWindow): void {
    if (this.length === 0) {
      this.clear();
      this.#outputs = window.logits.length;
      this.#bands = window.levels.length;
    }
    const at = this.length * this.#rowWidth();
    if (at >= this.#space.doubles.length) this.#grow();
    const { doubles, singles } = this.#space;
    doubles[at + fields.fromMs] = window.fromMs;
    doubles[at + fields.toMs] = window.toMs;
    doubles[at + fields.shaftRpm] = window.shaftRpm;
    doubles.set(window.logits, at + fields.logits);
    singles.set(window.levels, this.length * this.#bands);
    if (window.features !== undefined) this.#features.set(this.length, window.features);
    this.length++;
  }

  retain(isWanted: (place: number) => boolean): void {
    const wanted = Array.from({ length: this.length }, (_, place) => place).filter(isWanted);
    const features = wanted.map((place) => this.#features.get(place));
    const space = makeRowSpace(wanted.length + moreRows, this.#width());
    copyRows(this.#space.doubles, space.doubles, { width: this.#rowWidth(), places: wanted });
    copyRows(this.#space.singles, space.singles, { width: this.#bands, places: wanted });
    this.#space = space;
    this.length = wanted.length;
    this.#features.clear();
    for (const [place, known] of features.entries())
      if (known !== undefined) this.#features.set(place, known);
  }

  clear(): void {
    this.length = 0;
    this.#space = noRows;
    this.#features.clear();
  }

  begins(): readonly number[] {
    const width = this.#rowWidth();
    const { doubles } = this.#space;
    return Array.from({ length: this.length }, (_, place) => doubles[place * width + fields.fromMs]!);
  }

  list(): readonly HealthyWindow[] {
    return Array.from({ length: this.length }, (_, place) => this.#windowAt(place));
  }

  snapshot(): KeptWindow[] {
    return this.list().map(({ levels, logits, ...window }) => ({
      ...window,
      levels: Array.from(levels, (value) => (Number.isFinite(value) ? value : null)),
      logits: Array.from(logits),
    }));
  }

  #rowWidth(): number {
    return fields.logits + this.#outputs;
  }

  #width(): RowWidth {
    return { doubles: this.#rowWidth(), singles: this.#bands };
  }

  #grow(): void {
    this.#space = growRowSpace(this.#space, this.length + moreRows, this.#width());
  }

  #windowAt(place: number): HealthyWindow {
    const { doubles, singles } = this.#space;
    const at = place * this.#rowWidth();
    const window = {
      fromMs: doubles[at + fields.fromMs]!,
      toMs: doubles[at + fields.toMs]!,
      shaftRpm: doubles[at + fields.shaftRpm]!,
      levels: singles.subarray(place * this.#bands, (place + 1) * this.#bands),
      logits: doubles.subarray(at + fields.logits, at + this.#rowWidth()),
    };
    const known = this.#features.get(place);
    return known === undefined ? window : { ...window, features: known };
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
