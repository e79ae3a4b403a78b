/** Follows the 16-bit sequence numbers of one direction: what was lost, came twice or too late, and what belongs elsewhere. */
import { makeCounts } from "../../src/core/maths/shared-room.ts";

/** What a packet's number says: 0 or more: it is new, and as many packets before it are missing; or one of those below. */
type SequenceVerdict = number;
/** The packet came before. */
const duplicateSequence: SequenceVerdict = -1;
/** The packet is far behind: it is of another session. */
export const staleSequence: SequenceVerdict = -2;
/** The packet was taken for missing when a newer one came: its place in the stream is past. */
export const lateSequence: SequenceVerdict = -3;

/** How far behind the newest packet a number counts as repeated and not as of another session. */
const duplicateSpan = 1024;
/** Numbers of which it is remembered that they came; a power of two, and no less than the span. */
const remembered = 1024;
const bitsOfWord = 16;

interface SequenceTracker {
  /** Starts a session whose newest packet is `sequence`. */
  start(sequence: number): void;
  /** Classifies the next packet; before {@link start}, any number is new. */
  accept(sequence: number): SequenceVerdict;
  /** The newest number so far. */
  readonly last: number;
}

/** Creates a tracker without a session. */
export function createSequenceTracker(): SequenceTracker {
  return new SequenceLedger();
}

class SequenceLedger implements SequenceTracker {
  #started = false;
  last = 0;
  /** By number modulo {@link remembered}, a bit each: 1 if it is missing. */
  readonly #missing = makeCounts(remembered / bitsOfWord);

  start(sequence: number): void {
    this.#started = true;
    this.last = sequence;
    this.#missing.fill(0);
  }

  accept(sequence: number): SequenceVerdict {
    if (!this.#started) {
      this.start(sequence);
      return 0;
    }
    const ahead = (sequence - this.last) & 0xffff;
    if (ahead > 0 && ahead < 0x8000) {
      this.#step(sequence, ahead);
      return ahead - 1;
    }
    if (((this.last - sequence) & 0xffff) >= duplicateSpan) return staleSequence;
    if (!this.#isMissing(sequence)) return duplicateSequence;
    this.#setMissing(sequence, 0);
    return lateSequence;
  }

  /** Takes over `sequence`, which is `ahead` of the last. */
  #step(sequence: number, ahead: number): void {
    const gap = Math.min(ahead - 1, remembered);
    for (let back = 1; back <= gap; back++) this.#setMissing(sequence - back, 1);
    this.#setMissing(sequence, 0);
    this.last = sequence;
  }

  #isMissing(sequence: number): boolean {
    const place = sequence & (remembered - 1);
    return ((this.#missing[Math.floor(place / bitsOfWord)]! >> (place % bitsOfWord)) & 1) === 1;
  }

  #setMissing(sequence: number, bit: 0 | 1): void {
    const place = sequence & (remembered - 1);
    const word = Math.floor(place / bitsOfWord);
    const mask = 1 << (place % bitsOfWord);
    this.#missing[word] = bit === 1 ? this.#missing[word]! | mask : this.#missing[word]! & ~mask;
  }
}
