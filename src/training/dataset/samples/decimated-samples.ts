/** A recording that is faster than a data contract takes, at a whole fraction of its rate. Never invents samples between two. */
import { designLowPassFir } from "../../../core/maths/filter-design.ts";
import type { SampleFile } from "./samples.ts";

const tapsPerPhase = 16;
/** Of half of the new rate; what lies above it folds back into its last eighth only. */
const cutoff = 0.85;
/** Kaiser window: 60 dB down in the stop band. */
const beta = 5.65;

/**
 * Every `factor`-th sample of `file`, low-passed before; `factor` ≥ 2. Of a converter's counts it gives means, each of which
 * is worth what a count is, but none a count. The first sample comes when the filter is full, so that nothing rings at
 * the beginning; a missing value spoils as many samples as the filter is long.
 */
export function decimateSamples(file: SampleFile, factor: number): SampleFile {
  if (!Number.isInteger(factor) || factor < 2) throw new RangeError(`factor ${factor}`);
  const taps = designLowPassFir(tapsPerPhase * factor + 1, cutoff / factor, beta);
  const { rateHz } = file;
  return {
    ...file,
    isMean: true,
    rateHz: rateHz === undefined ? undefined : rateHz / factor,
    pieces: () => decimate(file, taps, factor),
  };
}

async function* decimate(file: SampleFile, taps: Float64Array, factor: number): AsyncGenerator<Float64Array> {
  // The end of what was read before, then the piece.
  let held = new Float64Array(0);
  /** Where in `held` the next output's window begins; it may lie in the next piece. */
  let from = 0;
  for await (const piece of file.pieces()) {
    const samples = new Float64Array(held.length + piece.length);
    samples.set(held);
    samples.set(piece, held.length);
    const out = new Float64Array(Math.max(0, Math.ceil((samples.length - taps.length - from + 1) / factor)));
    for (let at = 0; at < out.length; at++, from += factor) {
      let sum = 0;
      for (let tap = 0; tap < taps.length; tap++) sum += taps[tap]! * samples[from + tap]!;
      out[at] = sum;
    }
    const done = Math.min(from, samples.length);
    held = samples.slice(done);
    from -= done;
    if (out.length > 0) yield out;
  }
}
