/**
 * A closer look at some samples of each block of one channel: how finely its converter steps, what is left when a hum is
 * taken away, whether peaks are cut off, and whether a block brings the samples of the one before again. Looks at few
 * samples, since every other pass over them is counted.
 */

/** What was seen over a stretch, in counts. */
interface SampleShape {
  /** All counts lie this far apart, or a multiple of it. */
  readonly step: number;
  /** Root mean square of what is left when slow parts are taken away by differences, as of noise of that size. */
  readonly fastRms: number;
  /** Root mean square of the differences between neighbours. */
  readonly changeRms: number;
  /** Share of the samples that stand at an end which the signal never passes, and that end; 0: peaks are whole. */
  readonly cutShare: number;
  readonly cutAt: number;
}

export interface SampleLook {
  /** @returns whether these are the samples of the block before */
  note(counts: Int16Array): boolean;
  /** Null: too little was seen. What was seen is forgotten, but for the last block. */
  close(): SampleShape | null;
}

/** Of a block: a sixteenth, and no fewer than these where it has them. */
const leastLooked = 32;
/** A block is known again by so many of its samples; one of fewer is not looked at. */
const printed = 16;
/** Fewer say nothing of a stretch. */
const leastSamples = 1_000;
/** Cut peaks stand at one value, and hardly ever just before it: whole ones, a hum's too, thin out. */
const cutShare = 0.002;
const cutSteepness = 8;

/** Creates a look at a channel that was not heard yet. */
export function createSampleLook(): SampleLook {
  return new Look();
}

class Look implements SampleLook {
  #blocks = 0;
  #samples = 0;
  /** The greatest common divisor of all changes; 0: there was none. */
  #step = 0;
  #changes = 0;
  #bends = 0;
  readonly #top = new End();
  readonly #bottom = new End();
  #lastPrint = 0;

  note(counts: Int16Array): boolean {
    const { length } = counts;
    if (length < printed) return false;
    const looked = Math.min(length, Math.max(leastLooked, length >> 4));
    // Elsewhere in every block: a block may be as long as two periods of the mains.
    const from = (this.#blocks * looked) % (length - looked + 1);
    this.#blocks++;
    this.#samples += looked;
    let step = this.#step;
    let changes = 0;
    let bends = 0;
    let before = counts[from]!;
    let changeBefore = 0;
    for (let index = from; index < from + looked; index++) {
      const value = counts[index]!;
      const change = value - before;
      const bend = change - changeBefore;
      // Of an ordinary signal it is 1 after a few samples, and nothing is computed.
      if (step !== 1 && change !== 0) step = findDivisor(change, step);
      changes += change * change;
      // The first two have nothing to bend from.
      if (index > from + 1) bends += bend * bend;
      before = value;
      changeBefore = change;
      this.#top.note(value);
      this.#bottom.note(-value);
    }
    this.#step = step;
    this.#changes += changes;
    this.#bends += bends;
    const print = this.#lastPrint;
    this.#lastPrint = printOf(counts);
    return this.#lastPrint !== 0 && this.#lastPrint === print;
  }

  close(): SampleShape | null {
    const blocks = this.#blocks;
    const samples = this.#samples;
    const cutTop = this.#top.cutShare(samples);
    const cutBottom = this.#bottom.cutShare(samples);
    const range = this.#top.most + this.#bottom.most;
    const shape = {
      // Of what knows two or three values, as pulses do, only a power of two is a step: that of bits that were left out.
      step: this.#step > 0 && (range > 2 * this.#step || isPowerOfTwo(this.#step)) ? this.#step : 1,
      fastRms: Math.sqrt(this.#bends / (samples - 2 * blocks) / 6),
      changeRms: Math.sqrt(this.#changes / (samples - blocks)),
      cutShare: cutTop + cutBottom,
      cutAt: cutTop >= cutBottom ? this.#top.most : -this.#bottom.most,
    };
    this.#blocks = 0;
    this.#samples = 0;
    this.#step = 0;
    this.#changes = 0;
    this.#bends = 0;
    this.#top.forget();
    this.#bottom.forget();
    return samples < leastSamples ? null : shape;
  }
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

/** The greatest common divisor of both, by Euclid. */
function findDivisor(one: number, other: number): number {
  let larger = Math.abs(one);
  let smaller = other;
  while (smaller !== 0) {
    const rest = larger % smaller;
    larger = smaller;
    smaller = rest;
  }
  return larger;
}

/** Of the first samples; 0 where they hardly change, since those are alike by chance. */
function printOf(counts: Int16Array): number {
  let print = 0;
  let changes = 0;
  for (let index = 1; index < printed; index++) {
    const value = counts[index]!;
    const change = value - counts[index - 1]!;
    print = (Math.imul(print, 31) + value) | 0;
    changes += change * change;
  }
  return changes < printed ? 0 : print;
}

/** Below every count, and a small integer as they are. */
const lowest = -(2 ** 16);

/** The largest value of a stretch, the next one below it, and how often either came. */
class End {
  most = lowest;
  #atMost = 0;
  #next = lowest;
  #atNext = 0;

  note(value: number): void {
    if (value < this.#next) return;
    if (value === this.most) this.#atMost++;
    else if (value > this.most) {
      this.#next = this.most;
      this.#atNext = this.#atMost;
      this.most = value;
      this.#atMost = 1;
    } else if (value === this.#next) this.#atNext++;
    else {
      this.#next = value;
      this.#atNext = 1;
    }
  }

  cutShare(samples: number): number {
    const share = this.#atMost / samples;
    return share >= cutShare && this.#atMost >= cutSteepness * this.#atNext ? share : 0;
  }

  forget(): void {
    this.most = lowest;
    this.#atMost = 0;
    this.#next = lowest;
    this.#atNext = 0;
  }
}
