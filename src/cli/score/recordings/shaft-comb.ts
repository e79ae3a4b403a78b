/**
 * The comb that a shaft's harmonics are among the lines of a spectrum: several lines at multiples of one spacing, low ones
 * among them. Says null where lines could be another thing's: a comb without low harmonics is that of a gear or a bearing.
 */
import { computeMedian, computeScaledMad } from "../../../core/maths/robust.ts";
import { computeRunningMedian } from "./running-median.ts";

/** A line of a spectrum; `bin` is between bins, `height` a logarithm. */
export interface SpectrumLine {
  readonly bin: number;
  readonly height: number;
}

/** The lower part of a power spectrum, the bins over which one line spreads, and where a line says nothing. */
interface LineSpectrum {
  readonly power: Float64Array;
  /** Bins by which two lines differ that can be told apart: 1, times the zeros behind the samples. */
  readonly resolution: number;
  /** A line there may be another thing's. */
  readonly isMasked: (bin: number) => boolean;
}

/** Harmonics that are looked for. */
export const combHarmonics = 30;
/** Bins on either side of which a line's neighbourhood is the median. */
export const neighbours = 15;
/** Deviations by which a line stands out. */
const clear = 5;
/** Resolutions within which a line is the highest: a Hann window's main lobe. */
const lobe = 2;
/** Within {@link skirt} resolutions of a line that is so much higher (25 dB) what stands is that one's side lobes. */
const skirt = 10;
const skirtShare = 0.003;
/** Spacings that are tried here, as a share of the stated one, and how far apart they are. */
export const combReach = 0.05;
const step = 0.0005;
/** Distance at which a line is a harmonic's: in resolutions, and as a share of its place, for a shaft that wanders. */
export const nearResolutions = 0.4;
const nearShare = 0.0008;
/** A comb has so many lines, … */
const fewestLines = 3;
/** … of which so many are among the first. */
const lowHarmonics = 4;
const fewestLow = 2;
/** Resolutions by which these lines must lie beside the stated comb's. */
const apartResolutions = 0.75;
/** A shaft may turn so much otherwise than stated: a fault's search is wider, less its slip. */
export const toleratedShare = 0.009;
/** One line of the stated comb among its first, and the other is none: a second machine's, perhaps. */
const vetoHarmonics = 3;

/** Lines of the whole of `power`, which goes on for {@link neighbours} behind the last that is wanted. */
export function findLines({ power, resolution, isMasked }: LineSpectrum): SpectrumLine[] {
  const heights = power.map(Math.log);
  const medians = computeRunningMedian(heights, neighbours);
  const excess = heights.map((height, bin) => height - medians[bin]!);
  const least = computeMedian(excess) + clear * computeScaledMad(excess);
  const [own, wide] = [Math.ceil(lobe * resolution), Math.ceil(skirt * resolution)];
  const lines: SpectrumLine[] = [];
  for (let bin = 1; bin < heights.length - 1; bin++) {
    const height = heights[bin]!;
    if (excess[bin]! < least || height < highestOf(heights, bin, own)) continue;
    if (height < highestOf(heights, bin, wide) + Math.log(skirtShare)) continue;
    // The top of a parabola through three logarithms.
    const [before, after] = [heights[bin - 1]!, heights[bin + 1]!];
    const curve = before - 2 * height + after;
    const place = bin + (curve < 0 ? (before - after) / (2 * curve) : 0);
    if (!isMasked(place)) lines.push({ bin: place, height });
  }
  return lines;
}

function highestOf(heights: Float64Array, bin: number, reachBins: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let at = Math.max(0, bin - reachBins); at <= Math.min(heights.length - 1, bin + reachBins); at++) {
    if (heights[at]! > highest) highest = heights[at]!;
  }
  return highest;
}

/** The harmonics of a spacing at which a line stands, and how well they fit. */
interface Comb {
  readonly share: number;
  readonly harmonics: readonly number[];
  readonly bins: readonly number[];
  readonly score: number;
}

/** A comb of a shaft, or null: its spacing as a share of `turnBins`. */
export function findCombShare(
  lines: readonly SpectrumLine[],
  { turnBins, resolution }: { readonly turnBins: number; readonly resolution: number },
): number | null {
  const combOf = (share: number): Comb => fitComb(lines, { share, turnBins, resolution });
  const count = Math.round((2 * combReach) / step) + 1;
  const combs = Array.from({ length: count }, (_, index) => combOf(1 - combReach + index * step));
  const shafts = combs.filter(isShaft);
  if (shafts.length === 0) return null;
  const best = shafts.reduce(bestOf);
  // A comb at the end of what was tried may be the foot of another one.
  if (best === combs[0] || best === combs.at(-1)) return null;
  if (Math.abs(best.share - 1) <= toleratedShare) return best.share;
  const apart = best.harmonics.filter((harmonic, index) => {
    return (
      harmonic <= lowHarmonics &&
      Math.abs(best.bins[index]! - harmonic * turnBins) > apartResolutions * resolution
    );
  });
  if (apart.length < fewestLow || shafts.some((rival) => isApart(rival, best))) return null;
  // The loudest line near the stated speed is the shaft's, if any is.
  const firsts = lines.filter(({ bin }) => Math.abs(bin / turnBins - 1) <= combReach);
  const loudest = firsts.reduce((most, line) => (line.height > most.height ? line : most), noLine);
  if (firsts.length > 0 && !best.bins.includes(loudest.bin)) return null;
  const own = combs.filter(({ share }) => Math.abs(share - 1) <= toleratedShare).reduce(bestOf);
  const others = own.harmonics.filter((_, index) => !best.bins.includes(own.bins[index]!));
  return others.some((harmonic) => harmonic <= vetoHarmonics) ? null : best.share;
}

const noLine: SpectrumLine = { bin: 0, height: Number.NEGATIVE_INFINITY };

/** Have they no low line in common? */
function isApart(one: Comb, other: Comb): boolean {
  return !one.bins.some((bin, index) => one.harmonics[index]! <= lowHarmonics && other.bins.includes(bin));
}

function isShaft({ harmonics }: Comb): boolean {
  if (harmonics[0] === 1 && harmonics[1] === 2) return true;
  const low = harmonics.filter((harmonic) => harmonic <= lowHarmonics);
  return harmonics.length >= fewestLines && low.length >= fewestLow && harmonics.reduce(divisorOf, 0) === 1;
}

function bestOf(one: Comb, other: Comb): Comb {
  return other.score > one.score ? other : one;
}

function divisorOf(one: number, other: number): number {
  return other === 0 ? one : divisorOf(other, one % other);
}

function fitComb(
  lines: readonly SpectrumLine[],
  {
    share,
    turnBins,
    resolution,
  }: { readonly share: number; readonly turnBins: number; readonly resolution: number },
): Comb {
  const [harmonics, bins]: [number[], number[]] = [[], []];
  let score = 0;
  for (const { bin } of lines) {
    const harmonic = Math.round(bin / (share * turnBins));
    if (harmonic < 1 || harmonic > combHarmonics || harmonic === harmonics.at(-1)) continue;
    const away = measureAway(bin, { spacing: share * turnBins, resolution });
    if (away > 1) continue;
    harmonics.push(harmonic);
    bins.push(bin);
    score += 1 - away * away;
  }
  return { share, harmonics, bins, score };
}

/** Distance from the nearest harmonic, 1 where a line is none any more. */
export function measureAway(
  bin: number,
  { spacing, resolution }: { readonly spacing: number; readonly resolution: number },
): number {
  const place = Math.max(1, Math.round(bin / spacing)) * spacing;
  return Math.abs(bin - place) / (nearResolutions * resolution + nearShare * place);
}
