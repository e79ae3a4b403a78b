/**
 * Where the lines of a shaft stand, by the share of what is stated: of recordings together, on an axis of each one's own
 * stated orders, and of each by itself. Knows no words, and of what cannot be read nothing.
 */
import { standsOnMains } from "../../../core/maths/mains.ts";
import { computeQuantile } from "../../../core/maths/robust.ts";
import type { Beginning } from "./beginning.ts";
import { findFarShare, findLoudShare } from "./far-shaft.ts";
import { computeMeanPower, computeOrderPower, sizeTransform } from "./mean-spectrum.ts";
import {
  combHarmonics,
  findCombShare,
  findLines,
  nearResolutions,
  neighbours,
  type SpectrumLine,
  toleratedShare,
} from "./shaft-comb.ts";

/** A recording that is listened to, and the speed that is stated of it. */
export interface HeardRecording {
  readonly beginning: Beginning;
  readonly shaftRpm: number;
}

/** A mean spectrum is one of so many parts at least: recordings, or halves of fewer ones that overlap, and so on. */
const fewestParts = 8;
/** Samples of a part, or of a recording by itself. */
const mostSamples = 2 ** 16;
/** Below so many revolutions of a part neighbouring spacings cannot be told apart; parts of one recording share its knocks. */
const fewestRevolutions = 16;
const fewestRevolutionsOfCut = 32;
/** Parts of a recording that is measured by itself. */
const partsOfOne = 3;
/** Share of the recordings at either end of their shares that may be wrong. */
const outerShare = 0.1;
/** Harmonics of the stated speed at which a shaft is heard, where all else varies. */
const statedHarmonics = [1, 2, 3];
/** Resolutions of a spectrum within which a line may be the mains' own. */
const humReach = 2;

/**
 * The speed at which a shaft's harmonics stand in the mean spectrum of recordings, as a share of the stated one; null where
 * no comb within 5 % of it stands out, and none farther off of which there is little doubt.
 */
export async function measureSpeedShare(
  heard: readonly HeardRecording[],
  rateHz: number,
): Promise<number | null> {
  if (heard.length === 0) return null;
  const partsOfEach = Math.ceil(fewestParts / heard.length);
  const cut = await cutParts(heard, { partsOfEach, most: (mostSamples * (partsOfEach + 1)) / 2 });
  const fewest = partsOfEach > 1 ? fewestRevolutionsOfCut : fewestRevolutions;
  const turning = cut.filter((part) => countRevolutions(part, rateHz) >= fewest);
  return turning.length < fewestParts ? null : findShare(turning, rateHz);
}

/**
 * The lowest and the highest share of recordings each measured by itself, without outliers; null where they are one or few
 * can be told, or a shaft is heard at the stated speed all the while: what varies is another machine's.
 */
export async function measureSpeedRange(
  heard: readonly HeardRecording[],
  rateHz: number,
): Promise<{ readonly low: number; readonly high: number } | null> {
  if (heard.length < fewestParts) return null;
  const shares: number[] = [];
  const asked: HeardRecording[] = [];
  for (const each of heard) {
    const parts = await cutParts([each], { partsOfEach: partsOfOne, most: mostSamples });
    const turning = parts.filter((part) => countRevolutions(part, rateHz) >= fewestRevolutions);
    if (turning.length < partsOfOne) continue;
    asked.push(each);
    const { lines, ...place } = listLines(turning, rateHz);
    const share = findLoudShare(lines, place);
    if (share !== null) shares.push(share);
  }
  if (shares.length < fewestParts) return null;
  const [low, high] = [computeQuantile(shares, outerShare), computeQuantile(shares, 1 - outerShare)];
  if (high - low <= 2 * toleratedShare) return null;
  return isHeardAtStated(await cutParts(asked, { partsOfEach: 1, most: mostSamples }), rateHz)
    ? null
    : { low, high };
}

/** Samples of a recording, as many as each other part has. */
interface Part {
  readonly samples: Float64Array;
  readonly shaftRpm: number;
}

function countRevolutions({ samples, shaftRpm }: Part, rateHz: number): number {
  return (samples.length * shaftRpm) / 60 / rateHz;
}

function findShare(parts: readonly Part[], rateHz: number): number | null {
  const { lines, turnBins, resolution, isMasked } = listLines(parts, rateHz);
  const clear = lines.filter(({ bin }) => !isMasked(bin));
  const near = findCombShare(clear, { turnBins, resolution });
  return near ?? findFarShare(lines, { turnBins, resolution, isMasked });
}

/** Does a line stand at a harmonic of the stated speed, of all parts one, in most of them? Lines that wander sink in a mean of logarithms. */
function isHeardAtStated(parts: readonly Part[], rateHz: number): boolean {
  const { turnBins, resolution, bins, isHum } = placeLines(parts, rateHz);
  const sum = new Float64Array(bins);
  for (const { samples } of parts) {
    const power = computeMeanPower([samples], bins);
    for (let bin = 0; bin < bins; bin++) sum[bin]! += Math.log(power[bin]!);
  }
  const power = sum.map((logarithms) => Math.exp(logarithms / parts.length));
  return findLines({ power, resolution, isMasked: isHum }).some(({ bin }) => {
    const harmonic = Math.round(bin / turnBins);
    const reach = Math.max(nearResolutions * resolution, toleratedShare * harmonic * turnBins);
    return statedHarmonics.includes(harmonic) && Math.abs(bin - harmonic * turnBins) <= reach;
  });
}

interface HeardLines {
  readonly lines: readonly SpectrumLine[];
  /** From one harmonic of the stated speed to the next, and between lines that can be told apart. */
  readonly turnBins: number;
  readonly resolution: number;
  readonly isMasked: (bin: number) => boolean;
}

/** Of the mean spectrum of parts, on the axis of the slowest of them. */
function listLines(parts: readonly Part[], rateHz: number): HeardLines {
  const { turnBins, resolution, bins, isHum, slowest, fastest } = placeLines(parts, rateHz);
  const isOne = slowest === fastest;
  const power = isOne
    ? computeMeanPower(
        parts.map(({ samples }) => samples),
        bins,
      )
    : computeOrderPower(
        parts.map(({ samples, shaftRpm }) => ({ samples, stretch: shaftRpm / slowest })),
        { bins, isHum },
      );
  const lines = findLines({ power, resolution, isMasked: () => false });
  return { lines, turnBins, resolution, isMasked: isOne ? isHum : () => false };
}

/** Where lines lie in a spectrum of parts of one length, and how many bins of it are looked at. */
function placeLines(parts: readonly Part[], rateHz: number) {
  const speeds = parts.map(({ shaftRpm }) => shaftRpm);
  const [slowest, fastest] = [Math.min(...speeds), Math.max(...speeds)];
  const { length } = parts[0]!.samples;
  const size = sizeTransform(length);
  const turnBins = ((slowest / 60) * size) / rateHz;
  const highest = Math.ceil(turnBins * combHarmonics * 1.05);
  return {
    slowest,
    fastest,
    turnBins,
    resolution: size / length,
    bins: Math.min(Math.floor(((size / 2) * slowest) / fastest) + 1, highest + neighbours + 1),
    isHum: (bin: number): boolean => {
      return standsOnMains((bin * rateHz) / size, (humReach * rateHz) / length);
    },
  };
}

/** Parts of one length of recordings, so many of each; none where there is little of them. */
async function cutParts(
  heard: readonly HeardRecording[],
  { partsOfEach, most }: { readonly partsOfEach: number; readonly most: number },
): Promise<Part[]> {
  const whole: Part[] = [];
  for (const { beginning, shaftRpm } of heard) {
    const samples = await beginning.take(most);
    if (samples.length > 0 && areFinite(samples)) whole.push({ samples, shaftRpm });
  }
  const shortest = Math.min(most, ...whole.map(({ samples }) => samples.length));
  // Each begins in the middle of the one before.
  const hop = Math.floor(shortest / (partsOfEach + 1));
  const length = partsOfEach === 1 ? shortest : 2 * hop;
  if (length < 1024) return [];
  return whole.flatMap(({ samples, shaftRpm }) => {
    return Array.from({ length: partsOfEach }, (_, index) => {
      return { samples: samples.subarray(index * hop, index * hop + length), shaftRpm };
    });
  });
}

function areFinite(samples: Float64Array): boolean {
  for (let index = 0; index < samples.length; index++) {
    if (!(Math.abs(samples[index]!) < Number.POSITIVE_INFINITY)) return false;
  }
  return true;
}
