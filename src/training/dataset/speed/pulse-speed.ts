/**
 * The speed that a tachometer tells, by its signal, which rises once a pulse, so many times a revolution, or by the times of its
 * pulses: numbers that only grow are these, in seconds. How far the shaft has turned
 * goes evenly from one pulse to the next; for two pulses' time before the first and after the last it turns as between their
 * neighbours, and beyond that nobody knows.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { SampleFile } from "../samples/samples.ts";

/** Parts of the signal's range that a pulse must rise above and fall below again: noise upon an edge is no second one. */
const high = 0.6;
const low = 0.4;

/** Samples from one pulse to the next at least, on average: of fewer some are lost between two samples. */
const fewestSamples = 4;
/** A clock's values are a sample's time apart, up to this share of it. */
const clockTolerance = 0.01;
/** Intervals that differ so much from the one before, as a share of all: pulses bounce, or are not spaced evenly. */
const unevenBy = 1.5;
const mostUneven = 0.2;
/** Of fewer pulses nobody knows. */
const fewestToJudge = 16;
/** Of fewer the times tell no speed that one can trust. */
const fewestTimes = 3;
/** A recording of which only the times of pulses are known is no longer, seconds. */
const longestSeconds = 86_400;
/** So many intervals the shaft goes on as it went. */
const heldIntervals = 2;

/**
 * Pulses a minute over each `run` samples at `rateHz`, which a signal in `file` has itself; 0 where nobody knows: samples are missing from one pulse to
 * the next, or no pulse is near; empty where there are fewer than two pulses. Fails with DATA_FORMAT where pulses come too fast to
 * be counted, or unevenly, and as the reader of the file does.
 */
export async function measurePulseRate(
  file: SampleFile,
  { run, rateHz }: { readonly run: number; readonly rateHz: number },
): Promise<Float32Array> {
  const areTimes = await holdsPulseTimes(file);
  const range = await findRange(file);
  const { least, most } = range;
  const thresholds = { above: least + high * (most - least), below: least + low * (most - least) };
  const samples = areTimes ? countSamples(file.path, { ...range, rateHz }) : range.samples;
  const rates = new Float32Array(Math.ceil(samples / run));
  /** Pulses up to where each run begins and the last one ends. */
  const turns = new Float64Array(rates.length + 1).fill(Number.NaN);
  const lost = new Uint8Array(rates.length);
  const edgeAt = (index: number): number => Math.min(index * run, samples);
  const pulses = createPulseCount(file.path, areTimes);
  let last: Rise | null = null;
  let next = 0;
  /** What lies between two rises, the second of which is number `count`; edges from `since` to `until`. */
  const fill = (
    from: Rise,
    to: Rise,
    { since, until }: { readonly since: number; readonly until: number },
  ): void => {
    if (to.isUncertain) lost.fill(1, Math.floor(from.sample / run), Math.floor(to.sample / run) + 1);
    for (; next < turns.length && edgeAt(next) <= until; next++) {
      if (to.isUncertain || edgeAt(next) < since) continue;
      turns[next] = pulses.count - 2 + (edgeAt(next) - from.sample) / (to.sample - from.sample);
    }
  };
  let before: Rise | null = null;
  for await (const rise of areTimes ? listTimes(file, rateHz) : listRises(file, thresholds)) {
    pulses.add(rise.sample);
    if (last !== null) {
      const held = heldIntervals * (rise.sample - last.sample);
      fill(last, rise, { since: before === null ? last.sample - held : 0, until: rise.sample });
    }
    before = last;
    last = rise;
  }
  if (before === null || last === null) return new Float32Array(0);
  pulses.judge();
  const held = heldIntervals * (last.sample - before.sample);
  fill(
    before,
    { ...last, isUncertain: false },
    { since: last.sample, until: Math.min(samples, last.sample + held) },
  );
  return rates.map((_, at) => {
    const rate = ((turns[at + 1]! - turns[at]!) / (edgeAt(at + 1) - edgeAt(at))) * rateHz * 60;
    return rate > 0 && lost[at] === 0 ? rate : 0;
  });
}

/**
 * Is each number above the one before, as no tachometer's signal is? They are times then. Behind the last one nothing may be, as
 * in a table whose other columns are longer. Fails with DATA_FORMAT where there are too few to tell a speed.
 */
export async function holdsPulseTimes(file: SampleFile): Promise<boolean> {
  let [last, count, isOver] = [Number.NEGATIVE_INFINITY, 0, false];
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (Number.isNaN(value)) {
        isOver = true;
        continue;
      }
      if (isOver || !(value > last)) return false;
      last = value;
      count++;
    }
  }
  if (count === 0 || count >= fewestTimes) return count > 0;
  throw new AuroraError(
    "DATA_FORMAT",
    `the tachometer of ${file.path} has ${count === 1 ? "one value" : `${count} values`} and no more`,
    {
      op: "read speed",
      subject: file.path,
      hint: "the times of three pulses tell a speed, or more: record for longer, or name the channel of the tachometer's signal; of a speed that stays say `rpm: 1500`",
    },
  );
}

interface PulseCount {
  readonly count: number;
  add(sample: number): void;
  /** @throws AuroraError DATA_FORMAT where what was counted cannot be pulses of a shaft. */
  judge(): void;
}

function createPulseCount(path: string, areTimes: boolean): PulseCount {
  let [count, first, last, interval, uneven] = [0, 0, 0, Number.NaN, 0];
  return {
    get count() {
      return count;
    },
    add: (sample) => {
      if (count === 0) first = sample;
      else {
        const ratio = (sample - last) / interval;
        if (ratio > unevenBy || ratio < 1 / unevenBy) uneven++;
        interval = sample - last;
      }
      last = sample;
      count++;
    },
    judge: () => {
      if (count < fewestToJudge) return;
      const samples = (last - first) / (count - 1);
      if (areTimes && Math.abs(samples - 1) < clockTolerance)
        throw refuseTimes(path, "grows by a sample's time each time, as a clock does");
      if (!areTimes && samples < fewestSamples)
        throw refusePulses(path, `rises every ${samples.toFixed(1)} samples, too fast to be counted`);
      if (uneven > mostUneven * count)
        throw refusePulses(
          path,
          `does not rise evenly: ${uneven} of ${count - 1} intervals are ${unevenBy} times those before`,
        );
    },
  };
}

function refuseTimes(path: string, what: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `the tachometer of ${path} ${what}, and holds no times of pulses`, {
    op: "read speed",
    subject: path,
    hint: "numbers that only grow are times of pulses: write them in seconds since the recording's beginning, or name the channel of the tachometer's signal",
  });
}

function refusePulses(path: string, what: string): AuroraError {
  return new AuroraError("DATA_FORMAT", `the tachometer of ${path} ${what}`, {
    op: "read speed",
    subject: path,
    hint: "its signal must rise once a pulse, for two samples or more, and pulses come evenly over a revolution: low-pass it, or count one a revolution",
  });
}

interface SignalRange {
  readonly least: number;
  readonly most: number;
  readonly samples: number;
  /** Samples that are not missing. */
  readonly values: number;
}

async function findRange(file: SampleFile): Promise<SignalRange> {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [samples, values] = [0, 0];
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      // Of what is missing neither holds.
      if (value < least) least = value;
      if (value > most) most = value;
      if (!Number.isNaN(value)) values++;
    }
    samples += piece.length;
  }
  return { least, most, samples, values };
}

/** Of a recording whose pulses came from `least` to `most`, as long as the shaft is known to go on. */
function countSamples(path: string, times: SignalRange & { readonly rateHz: number }): number {
  const { least, most, values, rateHz } = times;
  if (least < 0 || most > longestSeconds) throw refuseTimes(path, `only grows, from ${least} to ${most}`);
  return Math.ceil((most + (heldIntervals * (most - least)) / (values - 1)) * rateHz);
}

async function* listTimes(file: SampleFile, rateHz: number): AsyncGenerator<Rise> {
  for await (const piece of file.pieces()) {
    for (const seconds of piece) {
      if (!Number.isNaN(seconds)) yield { sample: seconds * rateHz, isUncertain: false };
    }
  }
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
