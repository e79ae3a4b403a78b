/**
 * Sketches and moments as the bytes of a row, whatever the engine, and their merging by column: counts as uint32, moments as float64, little endian. Knows no table.
 *
 * ```
 * sketches  version u8, then each: feature u16, bins u8, invalid u32, mean f64, sumSquares f64, min f64, max f64, counts u32 × bins
 * moments   version u8, then each: feature u16, count u32, mean f64, sumSquares f64
 * ```
 */

import type { FeatureSketch } from "../../core/contract/uplink-record.ts";
import { mergeMoments } from "../../core/maths/moments.ts";

/** Moments of one column in one slot at one load. */
export interface ColumnMoments {
  readonly feature: number;
  readonly count: number;
  readonly mean: number;
  readonly sumSquares: number;
}

const version = 1;
const sketchBytes = 2 + 1 + 4 + 4 * 8;
const momentBytes = 2 + 4 + 2 * 8;
const maxUint32 = 0xffff_ffff;

/** Packs sketches in their order. @throws RangeError when a count is beyond 2^32 − 1 */
export function packSketches(sketches: readonly FeatureSketch[]): Uint8Array {
  let size = 1;
  for (const { counts } of sketches) size += sketchBytes + 4 * counts.length;
  const view = new DataView(new ArrayBuffer(size));
  view.setUint8(0, version);
  let at = 1;
  for (const { feature, counts, invalid, mean, sumSquares, min, max } of sketches) {
    view.setUint16(at, feature, true);
    view.setUint8(at + 2, counts.length);
    view.setUint32(at + 3, checkCount(invalid), true);
    view.setFloat64(at + 7, mean, true);
    view.setFloat64(at + 15, sumSquares, true);
    view.setFloat64(at + 23, min, true);
    view.setFloat64(at + 31, max, true);
    at += sketchBytes;
    for (const count of counts) {
      view.setUint32(at, checkCount(count), true);
      at += 4;
    }
  }
  return new Uint8Array(view.buffer);
}

export function unpackSketches(bytes: Uint8Array): FeatureSketch[] {
  const view = openView(bytes);
  const sketches: FeatureSketch[] = [];
  for (let at = 1; at < bytes.length; ) {
    const bins = view.getUint8(at + 2);
    const counts = new Array<number>(bins);
    for (let bin = 0; bin < bins; bin++) counts[bin] = view.getUint32(at + sketchBytes + 4 * bin, true);
    sketches.push({
      feature: view.getUint16(at, true),
      counts,
      invalid: view.getUint32(at + 3, true),
      mean: view.getFloat64(at + 7, true),
      sumSquares: view.getFloat64(at + 15, true),
      min: view.getFloat64(at + 23, true),
      max: view.getFloat64(at + 31, true),
    });
    at += sketchBytes + 4 * bins;
  }
  return sketches;
}

/** Packs moments in their order. @throws RangeError when a count is beyond 2^32 − 1 */
export function packMoments(columns: readonly ColumnMoments[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(1 + momentBytes * columns.length));
  view.setUint8(0, version);
  let at = 1;
  for (const { feature, count, mean, sumSquares } of columns) {
    view.setUint16(at, feature, true);
    view.setUint32(at + 2, checkCount(count), true);
    view.setFloat64(at + 6, mean, true);
    view.setFloat64(at + 14, sumSquares, true);
    at += momentBytes;
  }
  return new Uint8Array(view.buffer);
}

export function unpackMoments(bytes: Uint8Array): ColumnMoments[] {
  const view = openView(bytes);
  const columns: ColumnMoments[] = [];
  for (let at = 1; at < bytes.length; at += momentBytes) {
    columns.push({
      feature: view.getUint16(at, true),
      count: view.getUint32(at + 2, true),
      mean: view.getFloat64(at + 6, true),
      sumSquares: view.getFloat64(at + 14, true),
    });
  }
  return columns;
}

function openView(bytes: Uint8Array): DataView {
  if (bytes[0] !== version) throw new RangeError(`drift bytes of version ${bytes[0]}, expected ${version}`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function checkCount(count: number): number {
  if (count <= maxUint32) return count;
  throw new RangeError(`a count of ${count} within one period, at most ${maxUint32} are kept`);
}

/** Merges two lists by their columns; in the order of the columns. */
export function mergeColumns<T extends { readonly feature: number }>(
  stored: readonly T[],
  added: readonly T[],
  merge: (a: T, b: T) => T,
): T[] {
  const byFeature = new Map(stored.map((column) => [column.feature, column]));
  for (const column of added) {
    const before = byFeature.get(column.feature);
    byFeature.set(column.feature, before === undefined ? column : merge(before, column));
  }
  return [...byFeature.values()].sort((a, b) => a.feature - b.feature);
}

/** Of the values of both. */
export function mergeColumn(a: ColumnMoments, b: ColumnMoments): ColumnMoments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  return { feature: a.feature, ...mergeMoments(a, b) };
}
