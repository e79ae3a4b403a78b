/**
 * Whitens a stream with linear prediction that is fitted anew every few milliseconds to the samples just seen, so
 * that a window's residual depends on that window alone and only one short block of raw samples is ever held.
 *
 * Lag products of the present block are added to those of the blocks before, which fade by a factor a block. Measured
 * on the tuning folds of the CWRU bearings, a memory of about 10 ms with order 6 beats one fit of order 24 to the
 * whole window and comes up to whitening by the window's own spectrum: it follows tones and ringing alike.
 */

import type { Reused, SampleRun } from "../contract/stream.ts";
import { findOrMake } from "../maths/find-or-make.ts";
import { makeDoubles } from "../maths/shared-room.ts";
import { preferVectors } from "../maths/wasm-module.ts";
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

/** Who takes what is left of the signal. */
interface ResidualSink {
  add(run: ResidualRun): void;
}

/** Creates the whitener of one stream. */
export function createBlockWhitener(options: WhiteningOptions, sink: ResidualSink): BlockWhitener {
  return new Whitener(shareWhitening(options), sink);
}

/** All that a make needs; the streams of this process share it. */
interface Whitening {
  readonly order: number;
  readonly blockSamples: number;
  readonly kernel: WhiteningKernel;
  readonly whitenRest: ReturnType<typeof createBlockWhitening>;
  /** One for all calls of sinks, so that none of them allocates. */
  readonly run: Reused<ResidualRun>;
}

class Whitener implements BlockWhitener {
  readonly #whitening: Whitening;
  readonly #sink: ResidualSink;
  /** {@link whiteningState}, then, each from its offset, what follows: in one piece, since a gateway has a thousand of them. */
  readonly #numbers: Float64Array;
  /** The last `order` samples of the block before, and those of the one that is not whole. */
  readonly #heldAt: number;
  /** Where segments of one speed end, and their speeds. */
  readonly #endsAt: number;
  readonly #speedsAt: number;
  #segments = 0;
  #begun = false;
  #speed = 0;
  position: number;

  constructor(whitening: Whitening, sink: ResidualSink) {
    const { order, blockSamples } = whitening;
    this.#whitening = whitening;
    this.#sink = sink;
    this.#heldAt = whiteningState.faded + order + 1;
    this.#endsAt = this.#heldAt + order + blockSamples;
    this.#speedsAt = this.#endsAt + maxSegments;
    this.#numbers = makeDoubles(this.#speedsAt + maxSegments);
    this.position = order;
  }

  get buffer(): Float64Array {
    return this.#whitening.kernel.samples;
  }

  get limit(): number {
    return this.#whitening.kernel.samples.length;
  }

  reset(): void {
    const { order } = this.#whitening;
    this.#numbers.fill(0, 0, this.#heldAt + order);
    this.position = order;
    this.#segments = 0;
    this.#begun = false;
  }

  open(revolutionsPerSample: number): void {
    this.#speed = revolutionsPerSample;
    this.#load();
  }

  wrote(samples: number): void {
    if (samples === 0) return;
    this.position += samples;
    this.#noteSegment();
    if (this.position < this.limit) return;
    const done = this.#whitenBlocks();
    this.buffer.copyWithin(0, done, done + this.position);
  }

  take({ counts, from, to, scale }: Pick<SampleRun, "counts" | "from" | "to" | "scale">): void {
    const { kernel } = this.#whitening;
    for (let next = from; next < to; ) {
      const end = Math.min(to, next + this.limit - this.position);
      const isWhole = next === 0 && end === counts.length;
      kernel.fill(isWhole ? counts : counts.subarray(next, end), this.position, scale);
      this.wrote(end - next);
      next = end;
    }
  }

  close(): void {
    const done = this.#whitenBlocks();
    const { buffer, position } = this;
    const numbers = this.#numbers;
    const heldAt = this.#heldAt;
    for (let index = 0; index < position; index++) numbers[heldAt + index] = buffer[done + index]!;
  }

  flush(): void {
    const { order, whitenRest } = this.#whitening;
    if (this.position === order) return;
    this.#load();
    this.#begin();
    const length = this.position - order;
    whitenRest(this.#numbers, 0, length);
    this.#hand(length);
    this.position = order;
    this.#segments = 0;
    const { buffer } = this;
    for (let index = 0; index < order; index++) this.#numbers[this.#heldAt + index] = buffer[index + length]!;
  }

  /** The buffer is everybody's: from run to run what is in it is kept here. */
  #load(): void {
    const { buffer, position } = this;
    const numbers = this.#numbers;
    const heldAt = this.#heldAt;
    for (let index = 0; index < position; index++) buffer[index] = numbers[heldAt + index]!;
  }

  /** It starts at the first sample's level, so that a dead signal leaves exactly nothing. */
  #begin(): void {
    if (!this.#begun) this.#numbers[whiteningState.raw] = this.buffer[this.#whitening.order]!;
  }

  /** Whitens whole blocks. @returns where in the buffer what is left begins. */
  #whitenBlocks(): number {
    const { order, blockSamples, kernel } = this.#whitening;
    const blocks = Math.floor((this.position - order) / blockSamples);
    if (blocks === 0) return 0;
    this.#begin();
    kernel.run(this.#numbers, blocks);
    const length = blocks * blockSamples;
    this.#hand(length);
    this.position -= length;
    this.#segments = 0;
    if (this.position > order) this.#noteSegment();
    return length;
  }

  /** Hands over `length` whitened samples: the first block's by their speeds, all further ones came at the present. */
  #hand(length: number): void {
    const { order, blockSamples } = this.#whitening;
    const numbers = this.#numbers;
    // The first samples of a window have no past: their residual would be the raw signal.
    let from = this.#begun ? 0 : Math.min(order, length);
    const firstEnd = Math.min(length, blockSamples);
    for (let segment = 0; segment < this.#segments; segment++) {
      const to = Math.min(numbers[this.#endsAt + segment]! - order, firstEnd);
      if (to > from) {
        this.#emit(from, to, numbers[this.#speedsAt + segment]!);
        from = to;
      }
    }
    if (length > from) this.#emit(from, length, this.#speed);
    this.#begun = true;
  }

  #emit(from: number, to: number, revolutionsPerSample: number): void {
    const { run } = this.#whitening;
    run.from = from;
    run.to = to;
    run.revolutionsPerSample = revolutionsPerSample;
    this.#sink.add(run);
  }

  #noteSegment(): void {
    const numbers = this.#numbers;
    const newest = this.#segments - 1;
    const isSame = newest >= 0 && numbers[this.#speedsAt + newest] === this.#speed;
    if (isSame || this.#segments === maxSegments) {
      numbers[this.#endsAt + newest] = this.position;
    } else {
      numbers[this.#endsAt + newest + 1] = this.position;
      numbers[this.#speedsAt + newest + 1] = this.#speed;
      this.#segments++;
    }
  }
}

const shared = new Map<string, Whitening>();

/** The kernel of this process for a make: vectors where there are any, and the make suits them. */
function shareWhitening(options: WhiteningOptions): Whitening {
  const { order, blockSamples, memory } = options;
  const key = `${order}/${blockSamples}/${memory}`;
  return findOrMake(shared, key, () => {
    const kernel = preferVectors(
      () => createVectorWhiteningKernel(options),
      () => createScriptWhiteningKernel(options),
    );
    const run = { magnitudes: kernel.magnitudes, from: 0, to: 0, revolutionsPerSample: 0 };
    return { order, blockSamples, kernel, whitenRest: createBlockWhitening(options, kernel), run };
  });
}
