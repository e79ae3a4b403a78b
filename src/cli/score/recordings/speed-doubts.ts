/**
 * Whether a stated speed and sampling rate are those of the machine: the harmonics of a shaft stand in its mean spectrum
 * as a comb, whose spacing says how fast it turned. Says a doubt, in words for stderr, and corrects nothing: a gateway
 * would not. A rate of 20,000 Hz where 20,480 is true puts every line of a fault 2.4 % off, beyond where it is looked for.
 */
import { standsOnMains } from "../../../core/explain/mains-hum.ts";
import { createRealFft } from "../../../core/maths/real-fft.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { FileDescription } from "../../../training/dataset/sidecar/sidecar.ts";
import { readBeginning } from "./read-beginning.ts";
import { combHarmonics, findCombShare, findLines, toleratedShare } from "./shaft-comb.ts";

/** A recording of a point, and what is said of it. */
interface SpeedRecording {
  readonly point: string;
  readonly description: FileDescription;
  readonly open: () => Promise<SampleFile>;
}

/** Recordings of a point that are listened to: its first ones. */
const heardRecordings = 24;
/** A mean spectrum is one of so many parts at least: recordings, or halves of fewer ones that overlap, and so on. */
const fewestParts = 8;
/** Samples of a part. */
const mostSamples = 2 ** 16;
/** Below so many revolutions of a part neighbouring spacings cannot be told apart; parts of one recording share its knocks. */
const fewestRevolutions = 16;
const fewestRevolutionsOfCut = 32;
/** Resolutions of a spectrum within which a line may be the mains' own. */
const humReach = 2;

/** To a tenth, or of a slow shaft to three digits. */
export function formatRpm(rpm: number): string {
  return `${Number(rpm >= 100 ? rpm.toFixed(1) : rpm.toPrecision(3))}`;
}

/** None, where nothing is odd, or nothing can be said. A recording that cannot be read says nothing here. */
export async function listSpeedDoubts(recordings: readonly SpeedRecording[]): Promise<readonly string[]> {
  const doubts: string[] = [];
  for (const point of new Set(recordings.map((recording) => recording.point))) {
    const own = recordings.filter((recording) => recording.point === point).slice(0, heardRecordings);
    const { rateHz, shaftRpm } = own[0]!.description.sidecar;
    const alike = own.filter(({ description: { sidecar } }) => {
      return sidecar.rateHz === rateHz && sidecar.shaftRpm === shaftRpm;
    });
    const files = await Promise.all(alike.map(({ open }) => open().catch(() => null)));
    const share = await measureSpeedShare(
      files.filter((file) => file !== null),
      { rateHz, shaftRpm },
    );
    if (share === null || Math.abs(share - 1) <= toleratedShare) continue;
    const percent = Math.abs(100 * (share - 1)).toFixed(1);
    doubts.push(
      `${point}: lines of a shaft stand at ${(share * shaftRpm).toFixed(0)} rpm, ${percent} % ${share > 1 ? "above" : "below"} the stated ${formatRpm(shaftRpm)} rpm: check --shaft-rpm and --rate-hz (${rateHz}); lines of a fault are looked for within 2 %; a second machine that turns so may be what is heard`,
    );
  }
  return doubts;
}

/**
 * The speed at which a shaft's harmonics stand in the mean spectrum of `files`, as a share of the stated one; null where
 * no comb within 5 % of it stands out.
 */
export async function measureSpeedShare(
  files: readonly SampleFile[],
  { rateHz, shaftRpm }: { readonly rateHz: number; readonly shaftRpm: number },
): Promise<number | null> {
  const spectrum = await computeMeanSpectrum(files);
  if (spectrum === null) return null;
  const { power, samples, isCut } = spectrum;
  const size = 2 * (power.length - 1);
  const revolutions = (samples * shaftRpm) / 60 / rateHz;
  if (revolutions < (isCut ? fewestRevolutionsOfCut : fewestRevolutions)) return null;
  const turnBins = ((shaftRpm / 60) * size) / rateHz;
  const resolution = size / samples;
  const isMasked = (bin: number): boolean => {
    return standsOnMains((bin * rateHz) / size, (humReach * rateHz) / samples);
  };
  const lines = findLines({ power, resolution, isMasked }, turnBins * combHarmonics * 1.05);
  return findCombShare(lines, { turnBins, resolution });
}

interface MeanSpectrum {
  readonly power: Float64Array;
  /** That each of its parts is of; zeros stand behind them. */
  readonly samples: number;
  /** Several of them are of one recording. */
  readonly isCut: boolean;
}

/** Mean power spectrum of parts of the beginnings; null where there is little of them, or they are not alike in length. */
async function computeMeanSpectrum(files: readonly SampleFile[]): Promise<MeanSpectrum | null> {
  if (files.length === 0) return null;
  const partsOfEach = Math.ceil(fewestParts / files.length);
  // Each begins in the middle of the one before.
  const most = (mostSamples * (partsOfEach + 1)) / 2;
  const beginnings: Float64Array[] = [];
  for (const file of files) {
    const samples = await readBeginning(file, most);
    if (samples.length > 0 && samples.every(Number.isFinite)) beginnings.push(samples);
  }
  const shortest = Math.min(most, ...beginnings.map(({ length }) => length));
  const hop = Math.floor(shortest / (partsOfEach + 1));
  const samples = partsOfEach === 1 ? shortest : 2 * hop;
  if (beginnings.length * partsOfEach < fewestParts || samples < 1024) return null;
  const parts = beginnings.flatMap((beginning) => {
    return Array.from({ length: partsOfEach }, (_, index) => {
      return beginning.subarray(index * hop, index * hop + samples);
    });
  });
  return { power: computeMeanPower(parts), samples, isCut: partsOfEach > 1 };
}

/** Of parts of one length. */
function computeMeanPower(parts: readonly Float64Array[]): Float64Array {
  const { length } = parts[0]!;
  // Longer than what there is: zeros behind it make bins finer.
  const fft = createRealFft(2 ** Math.ceil(Math.log2(length)));
  const input = new Float64Array(fft.size);
  const real = new Float64Array(fft.size / 2 + 1);
  const imag = new Float64Array(fft.size / 2 + 1);
  const power = new Float64Array(fft.size / 2 + 1).fill(Number.MIN_VALUE);
  const hann = Float64Array.from({ length }, (_, at) => 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / length));
  for (const samples of parts) {
    let mean = 0;
    for (let index = 0; index < length; index++) mean += samples[index]! / length;
    for (let index = 0; index < length; index++) input[index] = (samples[index]! - mean) * hann[index]!;
    fft.forward(input, real, imag);
    for (let bin = 0; bin < power.length; bin++) power[bin]! += real[bin]! ** 2 + imag[bin]! ** 2;
  }
  return power;
}
