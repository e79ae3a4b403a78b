/**
 * Whitens a stream block by block with linear prediction fitted to each block itself, so that a window's residual
 * depends on that window alone and no more than one block of raw samples is ever held.
 */
import { computeAutocorrelation, filterPredictionError, solveLevinsonDurbin } from "../maths/levinson.ts";

/** Speeds within one block that are told apart; further changes wait for the next block. */
const maxSegments = 32;

/** Receives residuals with their speed. */
export type ResidualSink = (
  residual: Float64Array,
  from: number,
  to: number,
  revolutionsPerSample: number,
) => void;

/** Streams; nothing allocates per sample. */
export interface BlockWhitener {
  reset(): void;
  /** The buffer to write the next samples to, from `position` up to at most `limit` (exclusive) … */
  readonly buffer: Float64Array;
  readonly position: number;
  readonly limit: number;
  /** … and how many were written, at which speed. A full block is whitened at once. */
  wrote(samples: number, revolutionsPerSample: number): void;
  /** Whitens what is left. */
  flush(): void;
}

/** Creates a whitener of prediction order `order` (0: none, only the mean goes) over blocks of `blockSamples`. */
export function createBlockWhitener(order: number, blockSamples: number, sink: ResidualSink): BlockWhitener {
  // Layout: the last `order` samples of the block before, then the block.
  const buffer = new Float64Array(order + blockSamples);
  const limit = buffer.length;
  const residual = new Float64Array(blockSamples);
  const correlation = new Float64Array(order + 1);
  const coefficients = new Float64Array(order + 1);
  const scratch = new Float64Array(order + 1);
  const segmentEnd = new Int32Array(maxSegments);
  const segmentSpeed = new Float64Array(maxSegments);
  let segments = 0;
  let position = order;
  let offset = 0;
  let blocks = 0;
  /** Samples of the buffer from which the mean is already gone. */
  let centred = order;

  const whiten = (): void => {
    const length = position - order;
    if (blocks === 0) offset = meanOf(buffer, order, position);
    for (let index = centred; index < position; index++) buffer[index]! -= offset;
    // A short rest is filtered as the block before it: too few samples to fit anything to.
    if (blocks === 0 || length >= blockSamples / 2) {
      computeAutocorrelation(buffer, order, position, order, correlation);
      solveLevinsonDurbin(correlation, order, coefficients, scratch);
    }
    filterPredictionError(buffer, order, position, coefficients, order, residual);
    // The first samples of a window have no past: their residual would be the raw signal.
    let from = blocks === 0 ? Math.min(order, length) : 0;
    for (let segment = 0; segment < segments; segment++) {
      const to = segmentEnd[segment]! - order;
      if (to > from) {
        sink(residual, from, to, segmentSpeed[segment]!);
        from = to;
      }
    }
    buffer.copyWithin(0, length, position);
    position = order;
    centred = order;
    segments = 0;
    blocks++;
  };

  return {
    buffer,
    limit,
    get position(): number {
      return position;
    },
    reset: () => {
      buffer.fill(0, 0, order);
      position = order;
      centred = order;
      segments = 0;
      blocks = 0;
      offset = 0;
    },
    wrote: (samples, revolutionsPerSample) => {
      if (samples === 0) return;
      position += samples;
      const last = segments - 1;
      if (segments > 0 && (segmentSpeed[last] === revolutionsPerSample || segments === maxSegments)) {
        segmentEnd[last] = position;
      } else {
        segmentEnd[segments] = position;
        segmentSpeed[segments] = revolutionsPerSample;
        segments++;
      }
      if (position === limit) whiten();
    },
    flush: () => {
      if (position > order) whiten();
    },
  };
}

/** The mean, summed about the first value: exact for a constant, so that a dead signal leaves exactly nothing. */
function meanOf(values: Float64Array, from: number, to: number): number {
  const first = values[from]!;
  let sum = 0;
  for (let index = from; index < to; index++) sum += values[index]! - first;
  return first + sum / (to - from);
}
