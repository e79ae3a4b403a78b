/**
 * Recordings whose samples sit at their largest and smallest value, as a converter's do that is driven too far. Says so in
 * words for stderr where it is sure: not of few samples, nor of so few levels that many share each.
 */
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import { readBeginning } from "./read-beginning.ts";

interface HeardRecording {
  readonly open: () => Promise<SampleFile>;
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

/** One sentence where any of `recordings` is clipped; the first is named. One that cannot be read says nothing here. */
export async function listClippingDoubts(recordings: readonly HeardRecording[]): Promise<readonly string[]> {
  const clipped: { path: string; share: number }[] = [];
  for (const { open } of recordings) {
    const file = await open().catch(() => null);
    if (file === null) continue;
    const share = measureClippedShare(await readBeginning(file, mostSamples));
    if (share !== null) clipped.push({ path: file.path, share });
  }
  const [first, ...others] = clipped;
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return [
    `${first.path}${more} is clipped: ${(100 * first.share).toFixed(1)} % of its samples are exactly at its largest or smallest value: what a fault adds is lost there; choose a wider range`,
  ];
}

/** Share of the samples at both ends; null where they are not surely clipped. */
export function measureClippedShare(samples: Float64Array): number | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const sample of samples) {
    if (sample < low) low = sample;
    if (sample > high) high = sample;
  }
  const near = nearShare * (high - low);
  let [atLow, atHigh, nearLow, nearHigh] = [0, 0, 0, 0];
  for (const sample of samples) {
    if (sample === low) atLow++;
    else if (sample <= low + near) nearLow++;
    if (sample === high) atHigh++;
    else if (sample >= high - near) nearHigh++;
  }
  const fewest = Math.max(fewestAtEnd, leastShare * samples.length);
  const isClipped = (at: number, beside: number): boolean => {
    return at >= fewest && beside >= fewestNear && at >= timesNear * beside;
  };
  if (!isClipped(atLow, nearLow) || !isClipped(atHigh, nearHigh)) return null;
  return (atLow + atHigh) / samples.length;
}
