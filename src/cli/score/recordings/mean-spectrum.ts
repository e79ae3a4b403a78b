/** The mean power spectrum of several parts of recordings, each under a Hann window. Scales nothing: heights are compared. */
import { shareSpectrumKernel } from "../../../core/maths/spectrum-vectors.ts";

/** Values that are transformed for a part of `samples`: zeros behind it make bins finer. */
export function sizeTransform(samples: number): number {
  return 2 ** Math.ceil(Math.log2(samples));
}

/**
 * The lowest `bins` bins, at most half of {@link sizeTransform} and one, of the mean of `parts`, of one length from 16 on.
 * Each part is freed of its mean. No bin is 0, so that all have a logarithm.
 */
export function computeMeanPower(parts: readonly Float64Array[], bins: number): Float64Array {
  const power = new Float64Array(bins).fill(Number.MIN_VALUE);
  for (const samples of parts) {
    const amplitudes = transformPart(samples);
    for (let bin = 0; bin < bins; bin++) power[bin]! += amplitudes[bin]! * amplitudes[bin]!;
  }
  return power;
}

/** Samples whose bins lie `stretch` times as far apart as those of the mean: its shaft turns so much faster. */
interface StretchedPart {
  readonly samples: Float64Array;
  readonly stretch: number;
}

/** As {@link computeMeanPower}, of parts of several speeds. Bins of a part that are hum are bridged: they stand at other orders each time. */
export function computeOrderPower(
  parts: readonly StretchedPart[],
  { bins, isHum }: { readonly bins: number; readonly isHum: (bin: number) => boolean },
): Float64Array {
  const power = new Float64Array(bins).fill(Number.MIN_VALUE);
  for (const { samples, stretch } of parts) {
    const own = transformPart(samples).map((amplitude) => amplitude * amplitude);
    bridge(own, isHum);
    for (let bin = 0; bin < bins; bin++) {
      const place = bin * stretch;
      const below = Math.min(Math.floor(place), own.length - 2);
      power[bin]! += own[below]! + (place - below) * (own[below + 1]! - own[below]!);
    }
  }
  return power;
}

function bridge(power: Float64Array, isHum: (bin: number) => boolean): void {
  for (let bin = 1; bin < power.length - 1; bin++) {
    if (!isHum(bin)) continue;
    let end = bin;
    while (end < power.length - 1 && isHum(end)) end++;
    const [before, after] = [power[bin - 1]!, power[end]!];
    for (let at = bin; at < end; at++) {
      power[at] = before + ((at - bin + 1) / (end - bin + 1)) * (after - before);
    }
    bin = end;
  }
}

/** Amplitudes of a part, which the next one overwrites. */
function transformPart(samples: Float64Array): Float64Array {
  const { length } = samples;
  const { input, amplitudes, transform } = shareSpectrumKernel(sizeTransform(length));
  const window = shareHannWindow(length);
  const mean = computeMean(samples);
  // Others who share the kernel leave their own there.
  input.fill(0, length);
  for (let index = 0; index < length; index++) input[index] = (samples[index]! - mean) * window[index]!;
  transform();
  return amplitudes;
}

function computeMean(samples: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index++) sum += samples[index]!;
  return sum / samples.length;
}

/** Of the last length: recordings that are scored together are often alike. */
let lastWindow = new Float64Array(0);
/** Values that are turned on from one to the next, before a cosine is computed anew. */
const turned = 64;

/** 0.5 − 0.5·cos(2π·n / length), to 14 digits. */
function shareHannWindow(length: number): Float64Array {
  if (lastWindow.length === length) return lastWindow;
  lastWindow = new Float64Array(length);
  const angle = (2 * Math.PI) / length;
  const [stepCosine, stepSine] = [Math.cos(angle), Math.sin(angle)];
  for (let from = 0; from < length; from += turned) {
    let [cosine, sine] = [Math.cos(angle * from), Math.sin(angle * from)];
    for (let at = from; at < Math.min(length, from + turned); at++) {
      lastWindow[at] = 0.5 - 0.5 * cosine;
      const next = cosine * stepCosine - sine * stepSine;
      sine = sine * stepCosine + cosine * stepSine;
      cosine = next;
    }
  }
  return lastWindow;
}
