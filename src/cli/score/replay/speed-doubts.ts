/**
 * Whether a stated speed and sampling rate are those of the machine: the harmonics of a shaft stand in its mean spectrum
 * as a comb, whose spacing says how fast it turned. Says a doubt, in words for stderr, and corrects nothing: a gateway
 * would not. A rate of 20,000 Hz where 20,480 is true puts every line of a fault 2.4 % off, beyond where it is looked for.
 */

import { createRealFft } from "../../../core/maths/real-fft.ts";
import { computeMedian, computeScaledMad } from "../../../core/maths/robust.ts";
import type { SampleFile } from "../../../training/dataset/samples/samples.ts";
import type { PlannedRecording } from "./plan-replay.ts";
import { usualStandbyRpm } from "./replayed-gateway.ts";

type SpeedRecording = Pick<PlannedRecording, "point" | "description" | "open">;

/** Recordings of a point that are listened to: its first ones. */
const heardRecordings = 24;
const fewestRecordings = 8;
/** Samples of each. */
const mostSamples = 2 ** 16;
/** Below so many revolutions neighbouring spacings cannot be told apart. */
const fewestRevolutions = 16;
const harmonics = 30;
/** Spacings that are tried, as a share of the stated speed, and how far apart they are. */
const reach = 0.05;
const step = 0.0005;
/** Bins on either side of which a line's neighbourhood is the median. */
const neighbours = 15;
/** Deviations of the other spacings by which a comb stands out; noise alone reaches 4. */
const clear = 6;
/** A shaft may turn so much otherwise than stated: a fault's search is wider, less its slip. */
const tolerated = 0.009;

/** Points whose shaft is so slow that a gateway with its defaults would take the turbine to stand by, as of a speed in hertz. */
export function listStandbyDoubts(
  recordings: readonly Pick<PlannedRecording, "point" | "description">[],
): readonly string[] {
  const standbyBelowRpm = usualStandbyRpm();
  return [...new Set(recordings.map(({ point }) => point))].flatMap((point) => {
    const own = recordings.filter((recording) => recording.point === point);
    const fastest = Math.max(...own.map(({ description }) => description.sidecar.shaftRpm));
    if (fastest >= standbyBelowRpm) return [];
    return [
      `${point}: at ${formatRpm(fastest)} rpm a gateway with its defaults takes the turbine to stand by and decides nothing: is that the speed in Hz (${Math.round(60 * fastest)} rpm)? A shaft that is as slow needs a lower operation.standbyBelowRpm`,
    ];
  });
}

/** To a tenth, or of a slow shaft to three digits. */
function formatRpm(rpm: number): string {
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
    if (alike.length < fewestRecordings) continue;
    const files = await Promise.all(alike.map(({ open }) => open().catch(() => null)));
    const share = await measureSpeedShare(
      files.filter((file) => file !== null),
      { rateHz, shaftRpm },
    );
    if (share === null || Math.abs(share - 1) <= tolerated) continue;
    const percent = Math.abs(100 * (share - 1)).toFixed(1);
    doubts.push(
      `${point}: lines of a shaft stand at ${(share * shaftRpm).toFixed(0)} rpm, ${percent} % ${share > 1 ? "above" : "below"} the stated ${formatRpm(shaftRpm)} rpm: check --shaft-rpm and --rate-hz (${rateHz}); lines of a fault are looked for within 2 %`,
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
  const turnBins = ((shaftRpm / 60) * 2 * (spectrum.length - 1)) / rateHz;
  if ((2 * (spectrum.length - 1)) / (rateHz / (shaftRpm / 60)) < fewestRevolutions) return null;
  const highest = Math.min(spectrum.length, Math.ceil(turnBins * harmonics * (1 + reach)) + neighbours + 1);
  const heights = spectrum.slice(0, highest).map(Math.log);
  const excess = heights.map((height, bin) => {
    return height - computeMedian(heights.subarray(Math.max(0, bin - neighbours), bin + neighbours + 1));
  });
  const count = Math.round((2 * reach) / step) + 1;
  const scores = Float64Array.from({ length: count }, (_, index) => {
    return scoreComb(excess, turnBins * (1 - reach + index * step));
  });
  const best = scores.indexOf(Math.max(...scores));
  const height = (scores[best]! - computeMedian(scores)) / computeScaledMad(scores);
  // A comb at the end of what was tried may be the foot of another one.
  return height >= clear && best > 0 && best < count - 1 ? 1 - reach + best * step : null;
}

/** Mean height of the harmonics of a spacing of `turnBins`. */
function scoreComb(excess: Float64Array, turnBins: number): number {
  let [sum, count] = [0, 0];
  for (let harmonic = 1; harmonic <= harmonics; harmonic++) {
    const bin = Math.round(harmonic * turnBins);
    if (bin >= excess.length) break;
    sum += excess[bin]!;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** Mean power spectrum of the beginnings; null where they are too few or not alike in length. */
async function computeMeanSpectrum(files: readonly SampleFile[]): Promise<Float64Array | null> {
  const beginnings: Float64Array[] = [];
  for (const file of files) {
    const samples = await readBeginning(file);
    if (samples.length > 0 && samples.every(Number.isFinite)) beginnings.push(samples);
  }
  const shortest = Math.min(mostSamples, ...beginnings.map(({ length }) => length));
  if (beginnings.length < fewestRecordings || shortest < 1024) return null;
  // Longer than what there is: zeros behind it make bins finer.
  const fft = createRealFft(2 ** Math.ceil(Math.log2(shortest)));
  const input = new Float64Array(fft.size);
  const real = new Float64Array(fft.size / 2 + 1);
  const imag = new Float64Array(fft.size / 2 + 1);
  const power = new Float64Array(fft.size / 2 + 1).fill(Number.MIN_VALUE);
  for (const samples of beginnings) {
    let mean = 0;
    for (let index = 0; index < shortest; index++) mean += samples[index]! / shortest;
    for (let index = 0; index < shortest; index++) {
      const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / shortest);
      input[index] = (samples[index]! - mean) * window;
    }
    fft.forward(input, real, imag);
    for (let bin = 0; bin < power.length; bin++) power[bin]! += real[bin]! ** 2 + imag[bin]! ** 2;
  }
  return power;
}

/** At most {@link mostSamples}; empty where the file cannot be read. */
async function readBeginning(file: SampleFile): Promise<Float64Array> {
  const samples = new Float64Array(mostSamples);
  let length = 0;
  try {
    for await (const piece of file.pieces()) {
      const part = piece.subarray(0, mostSamples - length);
      samples.set(part, length);
      length += part.length;
      if (length === mostSamples) break;
    }
  } catch {
    // What is wrong with it was said when it was played.
    return new Float64Array(0);
  }
  return samples.subarray(0, length);
}
