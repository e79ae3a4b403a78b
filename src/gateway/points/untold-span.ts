/**
 * The time of samples that a thread was given and has not told of: what a kill of the whole gateway would lose in its memory and
 * its hands. Two stretches, one that grows and one before it that is waited for, so that a block costs two comparisons; in whole
 * seconds, so that whoever writes it down does so seldom. Windows that are still open are not in it, as they are not elsewhere.
 */
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { WaitingWindow } from "../../core/serving/window-decider.ts";

export interface UntoldSpan {
  /** A block went there. True: the span has become longer. */
  give(block: Pick<SampleBlock, "timestampMs" | "sampleRateHz" | "counts">): boolean;
  /** All that came of so many bytes has been told, when so many were written; both modulo 2^32. */
  told(takenBytes: number, writtenBytes: number): void;
  /** Nothing is there any more. */
  clear(): void;
  /** Epoch ms; null: nothing is untold. */
  readonly span: WaitingWindow | null;
}

/** What is of a later time has no place in any calendar; its block is set aside. */
const lastMs = 8.64e15;
const secondMs = 1000;

interface Stretch {
  fromMs: number;
  toMs: number;
}

/** Creates it with nothing given. */
export function createUntoldSpan(): UntoldSpan {
  let growing = createStretch();
  let awaited = createStretch();
  /** Where the awaited one ends in the memory. */
  let endBytes = 0;

  return {
    give: ({ timestampMs, sampleRateHz, counts }) => {
      const endMs = timestampMs + (counts.length * 1000) / sampleRateHz;
      if (!(timestampMs >= 0 && timestampMs < endMs && endMs <= lastMs)) return false;
      const isLonger = timestampMs < growing.fromMs || endMs > growing.toMs;
      if (timestampMs < growing.fromMs) growing.fromMs = Math.floor(timestampMs / secondMs) * secondMs;
      if (endMs > growing.toMs) growing.toMs = Math.ceil(endMs / secondMs) * secondMs;
      return isLonger;
    },
    told: (takenBytes, writtenBytes) => {
      // The difference of two counts that wrap around, by its sign.
      if (((takenBytes - endBytes) | 0) < 0) return;
      awaited = takenBytes === writtenBytes ? createStretch() : growing;
      growing = createStretch();
      endBytes = writtenBytes;
    },
    clear: () => {
      growing = createStretch();
      awaited = createStretch();
      endBytes = 0;
    },
    get span() {
      const fromMs = Math.min(awaited.fromMs, growing.fromMs);
      return fromMs === Number.POSITIVE_INFINITY
        ? null
        : { fromMs, toMs: Math.max(awaited.toMs, growing.toMs) };
    },
  };
}

function createStretch(): Stretch {
  return { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };
}
