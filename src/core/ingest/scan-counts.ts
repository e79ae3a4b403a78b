/** One pass over raw counts: extremes and repetitions. Knows nothing of channels or units. */
import { scanRunCounts, shareScanKernel } from "../maths/scan-kernel.ts";

/** Largest count that an int16 converter can say: at this the signal may be larger. */
const saturatedHigh = 32_767;
const saturatedLow = -32_768;

/** What a scan found; reused from block to block. */
export interface CountScan {
  /** Smallest and largest count of the last block. */
  readonly min: number;
  readonly max: number;
  /** Longest run of identical consecutive counts with a part in the last block; its parts before count too. */
  readonly longestRun: number;
  /** A count at either end of the int16 range. */
  readonly saturated: boolean;
  /** Scans the next block of the same stream. */
  scan(counts: Int16Array): void;
  /** Forgets the run that the blocks before left. */
  reset(): void;
}

/** Creates the scan of one stream. */
export function createCountScan(): CountScan {
  return new Scan();
}

class Scan implements CountScan {
  readonly #kernel = shareScanKernel();
  min = 0;
  max = 0;
  longestRun = 0;
  /** Value and length of the run that reached the end of the last block. */
  #lastCount = Number.NaN;
  #lastRun = 0;

  get saturated(): boolean {
    return this.min === saturatedLow || this.max === saturatedHigh;
  }

  scan(counts: Int16Array): void {
    const { found } = this.#kernel;
    this.min = saturatedHigh;
    this.max = saturatedLow;
    this.longestRun = 0;
    for (let from = 0; from < counts.length; from += scanRunCounts) {
      const to = Math.min(counts.length, from + scanRunCounts);
      const piece = from === 0 && to === counts.length ? counts : counts.subarray(from, to);
      // A run that ended with the block before is none of this block's.
      this.#kernel.scan(piece, piece[0] === this.#lastCount ? this.#lastRun : 0);
      if (found.min < this.min) this.min = found.min;
      if (found.max > this.max) this.max = found.max;
      if (found.longest > this.longestRun) this.longestRun = found.longest;
      this.#lastCount = piece[piece.length - 1]!;
      this.#lastRun = found.run;
    }
  }

  reset(): void {
    this.#lastCount = Number.NaN;
    this.#lastRun = 0;
  }
}
