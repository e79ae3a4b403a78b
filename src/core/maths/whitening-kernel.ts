/**
 * Whitens whole blocks: a high-pass, linear prediction fitted anew to every block, the magnitude of what it does not foretell.
 * In plain JavaScript here, as vectors in `whitening-vectors.ts`: the same bits, in half the time.
 */
import { computeLagProducts, filterPredictionError, solveLevinsonDurbin } from "./levinson.ts";

/** White noise 40 dB below the signal is added to its lag products: a fit to so few samples needs a floor. */
export const whiteningRidge = 1e-4;
/** Pole of the high-pass that takes the constant part away: 19 Hz at 12 kHz. */
const highPassPole = 0.99;
const squaredPole = highPassPole * highPassPole;
/** What is left of an output one to four samples later. */
export const highPassPoles: readonly [number, number, number, number] = [
  highPassPole,
  squaredPole,
  squaredPole * highPassPole,
  squaredPole * squaredPole,
];
/** Samples of one run, about: those of a device's frame and of a block that waited. */
const runSamples = 512;

/** The make of a whitener. */
export interface WhiteningOptions {
  /** Of the prediction; 0: none, only the constant part goes. */
  readonly order: number;
  /** At least twice `order`. */
  readonly blockSamples: number;
  /** What is left of lag products a block later, 0 … 1 (exclusive). */
  readonly memory: number;
}

/** Where a stream's state holds what: the last input and output of the high-pass, then `order` + 1 faded lag products. */
export const whiteningState = { raw: 0, high: 1, faded: 2 } as const;

/** One of a make for the whole process: samples and state are put in, run and taken out again. */
export interface WhiteningKernel {
  /** The last `order` samples before, high-passed, then raw ones, of {@link countRunBlocks} blocks at most. */
  readonly samples: Float64Array;
  /** What came of the samples, from the first new one on. */
  readonly magnitudes: Float64Array;
  /** Puts count · scale into the samples from number `start` on, `order` and more, at most a run's. */
  fill(counts: Int16Array, start: number, scale: number): void;
  /** Whitens `blocks` whole blocks; leaves the samples high-passed. */
  run(state: Float64Array, blocks: number): void;
}

/** Blocks of one run. */
export function countRunBlocks(blockSamples: number): number {
  return Math.ceil(runSamples / blockSamples) + 1;
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptWhiteningKernel(options: WhiteningOptions): WhiteningKernel {
  const { order, blockSamples } = options;
  const maxBlocks = countRunBlocks(blockSamples);
  const samples = new Float64Array(order + maxBlocks * blockSamples);
  const magnitudes = new Float64Array(maxBlocks * blockSamples);
  const whitenBlock = createBlockWhitening(options, { samples, magnitudes });
  return {
    samples,
    magnitudes,
    fill: (counts, start, scale) => {
      for (let index = 0; index < counts.length; index++) samples[start + index] = counts[index]! * scale;
    },
    run: (state, blocks) => {
      for (let from = 0; from < blocks * blockSamples; from += blockSamples) {
        whitenBlock(state, from, from + blockSamples);
      }
    },
  };
}

/** Whitens one block that need not be whole: the samples from number `from` to before number `to`. */
export function createBlockWhitening(
  { order, memory }: WhiteningOptions,
  { samples, magnitudes }: Pick<WhiteningKernel, "samples" | "magnitudes">,
): (state: Float64Array, from: number, to: number) => void {
  const products = new Float64Array(order + 1);
  const coefficients = new Float64Array(order + 1);
  const scratch = new Float64Array(order + 1);
  const { faded } = whiteningState;
  const [pole, squared, cubed, fourthPower] = highPassPoles;
  return (state, from, to) => {
    const start = order + from;
    const end = order + to;
    let raw = state[whiteningState.raw]!;
    let high = state[whiteningState.high]!;
    let index = start;
    // By fours: each of them waits for the output before all four, none for another's.
    for (; index + 3 < end; index += 4) {
      const [x0, x1, x2, x3] = [
        samples[index]!,
        samples[index + 1]!,
        samples[index + 2]!,
        samples[index + 3]!,
      ];
      const first = x0 - raw;
      const second = x1 - x0 + pole * first;
      const third = x2 - x1 + pole * second;
      const fourth = x3 - x2 + pole * (x2 - x1) + squared * second;
      samples[index] = first + pole * high;
      samples[index + 1] = second + squared * high;
      samples[index + 2] = third + cubed * high;
      samples[index + 3] = fourth + fourthPower * high;
      high = samples[index + 3]!;
      raw = x3;
    }
    for (; index < end; index++) {
      const next = samples[index]!;
      high = next - raw + pole * high;
      raw = next;
      samples[index] = high;
    }
    state[whiteningState.raw] = raw;
    state[whiteningState.high] = high;
    computeLagProducts(samples, start, end, order, products);
    for (let lag = 0; lag <= order; lag++) {
      const sum = products[lag]! + memory * state[faded + lag]!;
      state[faded + lag] = sum;
      products[lag] = sum;
    }
    products[0]! *= 1 + whiteningRidge;
    solveLevinsonDurbin(products, order, coefficients, scratch);
    const errors = magnitudes.subarray(from, to);
    filterPredictionError(samples, start, end, coefficients, order, errors);
    for (let index = 0; index < errors.length; index++) errors[index] = Math.abs(errors[index]!);
  };
}
