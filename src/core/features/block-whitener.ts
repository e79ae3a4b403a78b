/**
 * Whitens a stream with linear prediction that is fitted anew every few milliseconds to the samples just seen, so
 * that a window's residual depends on that window alone and only one short block of raw samples is ever held.
 *
 * Lag products of the present block are added to those of the blocks before, which fade by a factor a block. Measured
 * on the tuning folds of the CWRU bearings, a memory of about 10 ms with order 6 beats one fit of order 24 to the
 * whole window and comes up to whitening by the window's own spectrum: it follows tones and ringing alike.
 */
import type { SampleRun } from "../contract/stream.ts";
import { preferVectors } from "../maths/wasm-code.ts";
import {
  createBlockWhitening,
  createScriptWhiteningKernel,
  type WhiteningKernel,
  type WhiteningOptions,
  whiteningState,
} from "../maths/whitening-kernel.ts";
import { createVectorWhiteningKernel } from "../maths/whitening-vectors.ts";

/** Speeds within one block that are told apart; further changes wait for the next block. */
const maxSegments = 8;

/**
 * Magnitudes of prediction errors, `magnitudes[from … to)`, of one speed. Valid only during the call: they are filled anew
 * each time.
 */
export interface ResidualRun {
  readonly magnitudes: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly revolutionsPerSample: number;
}

/** Streams; nothing allocates per sample. */
interface BlockWhitener {
  reset(): void;
  /** Begins a run of samples at one speed … */
  open(revolutionsPerSample: number): void;
  /** … of which the next are written to the buffer from `position` up to at most `limit` (exclusive) … */
  readonly buffer: Float64Array;
  readonly position: number;
  readonly limit: number;
  /** … and so many were … */
  wrote(samples: number): void;
  /** … or `counts[from … to)` · scale are taken as they are, any number … */
  take(run: Pick<SampleRun, "counts" | "from" | "to" | "scale">): void;
  /** … until the run ends: whole blocks are whitened, the rest is kept. */
  close(): void;
  /** Whitens what is left. */
  flush(): void;
}

export function createBlockWhitener(
  options: WhiteningOptions,
  sink: (run: ResidualRun) => void,
): BlockWhitener {
  const { order, blockSamples } = options;
  const kernel = shareWhiteningKernel(options);
  const { samples: buffer, magnitudes } = kernel;
  const whitenRest = createBlockWhitening(options, kernel);
  const limit = buffer.length;
  /** The last `order` samples of the block before, and those of the one that is not whole. */
  const held = new Float64Array(order + blockSamples);
  const state = new Float64Array(whiteningState.faded + order + 1);
  /** One for all calls of the sink, so that none of them allocates. */
  const run = { magnitudes, from: 0, to: 0, revolutionsPerSample: 0 };
  const segmentEnd = new Int32Array(maxSegments);
  const segmentSpeed = new Float64Array(maxSegments);
  let segments = 0;
  let position = order;
  let begun = false;
  let speed = 0;

  const begin = (): void => {
    // It starts at the first sample's level, so that a dead signal leaves exactly nothing.
    if (!begun) state[whiteningState.raw] = buffer[order]!;
  };
  const emit = (from: number, to: number, revolutionsPerSample: number): void => {
    run.from = from;
    run.to = to;
    run.revolutionsPerSample = revolutionsPerSample;
    sink(run);
  };
  /** Hands over `length` whitened samples: the first block's by their speeds, all further ones came at the present. */
  const hand = (length: number): void => {
    // The first samples of a window have no past: their residual would be the raw signal.
    let from = begun ? 0 : Math.min(order, length);
    const firstEnd = Math.min(length, blockSamples);
    for (let segment = 0; segment < segments; segment++) {
      const to = Math.min(segmentEnd[segment]! - order, firstEnd);
      if (to > from) {
        emit(from, to, segmentSpeed[segment]!);
        from = to;
      }
    }
    if (length > from) emit(from, length, speed);
    begun = true;
  };
  const whitenBlocks = (): void => {
    const blocks = Math.floor((position - order) / blockSamples);
    if (blocks === 0) return;
    begin();
    kernel.run(state, blocks);
    const length = blocks * blockSamples;
    hand(length);
    buffer.copyWithin(0, length, position);
    position -= length;
    segments = 0;
    if (position > order) noteSegment();
  };
  const noteSegment = (): void => {
    const newest = segments - 1;
    if (segments > 0 && (segmentSpeed[newest] === speed || segments === maxSegments)) {
      segmentEnd[newest] = position;
    } else {
      segmentEnd[segments] = position;
      segmentSpeed[segments] = speed;
      segments++;
    }
  };
  const wrote = (samples: number): void => {
    if (samples === 0) return;
    position += samples;
    noteSegment();
    if (position === limit) whitenBlocks();
  };
  /** The buffer is everybody's: from run to run what is in it is kept here. */
  const load = (): void => {
    for (let index = 0; index < position; index++) buffer[index] = held[index]!;
  };

  return {
    buffer,
    limit,
    get position(): number {
      return position;
    },
    reset: () => {
      held.fill(0, 0, order);
      state.fill(0);
      position = order;
      segments = 0;
      begun = false;
    },
    open: (revolutionsPerSample) => {
      speed = revolutionsPerSample;
      load();
    },
    wrote,
    take: ({ counts, from, to, scale }) => {
      for (let next = from; next < to; ) {
        const end = Math.min(to, next + limit - position);
        kernel.fill(
          next === 0 && end === counts.length ? counts : counts.subarray(next, end),
          position,
          scale,
        );
        wrote(end - next);
        next = end;
      }
    },
    close: () => {
      whitenBlocks();
      for (let index = 0; index < position; index++) held[index] = buffer[index]!;
    },
    flush: () => {
      if (position === order) return;
      load();
      begin();
      const length = position - order;
      whitenRest(state, 0, length);
      hand(length);
      position = order;
      segments = 0;
      for (let index = 0; index < order; index++) held[index] = buffer[index + length]!;
    },
  };
}

const shared = new Map<string, WhiteningKernel>();

/** The kernel of this process for a make: vectors where there are any, and the make suits them. */
function shareWhiteningKernel(options: WhiteningOptions): WhiteningKernel {
  const key = `${options.order}/${options.blockSamples}/${options.memory}`;
  let kernel = shared.get(key);
  if (kernel === undefined) {
    kernel = preferVectors(
      () => createVectorWhiteningKernel(options),
      () => createScriptWhiteningKernel(options),
    );
    shared.set(key, kernel);
  }
  return kernel;
}
