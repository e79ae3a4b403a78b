/** Bounds of what a record may hold, kept by the writer and demanded by the reader. */

/** Names, ids and versions, in UTF-16 units. */
export const maxNameLength = 256;
/** Free text. */
export const maxDetailLength = 4_096;
/** Id of an alert event, as long as `alertEventSchema` allows: four names of up to 63 characters and more. */
export const maxAlertIdLength = 512;
/** An alert event as JSON. */
export const maxAlertJsonLength = 262_144;
/** Rows of a prediction batch. */
export const maxBatchRows = 10_000;
/** Failure modes of a prediction batch. */
export const maxFailureModes = 32;
/** Sketches of a drift report. */
export const maxSketches = 512;
/** Bins of a sketch. */
export const maxBins = 64;
/** Reasons that a health record counts by. */
export const maxReasons = 64;

/** A value on the wire that no record may hold. */
export class WireRangeError extends RangeError {}

/** A text of at most `max` units and without NUL; throws {@link WireRangeError}. */
export function asText(value: unknown, name: string, max: number = maxNameLength): string {
  if (typeof value !== "string") throw new WireRangeError(`${name} is no text`);
  if (value.length > max)
    throw new WireRangeError(`${name} has ${value.length} characters, at most ${max} allowed`);
  // No name or sentence holds one, and databases stumble over it.
  if (value.includes("\u0000")) throw new WireRangeError(`${name} holds a NUL character`);
  return value;
}

/** A whole number from 0 to 2^53 − 1; throws {@link WireRangeError}. */
export function asCount(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new WireRangeError(`${name} is ${String(value)}, not a whole number from 0 to 2^53 − 1`);
  }
  return value;
}

/** A list of `expected` items (or at most `max` when not given); throws {@link WireRangeError}. */
export function asList(value: unknown, name: string, max: number, expected?: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new WireRangeError(`${name} is no list`);
  if (value.length > max)
    throw new WireRangeError(`${name} has ${value.length} items, at most ${max} allowed`);
  if (expected !== undefined && value.length !== expected) {
    throw new WireRangeError(`${name} has ${value.length} items instead of ${expected}`);
  }
  return value;
}
