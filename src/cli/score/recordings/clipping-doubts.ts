/**
 * Recordings whose samples sit at their largest and smallest value, as a converter's do that is driven too far. Says so in
 * words for stderr where it is sure: not of few samples, nor of so few levels that many share each.
 */
import type { Beginning } from "./beginning.ts";

/** Collects recordings that are clipped. */
interface ClippingDoubts {
  /** One that cannot be read says nothing here. */
  look(beginning: Beginning): Promise<void>;
  /** One sentence where any is clipped; the first is named. */
  list(): readonly string[];
}

/** Samples of a recording that are looked at: its first ones. */
const mostSamples = 2 ** 18;
/** Samples at each end, at least, and as a share of all. */
const fewestAtEnd = 100;
const leastShare = 0.001;
/** So many times those within this share of the range beside them, of which there are some. */
const timesNear = 4;
const nearShare = 0.005;
const fewestNear = 10;

/** Creates a collection without any. */
export function createClippingDoubts(): ClippingDoubts {
  const clipped: { path: string; share: number }[] = [];
  return {
    look: async (beginning) => {
      const share = measureClippedShare(await beginning.take(mostSamples));
      if (share !== null) clipped.push({ path: beginning.path, share });
    },
    list: () => {
      const [first, ...others] = clipped;
      if (first === undefined) return [];
      const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
      return [
        `${first.path}${more} is clipped: ${(100 * first.share).toFixed(1)} % of its samples are exactly at its largest or smallest value: what a fault adds is lost there; choose a wider range`,
      ];
    },
  };
}

/** Share of the samples at both ends; null where they are not surely clipped. */
export function measureClippedShare(samples: Float64Array): number | null {
  const ends = findEnds(samples);
  const fewest = Math.max(fewestAtEnd, leastShare * samples.length);
  // Of most recordings there is no more to ask.
  if (ends.atLow < fewest || ends.atHigh < fewest) return null;
  const near = countNear(samples, ends);
  const isClipped = (at: number, beside: number): boolean => beside >= fewestNear && at >= timesNear * beside;
  if (!isClipped(ends.atLow, near.low) || !isClipped(ends.atHigh, near.high)) return null;
  return (ends.atLow + ends.atHigh) / samples.length;
}

/** The smallest and the largest value, and how many samples are exactly that. */
interface Ends {
  readonly low: number;
  readonly high: number;
  readonly atLow: number;
  readonly atHigh: number;
}

function findEnds(samples: Float64Array): Ends {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [atLow, atHigh] = [0, 0];
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index]!;
    if (sample <= low) {
      atLow = sample < low ? 1 : atLow + 1;
      low = sample;
    }
    if (sample >= high) {
      atHigh = sample > high ? 1 : atHigh + 1;
      high = sample;
    }
  }
  return { low, high, atLow, atHigh };
}

/** How many samples stand beside each end, but not at it. */
function countNear(
  samples: Float64Array,
  { low, high }: Ends,
): { readonly low: number; readonly high: number } {
  const reach = nearShare * (high - low);
  let [nearLow, nearHigh] = [0, 0];
  for (const sample of samples) {
    if (sample !== low && sample <= low + reach) nearLow++;
    if (sample !== high && sample >= high - reach) nearHigh++;
  }
  return { low: nearLow, high: nearHigh };
}
