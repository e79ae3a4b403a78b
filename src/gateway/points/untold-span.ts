/**
 * The time of samples that a chain was given and of which nothing has come yet: what a kill of the whole gateway would lose in a
 * thread's memory, in its hands and in the windows that are open. Two stretches of what was given, one that grows and one before it
 * that is waited for, so that a block costs two comparisons; in whole seconds, so that whoever writes it down does so seldom.
 */
import type { SampleBlock } from "../../core/contract/stream.ts";
import type { OpenWindows } from "../../core/window/window-sink.ts";

interface UntoldSpan {
  /** A block went there. True: the span has become longer. */
  give(block: Pick<SampleBlock, "timestampMs" | "sampleRateHz" | "counts">): boolean;
  /**
   * All that came of so many bytes has been told, but for the windows that are open, when so many were written; both modulo 2^32.
   */
  told(takenBytes: number, writtenBytes: number, open: OpenWindows | null): void;
  /** Nothing is there any more. */
  clear(): void;
  /** Epoch ms, and how many windows are open in it; null: nothing is untold. */
  readonly span: OpenWindows | null;
}

/** What is of a later time has no place in any calendar; its block is set aside. */
const lastMs = 8.64e15;
const secondMs = 1000;

/** Creates it with nothing given. */
export function createUntoldSpan(): UntoldSpan {
  let growing = createStretch();
  let awaited = createStretch();
  let open = createStretch();
  let windows = 0;
  /** All three. */
  let whole = createStretch();
  /** Where the awaited one ends in the memory. */
  let endBytes = 0;

  return {
    give: ({ timestampMs, sampleRateHz, counts }) => {
      const endMs = timestampMs + (counts.length * 1000) / sampleRateHz;
      return widen(growing, timestampMs, endMs) && widen(whole, growing.fromMs, growing.toMs);
    },
    told: (takenBytes, writtenBytes, nowOpen) => {
      open = createStretch();
      windows = nowOpen !== null && widen(open, nowOpen.fromMs, nowOpen.toMs) ? nowOpen.windows : 0;
      // The difference of two counts that wrap around, by its sign.
      if (((takenBytes - endBytes) | 0) >= 0) {
        awaited = takenBytes === writtenBytes ? createStretch() : growing;
        growing = createStretch();
        endBytes = writtenBytes;
      }
      whole = createStretch();
      for (const { fromMs, toMs } of [open, awaited, growing]) widen(whole, fromMs, toMs);
    },
    clear: () => {
      growing = createStretch();
      awaited = createStretch();
      open = createStretch();
      whole = createStretch();
      windows = 0;
      endBytes = 0;
    },
    get span() {
      const { fromMs, toMs } = whole;
      return fromMs === Number.POSITIVE_INFINITY ? null : { windows, fromMs, toMs };
    },
  };
}

interface Stretch {
  fromMs: number;
  toMs: number;
}

function createStretch(): Stretch {
  return { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY };
}

/** True: it has become longer. No time that cannot be makes it so. */
function widen(stretch: Stretch, fromMs: number, toMs: number): boolean {
  if (!(fromMs >= 0 && fromMs < toMs && toMs <= lastMs)) return false;
  const isLonger = fromMs < stretch.fromMs || toMs > stretch.toMs;
  if (fromMs < stretch.fromMs) stretch.fromMs = Math.floor(fromMs / secondMs) * secondMs;
  if (toMs > stretch.toMs) stretch.toMs = Math.ceil(toMs / secondMs) * secondMs;
  return isLonger;
}
