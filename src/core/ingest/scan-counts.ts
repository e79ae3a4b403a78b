/** One pass over raw counts: extremes and repetitions, of samples and of whole blocks. Knows nothing of channels or units. */
import { scanRunCounts, shareScanKernel } from "../maths/scan-kernel.ts";
import { makeLongs } from "../maths/shared-room.ts";

/** Largest count that an int16 converter can say: at this the signal may be larger. */
const saturatedHigh = 32_767;
const saturatedLow = -32_768;

/** Does a count stand at either end of what the converter can say? */
export function isSaturated(count: number): boolean {
  return count === saturatedLow || count === saturatedHigh;
}

/** So many blocks back it is seen that they come again: a small processor has no memory for a longer buffer. */
const rememberedBlocks = 64;
/** A sensor that hears nothing says the same few counts over and over by chance. */
const quietCounts = 16;
/** Each so many blocks one is looked for among all of them. */
const soughtEach = 8;
/** So many samples, spread over a block, tell it from others; one with fewer than four times as many is not told. */
const markedSamples = 16;

/** What a scan found; reused from block to block. */
export interface CountScan {
  /** Smallest and largest count of the last block. */
  readonly min: number;
  readonly max: number;
  /** Longest run of identical consecutive counts with a part in the last block; its parts before count too. */
  readonly longestRun: number;
  /** A count at either end of the int16 range. */
  readonly saturated: boolean;
  /**
   * The last block and the one before it are those that came so many blocks earlier, of 64 at most: nobody fills the buffer any
   * more, as is seen of the ninth that comes again. 0: they are new, for all that is known.
   */
  readonly repeats: number;
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
  repeats = 0;
  /** Of the last blocks, by their number. */
  readonly #marks = makeLongs(rememberedBlocks);
  #blocks = 0;
  /** How far back the last block stands a second time, and how many in a row did. */
  #lag = 0;
  #again = 0;

  get saturated(): boolean {
    return isSaturated(this.min) || isSaturated(this.max);
  }

  scan(counts: Int16Array): void {
    this.#compare(counts);
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
    if (this.max - this.min <= quietCounts) this.repeats = 0;
  }

  reset(): void {
    this.#lastCount = Number.NaN;
    this.#lastRun = 0;
  }

  #compare(counts: Int16Array): void {
    const mark = markBlock(counts);
    const place = this.#blocks++;
    const isBack = (lag: number): boolean => this.#marks[(place - lag) % rememberedBlocks] === mark;
    const goesOn = this.#lag > 0 && isBack(this.#lag);
    this.#again = goesOn ? this.#again + 1 : 0;
    if (!goesOn) {
      this.#lag = 0;
      const most = place % soughtEach === 0 ? Math.min(place, rememberedBlocks) : 0;
      for (let lag = 1; lag <= most && this.#lag === 0; lag++) if (isBack(lag)) this.#lag = lag;
    }
    this.#marks[place % rememberedBlocks] = mark;
    this.repeats = this.#again > 0 && counts.length >= 4 * markedSamples ? this.#lag : 0;
  }
}

/** FNV-1a over some samples of a block. Of noise two in a row come again by chance less than once in a million years of a stream. */
function markBlock(counts: Int16Array): number {
  const step = Math.max(1, Math.floor(counts.length / markedSamples));
  let mark = counts.length;
  for (let index = 0; index < counts.length; index += step)
    mark = Math.imul(mark ^ counts[index]!, 16_777_619);
  return mark;
}
