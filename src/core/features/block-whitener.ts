/**
 * Whitens a stream with linear prediction that is fitted anew every few milliseconds to the samples just seen, so
 * that a window's residual depends on that window alone and only one short block of raw samples is ever held.
 *
 * Lag products of the present block are added to those of the blocks before, which fade by a factor a block. Measured
 * on the tuning folds of the CWRU bearings, a memory of about 10 ms with order 6 beats one fit of order 24 to the
 * whole window and comes up to whitening by the window's own spectrum: it follows tones and ringing alike.
 */
import { computeLagProducts, filterPredictionError, solveLevinsonDurbin } from "../maths/levinson.ts";

/** Speeds within one block that are told apart; further changes wait for the next block. */
const maxSegments = 8;
/** White noise 40 dB below the signal is added to its lag products: a fit to so few samples needs a floor. */
const ridge = 1e-4;
/** Pole of the high-pass that takes the constant part away: 19 Hz at 12 kHz. */
const highPassPole = 0.99;

/** Prediction errors `residual[from … to)` of one speed. Valid only during the call: it is filled anew each time. */
export interface ResidualRun {
  readonly residual: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly revolutionsPerSample: number;
}

/** Streams; nothing allocates per sample. */
interface BlockWhitener {
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

/** The make of a whitener. */
export interface WhiteningOptions {
  /** Of the prediction; 0: none, only the constant part goes. */
  readonly order: number;
  /** At least `order`. */
  readonly blockSamples: number;
  /** What is left of lag products a block later, 0 … 1 (exclusive). */
  readonly memory: number;
}

export function createBlockWhitener(
  { order, blockSamples, memory }: WhiteningOptions,
  sink: (run: ResidualRun) => void,
): BlockWhitener {
  // Layout: the last `order` samples of the block before, then the block.
  const buffer = new Float64Array(order + blockSamples);
  const limit = buffer.length;
  const residual = new Float64Array(blockSamples);
  /** One for all calls of the sink, so that none of them allocates. */
  const run = { residual, from: 0, to: 0, revolutionsPerSample: 0 };
  const products = new Float64Array(order + 1);
  const faded = new Float64Array(order + 1);
  const coefficients = new Float64Array(order + 1);
  const scratch = new Float64Array(order + 1);
  const segmentEnd = new Int32Array(maxSegments);
  const segmentSpeed = new Float64Array(maxSegments);
  let segments = 0;
  let position = order;
  let blocks = 0;
  /** Last input and output of the high-pass; see `angle-envelope.ts` for why in an array. */
  const last = new Float64Array(2);

  const whiten = (): void => {
    // It starts at the first sample's level, so that a dead signal leaves exactly nothing.
    let raw = blocks === 0 ? buffer[order]! : last[0]!;
    let high = last[1]!;
    for (let index = order; index < position; index++) {
      const next = buffer[index]!;
      high = next - raw + highPassPole * high;
      raw = next;
      buffer[index] = high;
    }
    last[0] = raw;
    last[1] = high;
    computeLagProducts(buffer, order, position, order, products);
    for (let lag = 0; lag <= order; lag++) {
      const sum = products[lag]! + memory * faded[lag]!;
      faded[lag] = sum;
      products[lag] = sum;
    }
    products[0]! *= 1 + ridge;
    solveLevinsonDurbin(products, order, coefficients, scratch);
    filterPredictionError(buffer, order, position, coefficients, order, residual);
    // The first samples of a window have no past: their residual would be the raw signal.
    const length = position - order;
    let from = blocks === 0 ? Math.min(order, length) : 0;
    for (let segment = 0; segment < segments; segment++) {
      const to = segmentEnd[segment]! - order;
      if (to > from) {
        run.from = from;
        run.to = to;
        run.revolutionsPerSample = segmentSpeed[segment]!;
        sink(run);
        from = to;
      }
    }
    for (let index = 0; index < order; index++) buffer[index] = buffer[index + length]!;
    position = order;
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
      faded.fill(0);
      position = order;
      segments = 0;
      blocks = 0;
      last.fill(0);
    },
    wrote: (samples, revolutionsPerSample) => {
      if (samples === 0) return;
      position += samples;
      const newest = segments - 1;
      if (segments > 0 && (segmentSpeed[newest] === revolutionsPerSample || segments === maxSegments)) {
        segmentEnd[newest] = position;
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
