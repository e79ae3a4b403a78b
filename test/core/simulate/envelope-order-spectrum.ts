/**
 * Textbook envelope analysis, independent of the project's features: band-pass and envelope by one big FFT (analytic
 * signal), resampling to the shaft's angle, spectrum over orders. For judging the simulator only.
 */
import type { TurbineSimulation } from "../../../src/core/simulate/turbine-simulation.ts";

/** Acceleration in g with the shaft's angle at every sample. */
export interface Recording {
  readonly accelerationG: Float64Array;
  readonly revolutions: Float64Array;
  readonly sampleRateHz: number;
}

/** Records `seconds` of a turbine in blocks of 20 ms, each with its own reading of the speed. */
export function record(simulation: TurbineSimulation, turbine: number, seconds: number): Recording {
  const { sampleRateHz, scale } = simulation;
  const block = Math.round(sampleRateHz / 50);
  const blocks = Math.round((seconds * sampleRateHz) / block);
  const accelerationG = new Float64Array(blocks * block);
  const revolutions = new Float64Array(blocks * block);
  let turned = 0;
  for (let index = 0; index < blocks; index++) {
    const { counts, shaftRpm } = simulation.nextBlock(turbine, block);
    for (let sample = 0; sample < block; sample++) {
      accelerationG[index * block + sample] = counts[sample]! * scale;
      revolutions[index * block + sample] = turned;
      turned += shaftRpm / 60 / sampleRateHz;
    }
  }
  return { accelerationG, revolutions, sampleRateHz };
}

/** Height over the local median, in natural logarithm, of the largest line within ± `tolerance` of an order. */
export type LogSnr = (order: number, tolerance?: number) => number;

/** Squared-envelope spectrum over shaft orders of the band between two frequencies. */
export function envelopeOrderSpectrum(recording: Recording, lowHz: number, highHz: number): LogSnr {
  const { accelerationG, revolutions, sampleRateHz } = recording;
  const size = 2 ** Math.ceil(Math.log2(accelerationG.length));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(accelerationG);
  transform(re, im);
  for (let bin = 0; bin < size; bin++) {
    const frequency = (bin * sampleRateHz) / size;
    if (frequency < lowHz || frequency > highHz) re[bin] = im[bin] = 0;
  }
  // The inverse transform, up to scale and direction, which the magnitude does not see.
  transform(re, im);
  const envelope = new Float64Array(accelerationG.length);
  for (let index = 0; index < envelope.length; index++) {
    const from = (size - index) % size;
    envelope[index] = re[from]! ** 2 + im[from]! ** 2;
  }
  const perTurn = 64;
  const turns = Math.floor(revolutions.at(-1)!);
  const points = turns * perTurn;
  const length = 2 ** Math.ceil(Math.log2(points));
  const angleRe = new Float64Array(length);
  const angleIm = new Float64Array(length);
  let mean = 0;
  for (let point = 0, from = 0; point < points; point++) {
    const until = (point + 1) / perTurn;
    let sum = 0;
    let count = 0;
    for (; from < envelope.length && revolutions[from]! < until; from++, count++) sum += envelope[from]!;
    angleRe[point] = count === 0 ? (angleRe[point - 1] ?? 0) : sum / count;
    mean += angleRe[point]! / points;
  }
  for (let point = 0; point < points; point++) {
    angleRe[point] = (angleRe[point]! - mean) * (0.5 - 0.5 * Math.cos((2 * Math.PI * point) / points));
  }
  transform(angleRe, angleIm);
  const power = Float64Array.from(
    { length: length / 2 },
    (_, bin) => angleRe[bin]! ** 2 + angleIm[bin]! ** 2,
  );
  const ordersPerBin = perTurn / length;
  return (order, tolerance = 0.02) => {
    const near = range(
      power,
      (order * (1 - tolerance)) / ordersPerBin,
      (order * (1 + tolerance)) / ordersPerBin,
    );
    const around = range(power, (order - 0.5) / ordersPerBin, (order + 0.5) / ordersPerBin).sort();
    return Math.log(Math.max(...near) / around[around.length >> 1]!);
  };
}

/** Mean log-SNR of the first three harmonics of an order. */
export function harmonicScore(snr: LogSnr, order: number): number {
  return (snr(order) + snr(2 * order) + snr(3 * order)) / 3;
}

/** Fourth standardised moment; 3 for Gaussian noise. */
export function kurtosis(values: Float64Array): number {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let second = 0;
  let fourth = 0;
  for (const value of values) {
    const square = (value - mean) ** 2;
    second += square / values.length;
    fourth += square ** 2 / values.length;
  }
  return fourth / second ** 2;
}

function range(power: Float64Array, from: number, to: number): Float64Array {
  return power.slice(Math.max(1, Math.floor(from)), Math.ceil(to) + 1);
}

/** In-place radix-2 FFT. */
function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let index = 1, reversed = 0; index < size; index++) {
    let bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) {
      const [swappedRe, swappedIm] = [re[index]!, im[index]!];
      re[index] = re[reversed]!;
      im[index] = im[reversed]!;
      re[reversed] = swappedRe;
      im[reversed] = swappedIm;
    }
  }
  const { cosines, sines } = tabulateTurn(size);
  for (let span = 2; span <= size; span *= 2) {
    const half = span / 2;
    const stride = size / span;
    for (let start = 0; start < size; start += span) {
      for (let k = 0, own = start, other = start + half; k < half; k++, own++, other++) {
        const wr = cosines[k * stride]!;
        const wi = sines[k * stride]!;
        const tr = wr * re[other]! - wi * im[other]!;
        const ti = wr * im[other]! + wi * re[other]!;
        re[other] = re[own]! - tr;
        im[other] = im[own]! - ti;
        re[own]! += tr;
        im[own]! += ti;
      }
    }
  }
}

interface Turn {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

const turns = new Map<number, Turn>();

/** The first half of a turn backwards in so many steps a turn. */
function tabulateTurn(steps: number): Turn {
  let turn = turns.get(steps);
  if (turn === undefined) {
    const angles = Float64Array.from({ length: steps / 2 }, (_, step) => (-2 * Math.PI * step) / steps);
    turn = { cosines: angles.map(Math.cos), sines: angles.map(Math.sin) };
    turns.set(steps, turn);
  }
  return turn;
}
