/**
 * How many samples are clipped: they sit at the largest or the smallest value, as a converter's do that is driven too far. Each end
 * is judged by itself, and only where it is sure: not of few samples, nor of so few levels that many share each.
 */

/** Samples that are looked at together. */
const partSamples = 2 ** 18;
/** Samples at an end, at least, and as a share of all. */
const fewestAtEnd = 100;
const leastShare = 0.0005;
/** Beside an end lies what is nearer to it than this share of its distance from the mean. */
const nearShare = 0.02;
/**
 * So many times those beside it stand at an end that is cut off: a tone's crest, and the flattest of a hum, come to 3. Of those beside
 * it there are some below the next level, too, where a tone that repeats itself to the sample has none.
 */
const timesNear = 4;
const fewestNear = 10;
/** Of impacts that are driven far beyond the range hardly a sample lies beside it. */
const timesNearOfFew = 20;

/** Takes a recording piece by piece, and looks at parts of it; a missing value is passed over. */
interface ClippingMeter {
  update(piece: Float64Array): void;
  /** Clipped samples. */
  finish(): number;
}

/** Creates a meter that holds 2 MiB, however long the recording is. */
export function createClippingMeter(): ClippingMeter {
  const part = new Float64Array(partSamples);
  let [filled, clipped] = [0, 0];
  return {
    update: (piece) => {
      for (let at = 0; at < piece.length; ) {
        const taken = piece.subarray(at, at + partSamples - filled);
        part.set(taken, filled);
        at += taken.length;
        filled += taken.length;
        if (filled < partSamples) continue;
        clipped += countClipped(part);
        filled = 0;
      }
    },
    finish: () => clipped + countClipped(part.subarray(0, filled)),
  };
}

/** Samples at both ends, of an end that is surely cut off. */
function countClipped(samples: Float64Array): number {
  const { low, high, atLow, atHigh, mean } = findEnds(samples);
  const fewest = Math.max(fewestAtEnd, leastShare * samples.length);
  // Of most recordings there is no more to ask.
  const isCut = (at: number, end: number): boolean =>
    at >= fewest && isCutOff(at, countNear(samples, end, nearShare * Math.abs(end - mean)));
  return (isCut(atLow, low) ? atLow : 0) + (isCut(atHigh, high) ? atHigh : 0);
}

function isCutOff(at: number, { near, atNext }: Beside): boolean {
  const beside = near - atNext;
  return (beside >= fewestNear && at >= timesNear * near) || (beside > 0 && at >= timesNearOfFew * near);
}

/** The smallest and the largest value, and how many samples are exactly that. */
interface Ends {
  readonly low: number;
  readonly high: number;
  readonly atLow: number;
  readonly atHigh: number;
  readonly mean: number;
}

function findEnds(samples: Float64Array): Ends {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [atLow, atHigh, sum, finite] = [0, 0, 0, 0];
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index]!;
    if (!Number.isFinite(sample)) continue;
    sum += sample;
    finite++;
    if (sample <= low) {
      atLow = sample < low ? 1 : atLow + 1;
      low = sample;
    }
    if (sample >= high) {
      atHigh = sample > high ? 1 : atHigh + 1;
      high = sample;
    }
  }
  return { low, high, atLow, atHigh, mean: sum / finite };
}

/** How many samples stand beside an end, but not at it, and how many of them at the value next to it. */
interface Beside {
  readonly near: number;
  readonly atNext: number;
}

function countNear(samples: Float64Array, end: number, reach: number): Beside {
  let [near, next, atNext] = [0, reach, 0];
  for (let index = 0; index < samples.length; index++) {
    const beside = Math.abs(samples[index]! - end);
    if (beside === 0 || !(beside <= reach)) continue;
    near++;
    if (beside > next) continue;
    atNext = beside < next ? 1 : atNext + 1;
    next = beside;
  }
  return { near, atNext };
}
