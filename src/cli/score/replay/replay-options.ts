/** The options of `aurora score --decide`, and how recordings get a time and a point, for the end of `--help`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { matchesPattern } from "../../../training/dataset/match-pattern.ts";
import { isPlausibleTime, parseTime, timeForms } from "../../../training/dataset/parse-time.ts";
import { parseNumber } from "../../terminal/options.ts";

export interface ReplayFlags {
  readonly decide?: boolean;
  readonly manifest?: string;
  readonly point?: readonly NamedPoint[];
  /** Seconds. */
  readonly every?: number;
  /** Epoch ms. */
  readonly from?: number;
  readonly gateway?: string;
}

/** A measuring point, the files that are of it, and which of their channels. */
export interface NamedPoint {
  readonly name: string;
  readonly patterns: readonly string[];
  /** Null: as for all files. */
  readonly channel: string | null;
}

export function addReplayOptions(command: Command): Command {
  return command
    .option(
      "--decide",
      "recordings: say what a gateway would have decided that had heard them one after the other",
    )
    .option("--manifest <file>", "--decide: a list of recordings with their times, as YAML or JSON")
    .addOption(
      new Option(
        "--point <name=file#channel...>",
        "--decide: files of one measuring point, such as b1='*' or b1='2004*#0' b2='2004*#1'; without it each folder is a point",
      ).argParser(parsePointFiles),
    )
    .option(
      "--every <seconds>",
      "--decide: files begin so far apart, in the order of their names",
      parseNumber(0.001, 1e9),
    )
    .option("--from <time>", "--decide: when the first of them begins (ISO 8601)", parseMoment)
    .option(
      "--gateway <file>",
      "--decide: a gateway's configuration, whose operation, commissioning, alarms and turbines apply",
    );
}

/** For the end of `--help`. */
export const replayHelp: string = `
Past:      --decide plays recordings to what a gateway is made of, in order of time, and prints what
           it would have done: learning, the point's own reference, alarms raised and cleared, why,
           and which budget of false alarms applied. --out may be left out; with it, rows are the
           windows that were decided.
           Time of a recording: of the manifest; else --from and --every; else "time" in a NAME.json
           beside it (ISO 8601, or milliseconds since 1970); else of the file's name: year, month,
           day, hour, minute, second in any separators (2004.02.12.10.32.39, 20040212_103239.csv,
           acc_2004-02-12T10-32-39Z.npy). What names no zone is UTC; a name may be ahead of it
           (…T12-32-39+0200), or behind, if all names end so, with a T (…T05-32-39-0500): else it is
           a number. AM and PM count where no hour before them is 0 or above 12. Else of a table the
           time of its first row (a column of times in ISO 8601, or in seconds since 1970). An
           alarm's samples (evidence get) say themselves when they began. Order does not matter. Of
           two recordings of a point at the same time the first counts (a warning says so, if the
           other holds something else), and one that begins before the one before it has ended does
           not: both are counted. One with the very samples of an earlier one of its point is not
           heard, and how the machine was then is not known: a logger that hangs writes its last
           buffer again. Between recordings time passes as it did.
           Speed: 0 is a shaft that stands: such a recording is not heard, and counted as of a
           turbine that stands by. Where lines of a shaft stand up to 5 % from the stated speed a
           warning says where, or from 0.75 to 1.34 times it, where three of a shaft's first four
           stand there and none at the stated speed; a wrong --rate-hz looks so, too, and a louder
           second machine. It takes 8 recordings of 16 revolutions, or fewer that come to about 150
           together: the first 24 of a point, its last 24, and 24 from each of its first 3 alarms
           on. Where one speed is stated for all, and a loud shaft turns otherwise from recording to
           recording (8 of 32 revolutions), that is said. Without --decide each file is heard by
           itself. None proves nothing: lines at the mains' multiples are not asked. A warning says,
           too, from where on recordings of a point are 2, 2.5, 3, 4, 5, 8 or 10 times as long or
           short at the same stated rate.
           Point of a recording: of --point, else "point" in the manifest or in NAME.json, else its
           folder. A channel of many is chosen as for scores; a point is one channel: b1='2004*#0'
           b2='2004*#1' are two of the same files.
           Budget: of a turbine, shared evenly by its points. Which a point is of says "turbine" in
           the manifest or in NAME.json (the point is then TURBINE/POINT), else the turbine of
           --gateway that has a point of this name (of several: of TURBINE/POINT); all others are
           taken for one turbine's, and the more of them, the later each raises.
           Manifest: {recordings: [{file, time, point, …}, …]}, with any of a NAME.json's keys in an
           entry or beside recordings, for all; file may hold * with everySeconds. {file: b1x.npy,
           rows: snapshots, time: …, everySeconds: 600} (or times: [...]) is an array whose rows are
           recordings. Its files are those of --input or, without that, in its own folder.
           renewedAt: {time, reason, found} or a list of them, in an entry or for all, is what was
           done at its point: from then on it learns anew, as by aurora baseline renew --reason, and
           with found: healthy its alarms end (found: fault, and no found, end none). What came of
           it is among the news of its reference.
           --json: points with point, turbine, learntAt, state, alarms (failureMode, raisedAt,
           clearedAt, clearedReason, severity, lane, reason, whyItStands, …), reference (news of it,
           renewals too), recordings, unheardRecordings (they could not be read, about half of their
           samples or more were set aside, they are too short or repeat an earlier one, since
           repeatedSince: how it was then is not known), deaf (since, until, quieterDb: its sensor
           heard far less than when the machine was healthy), foreignModes (not raised, though
           likely: what speaks for them may be lines of the shaft, of hum or of another machine
           alone), beyond (what is not known, since its last day ran at speeds that were not
           learnt), later (levels that were learnt at further speeds), heardUntil, windows and what
           was set aside; beside them warnings, as on stderr; times are null for what has not
           happened. An alarm is told as
           it was when it was raised; "worst" says what it grew to, criticalAt when.`;

/** @throws AuroraError USAGE where options of a replay come without one, or with what a replay does not take. */
export function checkReplayOptions(
  flags: ReplayFlags & { readonly input?: unknown; readonly out?: unknown },
): void {
  const refuse = (message: string, hint: string, subject = "--decide"): AuroraError =>
    new AuroraError("USAGE", message, { op: "score", subject, hint });
  const given = (names: readonly string[]): string[] =>
    names.filter((name) => (flags as Readonly<Record<string, unknown>>)[name] !== undefined);
  if (flags.decide !== true) {
    const [foreign] = given(["manifest", "point", "every", "from", "gateway"]);
    if (foreign !== undefined)
      throw refuse(`--${foreign} is for --decide`, `add --decide, or leave --${foreign} out`);
    if (flags.input === undefined)
      throw refuse("nothing says what to score", "name files with --input", "--input");
    if (flags.out === undefined) {
      throw refuse("nothing says where rows go", "give --out FILE, or --decide, which needs none", "--out");
    }
    return;
  }
  if (given(["baseline", "writeBaseline"]).length > 0) {
    throw refuse(
      "--baseline is not for --decide",
      "a replay learns the machine's own reference as a gateway does",
    );
  }
  if ((flags.every === undefined) !== (flags.from === undefined)) {
    throw refuse("--every and --from go together", "such as --from 2004-02-12T10:32:39Z --every 600");
  }
  if (flags.input === undefined && flags.manifest === undefined) {
    throw refuse(
      "nothing says what to replay",
      "name recordings with --input, with --manifest, or with both",
    );
  }
}

export function parsePointFiles(text: string, before: readonly NamedPoint[] = []): readonly NamedPoint[] {
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(0, equals)).trim();
  const rest = text.slice(equals + 1);
  const hash = rest.lastIndexOf("#");
  const channel = hash < 0 ? null : rest.slice(hash + 1).trim();
  const patterns = (hash < 0 ? rest : rest.slice(0, hash))
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "");
  if (name === "" || patterns.length === 0 || channel === "") {
    throw new InvalidArgumentError("Write NAME=FILE[,FILE…][#CHANNEL], such as b1='2004*#0'.");
  }
  return [...before, { name, patterns, channel }];
}

function parseMoment(text: string): number {
  const timeMs = parseTime(text);
  if (isPlausibleTime(timeMs)) return timeMs;
  throw new InvalidArgumentError(`Times are ${timeForms}.`);
}

/** Does `pattern` mean the file, by its path, the end of its path, or its name? */
export function meansFile(pattern: string, path: string): boolean {
  const plain = path.replaceAll("\\", "/");
  const name = plain.slice(plain.lastIndexOf("/") + 1);
  const wanted = pattern.replaceAll("\\", "/").replace(/^\.\//, "");
  return matchesPattern(plain, wanted) || matchesPattern(name, wanted) || plain.endsWith(`/${wanted}`);
}
