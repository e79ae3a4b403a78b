/** The options of a command that describe files of samples, and what they come to for each file. */
import { stat } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type AccelerationUnit, accelerationUnits } from "../../../core/contract/acceleration-units.ts";
import { AuroraError, hasErrorCode } from "../../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import {
  maxGearedShafts,
  maxPolePairs,
  mostGearedTurns,
  parseGearedShafts,
  type StatedShafts,
} from "../../../core/contract/stated-shafts.ts";
import { readStatedRate } from "../../../training/dataset/samples/sample-file.ts";
import { readTimeColumn } from "../../../training/dataset/samples/time-column.ts";
import {
  describeSamples,
  type FileDescription,
  type Sidecar,
  type SidecarPart,
} from "../../../training/dataset/sidecar/sidecar.ts";
import {
  type Geometries,
  readGeometries,
  readOwnSidecar,
} from "../../../training/dataset/sidecar/sidecar-files.ts";
import { parseSpeedSource, type SpeedSource } from "../../../training/dataset/speed/speed-source.ts";
import {
  cataloguedDesignations,
  computeCataloguedOrders,
  findBearing,
} from "../../bearing/bearing-catalogue.ts";
import { parseBearing } from "../../bearing/parse-bearing.ts";
import { parseInteger, parseNumber } from "../../terminal/options.ts";
import { createContradictions, type DescribedPart } from "./contradictions.ts";
import { createFileWarnings } from "./file-warnings.ts";

export interface SidecarFlags extends StatedShafts {
  readonly rateHz?: number;
  readonly shaftRpm?: number;
  readonly speed?: SpeedSource;
  readonly bearing?: BearingOrders | string;
  readonly bearings?: string;
  readonly scale?: number;
  readonly unit?: AccelerationUnit;
  readonly channel?: string;
}

export function addSidecarOptions(command: Command): Command {
  return command
    .option("--rate-hz <hz>", "samples a second", parseNumber(1, 10_000_000))
    .option("--shaft-rpm <rpm>", "speed of the bearing's shaft", parseNumber(0.001, 100_000))
    .option(
      "--speed <channel>",
      "where the speed changes: the channel of the same file that holds it in rpm, or in the unit that its name states (speed_hz); or channel=..,unit=hz,rate_hz=.. (where it has its own); or channel=..,scale=0.0103 where it is another shaft's: turns of the bearing's shaft in one of that (a main shaft's in one of its generator's); or, of a tachometer, channel=..,pulses=.. in a revolution (its signal, of four samples a pulse at least, or the times of its pulses in seconds), with rate_hz=.. where it is another than the vibration's; or file=..,rate_hz=.. beside the recording (the rate may be left out where a .wav states it, or a column of times in ISO 8601 or with its unit in its name: time [s])",
      parseSpeed,
    )
    .option(
      "--bearing <orders|file>",
      "a designation that `aurora init` knows (6205-2RS); fault frequencies in multiples of shaft speed: bpfo=..,bpfi=..,bsf=..,ftf=.. (bsf: twice the ball's spin); or a geometry: balls=..,ball_diameter=..,pitch_diameter=..,contact_angle=.. (or ball, pitch, angle, as `aurora init` writes them); or a file of them (FILE#NAME: one of its entries)",
      readBearing,
    )
    .option("--bearings <file>", "the same as --bearing with a file")
    .option(
      "--pole-pairs <n>",
      "of the induction motor on the shaft, where an inverter feeds it: lines of its supply are then no fault's",
      parseInteger(1, maxPolePairs),
    )
    .option(
      "--geared-shafts <turns>",
      `turns of each shaft that teeth lock to the bearing's, in one of the bearing's, ${maxGearedShafts} at most: 4.765,0.21 (a wheel of 81 teeth drives a pinion of 17); lines of theirs are then no fault's`,
      readGearedShafts,
    )
    .option("--scale <value>", "value of the file's number 1 in --unit (g)", parseNumber(1e-12, 1e12))
    .addOption(
      new Option("--unit <unit>", "unit of the file's numbers (times --scale)").choices(accelerationUnits),
    )
    .option(
      "--channel <name|index>",
      "name of a column or variable (* stands for anything, a unit in brackets may be left out), or an index from 0",
    );
}

/** How numbers are read, for the end of `--help`. */
export const sidecarHelp: string = `
Files: .npy (whole numbers or floats; one-dimensional, channels × samples or samples × channels),
.csv, .tsv and .txt (commas, semicolons, tabs or blanks part the columns, a comma may be the decimal
point; names, units, comments may stand above the numbers; UTF-8, or UTF-16 with its byte order
mark; 1.#INF and 1.#IND are missing values), .mat (level 5; a vector, or name:2 for a channel of a
matrix; a single number fs, sr or sampling_rate states the rate), .parquet, .wav (which states its
rate; a PCM number is the converter's count, so that --scale is the value of one); under any other
name what is in the file decides. A column of times (time, t, timestamp, seconds; ISO 8601, or s
unless a unit says ms, us, ns) states the rate, and a gap in its first million rows is told. A
bundle takes rates from its own lowest on (bearing-vibration: 10 kHz) up to 1 MHz. Files may be
larger than memory. int16, and whole numbers that come with --scale, are taken as the converter's
counts. Other numbers are quantised to int16 as a device would: a first pass finds the file's peak
(with a known unit at most the bundle's range), which becomes count 32,000. The unit is that of
--scale and --unit, else what the file itself writes: in brackets after the column's name (Accel
[m/s²]) or in a line below the names. Where it is known, data outside the bundle's data contract is
set aside with the windows that need it, as on the gateway. Where nobody knows it, no range is held
against the numbers, which does no harm to a diagnosis, because no feature of a bearing depends on
the level; a severity then takes them for g, and int16 for those of a converter of the bundle's full
range (±50 g), which a warning says. Of volts or mm/s without --scale there is none.

What a file does not say of itself comes, in this sequence, from the options, from the file of
geometries (YAML, JSON or CSV; the first entry whose name or "file" fits the file's name as a
pattern with *; it may say rate_hz, shaft_rpm, unit, scale and channel too), and from a NAME.json
beside NAME.npy ({"rateHz": 51200, "shaftRpm": 600, "channel": "accel", "unit": "g", "bearing":
{"balls": 9, "ball_diameter": 7.94, "pitch_diameter": 39.04}}, with "polePairs": 2 of a motor behind
an inverter, "gearedShafts": [4.765] of a shaft that teeth lock to it; in place of shaftRpm "speed":
"rpm", {"channel": "tacho", "pulses": 1} or {"file": "speed.csv", "rateHz": 10, "unit": "hz"}).
A warning says where one of them states another rate, speed, scale, unit or bearing than the one
before it, which counts.`;

/** Parses `rpm` (a channel) or `channel=tacho,pulses=1`. */
function parseSpeed(text: string): SpeedSource {
  const refuse = (detail: string): never => {
    throw new InvalidArgumentError(`${detail}; write rpm, channel=speed,unit=hz or channel=tacho,pulses=1.`);
  };
  const parts = text.split(",").map((part) => part.split("="));
  const keys = new Set(parts.map(([key = ""]) => key.trim()));
  if (text.includes("=") && (keys.size < parts.length || parts.some(({ length }) => length !== 2)))
    refuse("Write each word once, with one =");
  const words = text.includes("=")
    ? Object.fromEntries(parts.map(([key = "", value]) => [key.trim(), value?.trim()]))
    : text;
  return parseSpeedSource(words, refuse) ?? refuse("It names no channel");
}

/** `ftf` follows from the races' orders. */
const neededOrders = ["bpfo", "bpfi", "bsf"] as const;

/** Reads orders or a geometry (`bpfo=..,bpfi=..,…`); what holds no `=` is a designation of the catalogue, or the name of a file. */
export function readBearing(text: string): BearingOrders | string {
  if (text.trim() !== "" && !text.includes("=") && findBearing(text) === undefined) return text;
  const parsed = parseBearing(text, neededOrders);
  if (parsed.ok) return parsed.value.orders;
  throw new InvalidArgumentError(
    `Write each once, such as bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828 (${parsed.error}).`,
  );
}

function readGearedShafts(text: string): readonly number[] {
  const turns = parseGearedShafts(text);
  if (turns !== null) return turns;
  throw new InvalidArgumentError(
    `Write at most ${maxGearedShafts} numbers above 0 and up to ${mostGearedTurns} between commas, such as 4.765,0.21.`,
  );
}

/** A sidecar that knows who states its rate; absent: nobody asked. */
export interface StatedSidecar extends Sidecar {
  readonly rateFrom?: string | undefined;
}

/** All that is needed to read a file, and who states its rate. */
export interface StatedDescription extends FileDescription {
  readonly sidecar: StatedSidecar;
}

/** Joins what named sources say of `path`. Fails as {@link describeSamples}. */
export async function describeStated(
  path: string,
  parts: readonly DescribedPart[],
): Promise<StatedDescription> {
  const { sidecar, channel } = await describeSamples(path, parts);
  const rateFrom = parts.find(({ rateHz }) => rateHz !== undefined)?.from;
  return { sidecar: { ...sidecar, rateFrom }, channel };
}

/** Says of each file what is known. Both fail with CONFIG_INVALID, `describe` with USAGE too. */
export interface Describer {
  describe(path: string): Promise<StatedDescription>;
  /** What each source says, the one that counts first; `listed` comes after the options. */
  listParts(path: string, listed: SidecarPart): Promise<readonly DescribedPart[]>;
  /** Of the files so far, in words. */
  listWarnings(): readonly string[];
}

/** A file of geometries. What stands in `--bearing` may have been meant as a designation. */
async function readBearings(file: string, mayBeName: boolean): Promise<Geometries> {
  try {
    return await readGeometries(file);
  } catch (error) {
    if (!mayBeName || !hasErrorCode(error, "DATA_MISSING")) throw error;
    throw new AuroraError(
      "USAGE",
      `--bearing ${file} is no file, and no designation whose geometry is known`,
      {
        op: "read bearings",
        subject: file,
        hint: `known are ${cataloguedDesignations}; of any other give the orders of its data sheet, such as bpfo=3.5848,bpfi=5.4152,bsf=4.7135,ftf=0.39828`,
      },
    );
  }
}

/** A description may name a bearing that the catalogue knows. */
function nameBearing(part: DescribedPart): DescribedPart {
  if (part.bearing !== undefined || part.bearingName === undefined) return part;
  const known = findBearing(part.bearingName);
  return known === undefined ? part : { ...part, bearing: computeCataloguedOrders(known) };
}

/** Reads the file of geometries, if one is named. Fails with DATA_MISSING, CONFIG_INVALID. */
export async function createDescriber(flags: SidecarFlags): Promise<Describer> {
  const { bearing, bearings, ...rest } = flags;
  if (bearings !== undefined && typeof bearing === "string") {
    throw new AuroraError("USAGE", `--bearing ${bearing} and --bearings ${bearings} are two files`, {
      op: "read bearings",
      subject: bearings,
      hint: "give one of them; the orders of one bearing may stand in --bearing beside a file in --bearings, and go before it",
    });
  }
  const file = bearings ?? (typeof bearing === "string" ? bearing : undefined);
  const geometries = file === undefined ? null : await readBearings(file, typeof bearing === "string");
  const given = { ...rest, bearing: typeof bearing === "string" ? undefined : bearing };
  const warnings = createFileWarnings();
  const contradictions = createContradictions();
  const listParts: Describer["listParts"] = async (path, listed) => {
    const times = await readTimeColumn(path);
    const unreadTimes = times?.kind === "unusable" ? times.reason : undefined;
    if (times !== null && times.kind !== "unusable") warnings.ofTimes(path, times);
    const statedHz = times?.kind === "steady" ? times.rateHz : await readStatedRate(path);
    const { unread = [], ...own } = await readOwnSidecar(path);
    warnings.ofKeys(path, unread);
    const described: readonly DescribedPart[] = [
      { ...listed, from: "its entry in the manifest" },
      { ...geometries?.find(path), from: `its entry in ${file}` },
      { ...own, from: "the .json beside it" },
    ].map(nameBearing);
    contradictions.look(path, given, described);
    if (statedHz !== undefined) {
      const describedHz = described.find(({ rateHz }) => rateHz !== undefined)?.rateHz;
      warnings.ofRate(path, { statedHz, givenHz: rest.rateHz, describedHz });
    }
    const from = times?.kind === "steady" ? "its column of times" : "the file itself";
    return [{ ...given, from: "--rate-hz" }, ...described, { rateHz: statedHz, unreadTimes, from }];
  };
  const describe: Describer["describe"] = async (path) => {
    const parts = await listParts(path, {});
    try {
      return await describeStated(path, parts);
    } catch (error) {
      await expectFile(path);
      throw error;
    }
  };
  return { describe, listParts, listWarnings: () => [...warnings.list(), ...contradictions.list()] };
}

/** Of a file that is not there nothing else is worth saying. @throws AuroraError DATA_MISSING */
async function expectFile(path: string): Promise<void> {
  await stat(path).catch((cause: unknown) => {
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, {
      op: "open samples",
      subject: path,
      cause,
    });
  });
}
