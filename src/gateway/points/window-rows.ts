/**
 * Windows on their way from a thread of points, as two arrays of numbers however many there are: an object for each costs either
 * thread as much as all else that is done to pass it on.
 */
import { type OperatingState, operatingStates } from "../../core/contract/prediction.ts";
import { composeWindow, type FeatureWindow, type ForeignLines } from "../../core/contract/stream.ts";
import { noForeignLines } from "../../core/explain/foreign-lines.ts";
import type { DueWindow } from "../../core/serving/measuring-point.ts";
import type { WindowBundle } from "../../core/serving/spec-cutter.ts";
import type { ChainPoint } from "./signal-chain.ts";

/** Some windows in their order. Plain data. */
export interface WindowRows {
  /** A row each: {@link headDoubles} numbers. */
  readonly heads: Float64Array;
  /** Features, those of the band above, levels, which lines stand on hum and on the shaft in each band, and where all stand, one window after the other. */
  readonly values: Float32Array;
}

/** A window that was read, as its thread knows it: by the numbers of its point and its bundle. */
interface ReadWindow {
  readonly point: number;
  readonly bundle: number;
  readonly window: FeatureWindow;
  readonly operatingState: OperatingState;
  readonly powerKw: number;
}

/**
 * Point, bundle, state, from, to, speed, arrival, power, and how many features, features of the band above, levels, lines on hum and
 * on the shaft, those of the band above, and places of lines in both; −1: none. Then 1 where it is pooled, else 0.
 */
const headDoubles = 18;

/** Gathers rows. */
interface WindowRowsWriter {
  /** Of windows that were added since they were taken last. */
  readonly count: number;
  add(point: number, due: DueWindow<WindowBundle & { readonly number: number }>): void;
  /** Takes them out. */
  take(): WindowRows;
}

/** Creates it with none. */
export function createWindowRowsWriter(): WindowRowsWriter {
  let heads = new Float64Array(24 * headDoubles);
  let values = new Float32Array(2048);
  let [count, length] = [0, 0];
  const add = (some: ArrayLike<number> | undefined): number => {
    if (some === undefined) return -1;
    if (length + some.length > values.length) {
      const grown = new Float32Array(2 * (length + some.length));
      grown.set(values);
      values = grown;
    }
    values.set(some, length);
    length += some.length;
    return some.length;
  };
  return {
    get count() {
      return count;
    },
    add: (point, { window, bundle, operatingState, powerKw = Number.NaN }) => {
      const at = count * headDoubles;
      if (at === heads.length) {
        const grown = new Float64Array(2 * at);
        grown.set(heads);
        heads = grown;
      }
      heads[at] = point;
      heads[at + 1] = bundle.number;
      heads[at + 2] = operatingStates.indexOf(operatingState);
      heads[at + 3] = window.fromMs;
      heads[at + 4] = window.toMs;
      heads[at + 5] = window.shaftRpm;
      heads[at + 6] = window.arrivedMonotonicMs;
      heads[at + 7] = powerKw;
      heads[at + 8] = add(window.features);
      heads[at + 9] = add(window.upperFeatures);
      heads[at + 10] = add(window.levels);
      heads[at + 11] = add(window.foreignLines?.hum);
      heads[at + 12] = add(window.foreignLines?.shaft);
      heads[at + 13] = add(window.upperForeignLines?.hum);
      heads[at + 14] = add(window.upperForeignLines?.shaft);
      heads[at + 15] = add(window.lineOrders);
      heads[at + 16] = add(window.upperLineOrders);
      heads[at + 17] = window.isPooled === true ? 1 : 0;
      count++;
    },
    take: () => {
      const rows = { heads: heads.slice(0, count * headDoubles), values: values.slice(0, length) };
      [count, length] = [0, 0];
      return rows;
    },
  };
}

/** Reads rows one after the other. The windows' numbers lie in `values`: who keeps a few of them for long copies them. */
export function createWindowRowsReader(
  { heads, values }: WindowRows,
  points: readonly Pick<ChainPoint, "id">[],
): () => ReadWindow {
  let [at, length] = [0, 0];
  const take = (many: number): Float32Array | null => {
    if (many < 0) return null;
    length += many;
    return values.subarray(length - many, length);
  };
  const takeLines = (many: number): readonly number[] =>
    many > 0 ? Array.from(take(many)!) : noForeignLines.hum;
  const takeForeign = (hum: number, shaft: number): ForeignLines =>
    hum > 0 || shaft > 0 ? { hum: takeLines(hum), shaft: takeLines(shaft) } : noForeignLines;
  return () => {
    const point = heads[at]!;
    const { id } = points[point]!;
    const read = {
      point,
      bundle: heads[at + 1]!,
      window: composeWindow({
        point: id,
        fromMs: heads[at + 3]!,
        toMs: heads[at + 4]!,
        shaftRpm: heads[at + 5]!,
        features: take(heads[at + 8]!)!,
        upperFeatures: take(heads[at + 9]!),
        levels: take(heads[at + 10]!),
        foreignLines: takeForeign(heads[at + 11]!, heads[at + 12]!),
        upperForeignLines: takeForeign(heads[at + 13]!, heads[at + 14]!),
        lineOrders: take(heads[at + 15]!)!,
        upperLineOrders: take(heads[at + 16]!),
        arrivedMonotonicMs: heads[at + 6]!,
        isPooled: heads[at + 17] === 1,
      }),
      operatingState: operatingStates[heads[at + 2]!]!,
      powerKw: heads[at + 7]!,
    };
    at += headDoubles;
    return read;
  };
}
