/** A decimating FIR filter that streams: one output every `factor` inputs, no output before its memory is full. */
import {
  type CountRun,
  createDecimationState,
  createScriptDecimationKernel,
  type Decimation,
  type DecimationKernel,
  decimationRunCounts,
  isBounded,
  type OutputPlace,
} from "./decimation-kernel.ts";
import { createVectorDecimationKernel } from "./decimation-vectors.ts";
import { findOrMake } from "./find-or-make.ts";
import { preferVectors } from "./wasm-module.ts";

/** Keeps its memory between calls; `push` allocates nothing. */
export interface Decimator {
  readonly factor: number;
  reset(): void;
  /** Filters a run of any length, writes the outputs to a place. Returns how many: at most ⌈(to − from) / factor⌉. */
  push(run: Readonly<CountRun>, place: Readonly<OutputPlace>): number;
}

/** One for all calls of kernels, so that none of them allocates. */
const piece: CountRun = { counts: new Int16Array(0), from: 0, to: 0, scale: 0 };
const next: OutputPlace = { out: new Float64Array(0), at: 0 };

/**
 * Creates a decimator by `factor` ≥ 2 with at least as many coefficients (see `designLowPassFir` and `roundTaps`).
 * The first output comes with input number `taps.length`, further ones every `factor` inputs.
 */
export function createDecimator(decimation: Decimation): Decimator {
  const { taps, factor } = decimation;
  if (!isBounded(decimation)) throw new RangeError("the taps' sizes add up to 2 or more");
  if (!Number.isInteger(factor) || factor < 2) throw new RangeError(`factor ${factor}`);
  if (taps.length < factor) throw new RangeError(`${taps.length} taps, of which none falls on some inputs`);
  const kernel = shareDecimationKernel(decimation);
  const state = createDecimationState(decimation);
  return {
    factor,
    reset: () => {
      state.held = 0;
    },
    push: ({ counts, from, to, scale }, { out, at }) => {
      piece.counts = counts;
      piece.scale = scale;
      next.out = out;
      next.at = at;
      for (let first = from; first < to; first = piece.to) {
        piece.from = first;
        piece.to = Math.min(to, first + decimationRunCounts);
        next.at += kernel.run(state, piece, next);
      }
      return next.at - at;
    },
  };
}

const shared = new Map<string, DecimationKernel>();

/** The kernel of this process for a make: vectors where there are any, and the make suits them. */
function shareDecimationKernel(decimation: Decimation): DecimationKernel {
  return findOrMake(shared, `${decimation.factor}/${decimation.taps.join()}`, () =>
    preferVectors(
      () => createVectorDecimationKernel(decimation),
      () => createScriptDecimationKernel(decimation),
    ),
  );
}
