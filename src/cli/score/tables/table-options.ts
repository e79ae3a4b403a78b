/**
 * The options of `aurora score` that describe tables of readings, their help, and which options go with which kind of bundle.
 * A table is of the turbine that `--turbine ID=FILE[,FILE…]` says, where `*` in FILE stands for anything; else of one that is
 * called as the file is.
 */
import { basename, extname } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { matchesPattern } from "../../../training/dataset/match-pattern.ts";

export interface TableFlags {
  readonly turbine?: readonly NamedTurbine[];
  readonly columns?: string;
  readonly repairs?: readonly string[];
}

export function addTableOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--turbine <id=file...>",
        "tables: files of one turbine, such as T01='T01_*' or T01=2016.csv,2017.csv; without it each file is a turbine of that name",
      ).argParser(parseTurbine),
    )
    .option(
      "--columns <file>",
      'tables: names of their columns as YAML or JSON, such as {time: "Date", turbine: "WTG", power: "Active power"}',
    )
    .option(
      "--repairs <file...>",
      "tables: what failed and was mended, as .csv (turbine,component,date) or as the turbines of a gateway's configuration",
    );
}

/** How tables are read and what comes out, for the end of `--help`. */
export const tableHelp: string = `
Tables: a bundle of normal behaviour, such as models/turbine-scada/1.0.0, takes tables of readings
(.csv or .parquet, at most 2 million rows each; the readings of all files, at most 12 million rows,
are held in memory, 8 bytes a reading) and says row by row what a gateway would have said that had
got them: a back-test on one's own history. All turbines go in one call, because the policy ranks
them against each other.
           A table has a column of times (time, timestamp or date: ISO 8601, without a zone UTC; or
           milliseconds since 1970; or as in the data that the bundle was made from, with their
           layout and zone) and one for each channel, called as the channel, as in those data, or as
           --columns says; in the channel's unit (\`aurora bundle inspect DIR\`) unless one of the two
           states another ({wind-speed: {column: v, unit: km/h}}); a name such as "v [km/h]" that
           says otherwise is refused. It is of one turbine, unless a column turbine or turbine_id
           says which each row is of. Rows need not be in order. Files of one turbine are joined in
           order of time; of readings of the same time the first counts, by the order of the files.
           Faster rows are averaged.
Rows:      turbine, file, row (the first of the window, from 1), from_ms and to_ms (since 1970),
           state (scored, learning: the site's own share of the residuals is still being learnt,
           not-operating, frozen), for each place quantised_<channel> (the student's integer),
           expected_, measured_ and residual_<channel> (measured less expected less the site's own
           share; empty unless scored), and for each component what was decided after the row:
           score_<component> (|z|), probability_, inspect_ (1: an inspection is asked for) and
           sensor_fault_, empty where nothing could be said.
Summary:   windows, states   rows that were scored, and what they say
           setAside          rows lost to bad data, and readings by reason: time-backwards are
                             repeats, gap are missing ones, malformed those of rows without a time
                             or a turbine
           components        score (|z|) and probability of a failure in the horizon when the last
                             day of the rows was over; null while nothing is known
           sensorFaults      days on which a sensor was not believed
           learning          rows in normal operation so far, and how many the site's own share
                             needs; null afterwards
           inspections       what the policy would have asked for: turbine, component, atMs, score,
                             probability, worthEur
                             (below 0 where a ranking names somebody all the same)`;

const ownOptions = {
  recordings: {
    rateHz: "--rate-hz",
    shaftRpm: "--shaft-rpm",
    speed: "--speed",
    bearing: "--bearing",
    bearings: "--bearings",
    polePairs: "--pole-pairs",
    gearedShafts: "--geared-shafts",
    scale: "--scale",
    unit: "--unit",
    channel: "--channel",
    baseline: "--baseline",
    writeBaseline: "--write-baseline",
    decide: "--decide",
    manifest: "--manifest",
    point: "--point",
    every: "--every",
    from: "--from",
    gateway: "--gateway",
  },
  tables: { turbine: "--turbine", columns: "--columns", repairs: "--repairs" },
} as const;

/** @throws AuroraError USAGE where an option is about another kind of files than the bundle reads. */
export function refuseForeignOptions(kind: "recordings" | "tables", flags: object): void {
  const other = kind === "tables" ? "recordings" : "tables";
  const given = new Set(Object.keys(flags));
  const foreign = Object.entries(ownOptions[other]).flatMap(([key, option]) =>
    given.has(key) ? [option] : [],
  );
  if (foreign.length === 0) return;
  throw new AuroraError("USAGE", `${foreign.join(", ")}: this bundle scores ${kind}, not ${other}`, {
    op: "score",
    subject: foreign[0]!,
    hint: `leave out what only ${other} have, or name a bundle for ${other}; \`aurora score --help\` tells them apart`,
  });
}

/** One turbine and patterns of its files. */
export interface NamedTurbine {
  readonly id: string;
  readonly patterns: readonly string[];
}

/** Turbine of a file; `isGiven`: an option says so, and not only the file's name. */
export interface FileTurbine {
  readonly id: string;
  readonly isGiven: boolean;
}

export function parseTurbine(text: string, before: readonly NamedTurbine[] = []): readonly NamedTurbine[] {
  const [id = "", ...rest] = text.split("=");
  const patterns = rest
    .join("=")
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "");
  if (id.trim() === "" || patterns.length === 0)
    throw new InvalidArgumentError("Write ID=FILE[,FILE…], such as T01='T01_*'.");
  return [...before, { id: id.trim(), patterns }];
}

/** One a file, in order. Fails with USAGE where a pattern fits no file, or a file would be of two turbines. */
export function nameTurbines(files: readonly string[], named: readonly NamedTurbine[]): FileTurbine[] {
  const fits = (file: string, pattern: string): boolean =>
    matchesPattern(file, pattern) || matchesPattern(basename(file), pattern);
  const refuse = (message: string, hint: string): AuroraError =>
    new AuroraError("USAGE", message, { op: "name turbines", subject: "--turbine", hint });
  for (const { id, patterns } of named) {
    const idle = patterns.find((pattern) => !files.some((file) => fits(file, pattern)));
    if (idle !== undefined) {
      const shown = files.slice(0, 5).map((file) => basename(file));
      throw refuse(
        `--turbine ${id}=${idle} fits none of the files`,
        `the files of --input are ${shown.join(", ")}${files.length > shown.length ? ", …" : ""}; quote a pattern with *`,
      );
    }
  }
  return files.map((file) => {
    const ids = new Set(
      named.filter(({ patterns }) => patterns.some((pattern) => fits(file, pattern))).map(({ id }) => id),
    );
    if (ids.size > 1) {
      throw refuse(
        `${file} would be of the turbines ${[...ids].join(" and ")}`,
        "give each file to one turbine, or the table a column turbine",
      );
    }
    const [id] = ids;
    return { id: id ?? basename(file, extname(file)), isGiven: id !== undefined };
  });
}
