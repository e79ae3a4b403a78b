/**
 * A file that lists recordings (`--manifest FILE`; YAML or JSON): when each began, and what else is known of it. It can only
 * speak of files of `--input`, or, without that, of files in its own folder and below: a manifest from elsewhere must
 * not make a command read what its user did not name.
 *
 *   bearing: {balls: 16, …}                                  # of all, in a sidecar's words
 *   recordings:
 *     - {file: 2003.10.22.12.06.24, turbine: WT01, point: b1x, channel: 0}
 *     - {file: acc_00001.csv, time: "2004-02-12T10:32:39Z"}
 *     - {file: "acc_*.csv", time: …, everySeconds: 600}      # in the order of their names
 *     - {file: b1x.npy, rows: snapshots, time: …, everySeconds: 600}
 *     - {file: b2x.npy, rows: snapshots, times: […], renewedAt: {time: …, reason: bearing replaced, found: fault}}
 */
import { readdir } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, normalize, resolve, sep } from "node:path";
import { parse as parseYaml } from "yaml";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { isFields } from "../../../core/contract/fields.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import { matchesPattern } from "../../../training/dataset/match-pattern.ts";
import { describeBadTime, isPlausibleTime, parseTime } from "../../../training/dataset/parse-time.ts";
import { plainKey } from "../../../training/dataset/plain-key.ts";
import { decodeText } from "../../../training/dataset/read-text.ts";
import {
  listSidecars,
  parseSidecarWords,
  type SidecarPart,
} from "../../../training/dataset/sidecar/sidecar.ts";
import { findUnreadKeys, saysRpm } from "../../../training/dataset/sidecar/sidecar-keys.ts";
import { countOf } from "../../terminal/count-of.ts";
import { parseRenewals, type ReplayRenewal } from "./replay-renewals.ts";

/** A year of recordings every ten minutes is 52,560 entries of some 110 bytes; as YAML so much takes 80 bytes of memory a byte. */
const maxFileBytes = 16 * 1024 * 1024;
/** One a minute for two months. */
const maxEntries = 100_000;
/** Rows of an entry that states each one's time. */
const maxTimes = 1_000_000;

/** What a manifest says of a file, or of the files that a pattern fits. */
export interface ReplayEntry {
  /** Names the entry in complaints. */
  readonly where: string;
  /** As it was written; may hold `*`. */
  readonly file: string;
  /** With `time`, `point` and `turbine` where it says them. */
  readonly part: SidecarPart;
  /** The rows of the file, or the files of the pattern, begin so far apart. */
  readonly everyMs: number | null;
  /** The rows of the file are recordings. */
  readonly hasRows: boolean;
  /** Epoch ms of each row. */
  readonly times: readonly number[] | null;
  /** Of the point that its recordings are of. */
  readonly renewals: readonly ReplayRenewal[];
  /** Keys of its own or for all that nobody reads. */
  readonly unread: readonly string[];
}

/** Keys beside those of a sidecar. */
const entryKeys: ReadonlySet<string> = new Set(["from", "rows", "times", "everyseconds", "renewedat"]);

/** Keys that nobody reads, in words for stderr: one may be a word that was misspelt. */
export function listUnreadKeys(entries: readonly ReplayEntry[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const key of entries.flatMap(({ unread }) => unread)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].map(
    ([key, count]) => `nobody reads the key "${key}" in ${countOf(count, "recording")} listed`,
  );
}

/** Reads `path`. Fails with DATA_MISSING, DATA_FORMAT (too large), CONFIG_INVALID. */
export async function readManifest(path: string): Promise<readonly ReplayEntry[]> {
  const bytes = await readFileBounded(path, maxFileBytes, {
    op: "read manifest",
    largeHint:
      "write what all entries share once, beside recordings, and recordings at even intervals as one entry: a pattern with time and everySeconds",
  });
  const refuse = (detail: string): AuroraError => refuseManifest(path, detail);
  let document: unknown;
  try {
    const text = decodeText(bytes);
    // JSON is YAML, but a large one is read sooner as what it is.
    document = /^\s*[[{]/.test(text) ? parseJsonOrYaml(text) : parseYaml(text, { maxAliasCount: 0 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : "";
    throw refuse(`is neither YAML nor JSON: ${reason}`);
  }
  const { recordings, ...common } = isFields(document) ? document : { recordings: document };
  if (!Array.isArray(recordings) || recordings.length === 0) throw refuse("lists no recordings");
  if (recordings.length > maxEntries) throw refuse(`has more than ${maxEntries} entries`);
  return recordings.map((entry, index) => {
    const where = `${path}, entry ${index + 1}`;
    if (!isFields(entry)) throw refuseManifest(where, "is not of the form {file: …, time: …}");
    return parseEntry(joinEntry(common, entry), where);
  });
}

/** The files that an entry means where no `--input` says which there are, in any order. Fails with CONFIG_INVALID. */
export async function listEntryFiles(
  manifest: string,
  { file, where }: ReplayEntry,
): Promise<readonly string[]> {
  const plain = normalize(file);
  if (isAbsolute(plain) || plain === ".." || plain.startsWith(`..${sep}`)) {
    throw refuseManifest(where, `"${file}" is not in the manifest's folder`);
  }
  const path = join(dirname(manifest), plain);
  if (!plain.includes("*")) return [path];
  if (dirname(plain).includes("*"))
    throw refuseManifest(where, `"${file}" is a pattern of folders, and nothing says of which files`);
  const names = await readdir(dirname(path)).catch(() => {
    throw refuseManifest(where, `the folder of "${file}" cannot be read`);
  });
  const fitting = names.filter((name) => !name.startsWith(".") && matchesPattern(name, basename(plain)));
  const files = dropDescriptions(
    fitting.map((name) => join(dirname(path), name)),
    manifest,
  );
  if (files.length > 0) return files;
  throw refuseManifest(where, `"${file}" fits none of the files in ${dirname(path)}`);
}

/** `week/*` names sidecars and the manifest too: what describes recordings is none. */
export function dropDescriptions(input: readonly string[], manifest: string | undefined): string[] {
  const described = new Set(input.flatMap(listSidecars));
  const own = manifest === undefined ? null : resolve(manifest);
  return [...new Set(input)].filter((file) => {
    const isSidecar = extname(file).toLowerCase() === ".json" && described.has(file);
    return !isSidecar && resolve(file) !== own;
  });
}

/** A speed of the entry's own counts before a channel that is named for all. */
function joinEntry(
  common: Readonly<Record<string, unknown>>,
  entry: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const rest = saysRpm(entry)
    ? Object.fromEntries(Object.entries(common).filter(([key]) => plainKey(key) !== "speed"))
    : common;
  return { ...rest, ...entry };
}

function parseEntry(fields: Readonly<Record<string, unknown>>, where: string): ReplayEntry {
  const said = new Map(Object.entries(fields).map(([key, value]) => [plainKey(key), value]));
  const [file, rows, times, everySeconds] = ["file", "rows", "times", "everyseconds"].map((key) =>
    said.get(key),
  );
  if (typeof file !== "string" || file === "" || file.includes("\0"))
    throw refuseManifest(where, "names no file");
  if (rows !== undefined && rows !== "snapshots") {
    throw refuseManifest(where, `rows is ${JSON.stringify(rows)}, not "snapshots"`);
  }
  const everyMs = everySeconds === undefined ? null : Number(everySeconds) * 1000;
  if (everyMs !== null && !(everyMs > 0 && everyMs < 1e12)) {
    throw refuseManifest(where, "everySeconds is not a number above 0");
  }
  if (times !== undefined && rows === undefined) throw refuseManifest(where, "times are of rows: snapshots");
  const part = parseSidecarWords(fields, where);
  if (part.time !== undefined && !isPlausibleTime(parseTime(part.time))) {
    throw refuseManifest(where, `time is ${JSON.stringify(part.time)}, ${describeBadTime(part.time)}`);
  }
  const unread = findUnreadKeys(fields, entryKeys);
  const hasRows = rows !== undefined;
  const renewals = parseRenewals(said.get("renewedat"), where);
  return { where, file, part, everyMs, hasRows, times: parseTimes(times, where), renewals, unread };
}

function parseTimes(times: unknown, where: string): readonly number[] | null {
  if (times === undefined) return null;
  if (!Array.isArray(times) || times.length > maxTimes)
    throw refuseManifest(where, "times is not a list of times");
  return times.map((each) => {
    const timeMs = parseTime(each);
    if (isPlausibleTime(timeMs)) return timeMs;
    throw refuseManifest(where, `times has ${JSON.stringify(each)}, ${describeBadTime(each)}`);
  });
}

function refuseManifest(where: string, detail: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${where}: ${detail}`, {
    op: "read manifest",
    subject: where,
    hint: 'a manifest is {"recordings": [{"file": "a.npy", "time": "2004-02-12T10:32:39Z"}, …]}; its files are those of --input, or in its own folder',
  });
}

function parseJsonOrYaml(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A flow mapping of YAML looks like JSON from afar.
    return parseYaml(text, { maxAliasCount: 0 });
  }
}

/** When the rows of a file begin that are recordings, epoch ms. @throws AuroraError CONFIG_INVALID where the entry does not say. */
export function listTimes({ where, everyMs, times, part }: ReplayEntry, rows: number): readonly number[] {
  if (times !== null) {
    if (times.length === rows) return times;
    throw refuseTimes(where, `has ${times.length} times for ${rows} rows`);
  }
  if (part.time === undefined || everyMs === null)
    throw refuseTimes(where, "does not say when its rows begin");
  const fromMs = parseTime(part.time);
  return Array.from({ length: rows }, (_, row) => fromMs + row * everyMs);
}

/** A complaint about an entry whose rows are recordings, with the form that is right. */
export function refuseTimes(where: string, detail: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${where}: ${detail}`, {
    op: "plan replay",
    subject: where,
    hint: "rows: snapshots come with time and everySeconds, or with times, one a row",
  });
}
