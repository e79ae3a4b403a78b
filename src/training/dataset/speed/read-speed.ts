/** How the shaft's speed goes over a recording, from a channel of it or of another file. Keeps no sample. */
import { join } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { readNamedUnit } from "../samples/choose-channel.ts";
import { openSampleFile } from "../samples/sample-file.ts";
import { rememberSamples, type SampleFile } from "../samples/samples.ts";
import { readTimeColumn } from "../samples/time-column.ts";
import { holdsPulseTimes, measurePulseRate } from "./pulse-speed.ts";
import type { RecordedSpeed } from "./recorded-speed.ts";
import { fillBetween, measureSpeedRows } from "./speed-rows.ts";
import { readSpeedUnit, rpmOfUnit, type SpeedSource } from "./speed-source.ts";

/** A run lasts so long, or from one value to the next: within it a shaft that doubles its speed in 10 s turns as good as evenly. */
const runSeconds = 0.04;
/** Runs of a recording at most: two days, or six weeks of one value a second. */
const maxRuns = 2 ** 22;
/** Of the numbers of values of a speed and a vibration that are sampled together; of a tachometer any other rate is another speed. */
const mostUnequal = { ofSpeed: 1.5, ofPulses: 1.01 };
/** Of the rows of a table and those up to the last value of a speed in it: a sensor that falls silent earlier is one that has another rate. */
const mostFilled = 1.9;
/** A sensor of a shaft that stands may read a little above or below 0; one that is wired the other way round reads far below. */
const standstillRpm = 1;

/** The recording that the speed belongs to. */
interface SpeedOf {
  /** Folder of `file`, and of what a source names. */
  readonly root: string;
  readonly file: string;
  /** That is listened to; null: the only one. */
  readonly channel: string | null;
  readonly rateHz: number;
}

/**
 * Reads the speed beside a recording. A run of which most values are missing, or whose mean is not above 0, is 0: the shaft is
 * taken to stand, and no window is cut there; it may stand all the time. Fails with DATA_MISSING, DATA_FORMAT, USAGE.
 */
export async function readSpeed(
  source: SpeedSource,
  { root, file, channel, rateHz }: SpeedOf,
): Promise<RecordedSpeed> {
  const path = join(root, source.file ?? file);
  if (source.file === null && (source.channel === channel || (await takesAnyName(path)))) {
    throw refuse(path, `${path} holds the vibration under "${source.channel}", and no speed`, hintOfChannel);
  }
  const column = rememberSamples(await openSampleFile(path, source.channel));
  const ownHz = await findOwnRate(source, column, { channel, rateHz });
  const run = Math.max(1, Math.round(runSeconds * ownHz));
  const isBeside = source.file === null && source.rateHz === null && source.pulses === null;
  const samples = isBeside ? await readBeside(source, column, { channel, rateHz }) : column;
  const rpmOf = source.pulses === null ? rpmOfOne(source, samples) : null;
  const { rpm, stands } =
    rpmOf !== null
      ? await averageRuns(samples, { run, scale: source.scale * rpmOf })
      : {
          rpm: scaleRuns(
            await measurePulseRate(samples, { run, rateHz: ownHz }),
            source.scale / source.pulses!,
          ),
          stands: false,
        };
  if (!stands && rpm.every((each) => each === 0)) {
    throw source.pulses === null
      ? refuse(path, `${path} holds no speed above 0 in "${source.channel ?? "its channel"}"`, hintOfChannel)
      : refuse(
          path,
          `${path} holds no two pulses`,
          "name the channel of the tachometer, whose signal rises once a pulse; of a shaft that stands say `rpm: 0`",
        );
  }
  return {
    everySamples: (run * rateHz) / ownHz,
    rpm,
    // What is stated seldom is stated for its moment.
    isAtBegin: run === 1 && source.pulses === null,
    isFromHz: rpmOf !== rpmOfUnit.rpm,
  };
}

const hintOfChannel =
  "name the channel that holds the shaft's speed, in rpm or with `unit: hz`; of a tachometer say how many `pulses` come in a revolution; a speed that stays is `rpm: 1500`";

/** Values a second of what holds the speed. Times of pulses are in seconds: theirs is how finely they are looked at. */
async function findOwnRate(
  source: SpeedSource,
  samples: SampleFile,
  of: Pick<SpeedOf, "channel" | "rateHz">,
): Promise<number> {
  if (source.rateHz !== null) return source.rateHz;
  if (source.pulses !== null && (await holdsPulseTimes(samples))) return of.rateHz;
  if (source.file !== null) return findStatedRate(source.file, samples);
  await expectEquallyMany(source, samples, of);
  return of.rateHz;
}

/** A number beside the channels of a .mat is no rate of all of them: it says none. */
async function findStatedRate(file: string, { path, name, rateHz }: SampleFile): Promise<number> {
  if (rateHz !== undefined) return rateHz;
  // A column without a name may be the speed itself, which grows as a clock does.
  const times = name === undefined ? null : await readTimeColumn(path);
  if (times?.kind === "steady" && times.hasUnit && times.gaps === 0) return times.rateHz;
  throw refuse(
    path,
    `nothing says the rate of the speed in ${path}${times?.kind === "unusable" ? ` (${times.reason})` : ""}`,
    `say it, in values a second: file=${file},rate_hz=10 (in a file: {file: ${file}, rateHz: 10}); or by a column of times without gaps, in ISO 8601 or with its unit in its name, as in "time [s]"`,
  );
}

/**
 * A channel that says no rate of its own has a value for each sample: one that begins or ends at another time has about as many.
 * Where all channels of a file are equally long a speed has. Of a tachometer's values there those count up to the last that is
 * there: tables write a shorter column with nothing at its end.
 */
async function expectEquallyMany(
  source: SpeedSource,
  speed: SampleFile,
  of: Pick<SpeedOf, "channel" | "rateHz">,
): Promise<void> {
  const { samples: ownLength } = speed;
  if (source.pulses === null && ownLength === undefined) return;
  const values = ownLength ?? (await countToLast(speed));
  await compareLengths(source, { ...speed, values }, of);
}

/**
 * What stands of a speed beside each sample, of one that was taken more seldom too. Fails with DATA_FORMAT where it ends so early
 * that it must have been.
 */
async function readBeside(
  source: SpeedSource,
  speed: SampleFile,
  of: Pick<SpeedOf, "channel" | "rateHz">,
): Promise<SampleFile> {
  const { rows, values, everyRows } = await measureSpeedRows(speed);
  if (everyRows > 1) return fillBetween(speed, everyRows);
  if (rows > mostFilled * values) await compareLengths(source, { ...speed, values }, of);
  return speed;
}

/** Fails with DATA_FORMAT where `values` of a speed cannot be of the vibration's rate. */
async function compareLengths(
  { channel, pulses }: SpeedSource,
  { path, samples: ownLength, values }: SampleFile & { readonly values: number },
  of: Pick<SpeedOf, "channel" | "rateHz">,
): Promise<void> {
  const vibration = await openSampleFile(path, of.channel);
  const isByHeader = values === ownLength && vibration.samples !== undefined;
  const samples = isByHeader ? vibration.samples : await countToLast(vibration);
  const most = pulses === null ? mostUnequal.ofSpeed : mostUnequal.ofPulses;
  if (Math.min(values, samples) === 0 || Math.max(values, samples) <= most * Math.min(values, samples))
    return;
  const ofEqualTimes = [
    Number(((of.rateHz * values) / samples).toPrecision(6)),
    "if both last equally long",
  ] as const;
  const ofEqualRates = [of.rateHz, "if they were sampled together, and one is there for longer"] as const;
  const isShorter = pulses === null || ownLength !== undefined;
  const [[hertz, reason], [otherHertz, otherReason]] = isShorter
    ? [ofEqualTimes, ofEqualRates]
    : [ofEqualRates, ofEqualTimes];
  const [ofWhat, more, ofFile] =
    pulses === null ? ["speed", "", ""] : ["a tachometer", `,pulses=${pulses}`, `, pulses: ${pulses}`];
  throw refuse(
    path,
    `${path} holds ${values} values of ${ofWhat} in "${channel}" and ${samples} of vibration, and nothing says the rate of its speed`,
    `say it: channel=${channel}${more},rate_hz=${hertz} (in a file: {channel: ${channel}${ofFile}, rateHz: ${hertz}}) ${reason}; ${otherHertz} ${otherReason}`,
  );
}

/** Values up to the last that is there. */
async function countToLast(file: SampleFile): Promise<number> {
  let [count, last] = [0, 0];
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      count++;
      if (!Number.isNaN(value)) last = count;
    }
  }
  return last;
}

/** A file of one channel without a name calls it as it is asked for. */
async function takesAnyName(path: string): Promise<boolean> {
  try {
    await openSampleFile(path, "\u0000");
    return true;
  } catch {
    return false;
  }
}

/** A name that goes on with a unit and speaks of no other: `shaft_speed_hz`, but not `rpm_hz`. */
function findUnitInName(name: string): string | undefined {
  const [, before = "", unit] = /^(?:(.*)_)?(rpm|hz|rps)$/i.exec(name) ?? [];
  return /rpm|hz/i.test(before) ? undefined : unit;
}

function rpmOfOne({ unit, scale }: SpeedSource, { path, name = "", unit: own }: SampleFile): number {
  // Who states a scale of numbers whose unit is in a name alone has it in that scale.
  const named = scale === 1 ? (readNamedUnit(name) ?? findUnitInName(name)) : undefined;
  const stated = own ?? named;
  const known = unit ?? (stated === undefined ? "rpm" : readSpeedUnit(stated));
  if (known !== undefined) return rpmOfUnit[known];
  throw refuse(
    path,
    `${path} states its speed in ${stated}`,
    "say its unit, rpm or hz, and a scale; or of a tachometer its pulses",
  );
}

function scaleRuns(runs: Float32Array, scale: number): Float32Array {
  return runs.map((each) => each * scale);
}

function refuse(path: string, message: string, hint: string): AuroraError {
  return new AuroraError("DATA_FORMAT", message, { op: "read speed", subject: path, hint });
}

async function averageRuns(
  file: SampleFile,
  { run, scale }: { readonly run: number; readonly scale: number },
): Promise<{ readonly rpm: Float32Array; readonly stands: boolean }> {
  const means: number[] = [];
  let [sum, count, missing] = [0, 0, 0];
  const end = (): void => {
    const there = count - missing;
    means.push(there > count / 2 ? (scale * sum) / there : Number.NaN);
    [sum, count, missing] = [0, 0, 0];
    if (means.length <= maxRuns) return;
    throw refuse(
      file.path,
      `${file.path} holds more than ${maxRuns} values of speed`,
      "cut the recording, or give its speed at a lower rate",
    );
  };
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (Number.isFinite(value)) sum += value;
      else missing++;
      count++;
      if (count === run) end();
    }
  }
  if (count > 0) end();
  const known = means.filter(Number.isFinite);
  const stands = known.length > 0 && known.every((mean) => Math.abs(mean) < standstillRpm);
  return { rpm: Float32Array.from(means, (mean) => (mean > 0 && !stands ? mean : 0)), stands };
}
