/**
 * The windows that a baseline is learnt from, in the order of time: numbers in a row each, since a gateway may learn of a
 * thousand points at once. Judges none, and lets none go by itself.
 */
import type { KeptWindow } from "./baseline-snapshot.ts";
import type { HealthyWindow } from "./fit-site-baseline.ts";

export interface KeptWindows {
  readonly length: number;
  /** Keeps a copy; all have as many levels and logits as the first. */
  push(window: HealthyWindow): void;
  /** Lets go of every window for whose place `isWanted` says no. */
  retain(isWanted: (place: number) => boolean): void;
  clear(): void;
  /** All; their levels and logits are valid until the next change. */
  list(): readonly HealthyWindow[];
  /** The caller's own copy, as it is written down. */
  snapshot(): KeptWindow[];
}

/** Of a row: when it began and ended, and the shaft's speed; its logits follow. */
const fields = { fromMs: 0, toMs: 1, shaftRpm: 2, logits: 3 } as const;
/** Rows for which room is made at first; it doubles. */
const firstRows = 16;

/** Begins with what the last run kept; what does not have the shape of its first window is left out. */
export function createKeptWindows(before: readonly KeptWindow[] = []): KeptWindows {
  let length = 0;
  let outputs = 0;
  let bands = 0;
  let rows = new Float64Array(0);
  /** Single precision, as they are measured. */
  let levels = new Float32Array(0);
  /** By place; most have none. */
  let features: (readonly number[] | undefined)[] = [];

  const rowWidth = (): number => fields.logits + outputs;
  const grow = (): void => {
    const wanted = Math.max(firstRows, 2 * length);
    const [grownRows, grownLevels] = [
      new Float64Array(wanted * rowWidth()),
      new Float32Array(wanted * bands),
    ];
    grownRows.set(rows);
    grownLevels.set(levels);
    rows = grownRows;
    levels = grownLevels;
  };
  const clear = (): void => {
    length = 0;
    rows = new Float64Array(0);
    levels = new Float32Array(0);
    features = [];
  };
  const push = (window: HealthyWindow): void => {
    if (length === 0) {
      clear();
      outputs = window.logits.length;
      bands = window.levels.length;
    }
    const at = length * rowWidth();
    if (at >= rows.length) grow();
    rows[at + fields.fromMs] = window.fromMs;
    rows[at + fields.toMs] = window.toMs;
    rows[at + fields.shaftRpm] = window.shaftRpm;
    rows.set(window.logits, at + fields.logits);
    levels.set(window.levels, length * bands);
    features[length] = window.features;
    length++;
  };
  const windowAt = (place: number): HealthyWindow => {
    const at = place * rowWidth();
    const window = {
      fromMs: rows[at + fields.fromMs]!,
      toMs: rows[at + fields.toMs]!,
      shaftRpm: rows[at + fields.shaftRpm]!,
      levels: levels.subarray(place * bands, (place + 1) * bands),
      logits: rows.subarray(at + fields.logits, at + rowWidth()),
    };
    const known = features[place];
    return known === undefined ? window : { ...window, features: known };
  };
  const list = (): HealthyWindow[] => Array.from({ length }, (_, place) => windowAt(place));

  const [first] = before;
  for (const { levels: heard, ...window } of before) {
    if (heard.length !== first!.levels.length || window.logits.length !== first!.logits.length) continue;
    push({ ...window, levels: heard.map((value) => value ?? Number.NaN) });
  }
  return {
    get length() {
      return length;
    },
    push,
    retain: (isWanted) => {
      const wanted = list().filter((_, place) => isWanted(place));
      clear();
      for (const window of wanted) push(window);
    },
    clear,
    list,
    snapshot: () =>
      list().map((window) => ({
        ...window,
        levels: Array.from(window.levels, (value) => (Number.isFinite(value) ? value : null)),
        logits: Array.from(window.logits),
      })),
  };
}
