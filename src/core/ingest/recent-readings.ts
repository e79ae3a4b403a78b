/**
 * Knows the last readings that were taken of one stream again: a logger that was cut off sends its last hours once more.
 * Keeps no reading, only a mark of 32 bits each: two different ones are taken for one once in 17 million.
 */

/** Ten-minute values of some forty hours. */
const keptMarks = 256;

/** The readings of one stream. */
export interface RecentReadings {
  /** Was a reading of this time and value among the last ones? */
  has(timestampMs: number, value: number): boolean;
  note(timestampMs: number, value: number): void;
}

/** Creates one that knows none. */
export function createRecentReadings(): RecentReadings {
  return new Recent();
}

const numbers = new Float64Array(2);
const words = new Uint32Array(numbers.buffer);

class Recent implements RecentReadings {
  readonly #marks = new Uint32Array(keptMarks);
  #count = 0;
  #newestMs = Number.NEGATIVE_INFINITY;

  has(timestampMs: number, value: number): boolean {
    if (timestampMs > this.#newestMs) return false;
    const place = this.#marks.indexOf(markReading(timestampMs, value));
    return place >= 0 && place < this.#count;
  }

  note(timestampMs: number, value: number): void {
    // What comes at an older time, of a clock that was set back or of more than is remembered, does not push out what is.
    if (timestampMs <= this.#newestMs) return;
    this.#marks[this.#count++ % keptMarks] = markReading(timestampMs, value);
    this.#newestMs = timestampMs;
  }
}

/** FNV-1a over the words of both numbers. */
function markReading(timestampMs: number, value: number): number {
  numbers[0] = timestampMs;
  numbers[1] = value;
  let mark = 2_166_136_261;
  for (const word of words) {
    mark = Math.imul(mark ^ (word & 0xffff), 16_777_619);
    mark = Math.imul(mark ^ (word >>> 16), 16_777_619);
  }
  return mark >>> 0;
}
