/**
 * The speed that a tachometer's signal tells: it rises once a pulse, so many times a revolution. How far the shaft has turned
 * goes evenly from one pulse to the next; before the first and after the last the shaft turns as between their neighbours.
 */
import type { SampleFile } from "../samples/samples.ts";

/** Parts of the signal's range that a pulse must rise above and fall below again: noise upon an edge is no second one. */
const high = 0.6;
const low = 0.4;

/**
 * Pulses a minute over each `run` samples of `file`, which has `rateHz`; 0 where samples are missing from one pulse to the next;
 * empty where there are fewer than two pulses. Fails as the reader of the file does.
 */
export async function measurePulseRate(
  file: SampleFile,
  { run, rateHz }: { readonly run: number; readonly rateHz: number },
): Promise<Float32Array> {
  const { least, most, samples } = await findRange(file);
  const thresholds = { above: least + high * (most - least), below: least + low * (most - least) };
  /** Pulses up to the beginning of each run and the end of the last; NaN: not known. */
  const turns = new Float64Array(Math.ceil(samples / run) + 1).fill(Number.NaN);
  const edgeAt = (index: number): number => Math.min(index * run, samples);
  let next = 0;
  let pulses = 0;
  let last: Rise | null = null;
  let before: Rise | null = null;
  const fill = (from: Rise, to: Rise, until: number): void => {
    for (; next < turns.length && edgeAt(next) <= until; next++)
      if (!to.isUncertain)
        turns[next] = pulses - 1 + (edgeAt(next) - from.sample) / (to.sample - from.sample);
  };
  for await (const rise of listRises(file, thresholds)) {
    if (last !== null) fill(last, rise, rise.sample);
    pulses++;
    before = last;
    last = rise;
  }
  if (before === null || last === null) return new Float32Array(0);
  pulses--;
  fill(before, last, samples);
  return Float32Array.from({ length: turns.length - 1 }, (_, at) => {
    const rate = ((turns[at + 1]! - turns[at]!) / (edgeAt(at + 1) - edgeAt(at))) * rateHz * 60;
    return rate > 0 ? rate : 0;
  });
}

interface SignalRange {
  readonly least: number;
  readonly most: number;
  readonly samples: number;
}

async function findRange(file: SampleFile): Promise<SignalRange> {
  let [least, most, samples] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      // Of what is missing neither holds.
      if (value < least) least = value;
      if (value > most) most = value;
    }
    samples += piece.length;
  }
  return { least, most, samples };
}

/** Where the signal rises above, between two samples. */
interface Rise {
  readonly sample: number;
  /** Samples are missing since the one before. */
  readonly isUncertain: boolean;
}

async function* listRises(
  file: SampleFile,
  { above, below }: { readonly above: number; readonly below: number },
): AsyncGenerator<Rise> {
  let [sample, before, isHigh, isUncertain] = [0, Number.NaN, true, false];
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (Number.isNaN(value)) isUncertain = true;
      else if (isHigh) isHigh = !(value < below);
      else if (value > above) {
        isHigh = true;
        // From a value that is missing nobody knows when it rose.
        const since = before < value ? (value - above) / (value - before) : 0;
        yield { sample: sample - Math.min(1, since), isUncertain };
        isUncertain = false;
      }
      before = value;
      sample++;
    }
  }
}
