/**
 * A manifest of recordings to learn from: one file, YAML (or JSON) or CSV, in a sidecar's words. Says which files there are
 * and what they show; opens none of them.
 *
 *   about: vibration of five gearboxes, 2024                # for the model card
 *   rateHz: 25600                                           # of all entries that say nothing else
 *   unit: g
 *   bearings: {HSS: {balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04}}   # by the name of a component, or as bearing: HSS
 *   recordings:
 *     - {file: t1/a.wav, label: healthy, machine: t1, component: HSS, rpm: 1500}
 *     - {file: "t2/run*.csv", label: inner-race, machine: t2, component: HSS, channel: acc, speed: rpm, load: "{1} kW"}
 *     - {file: rig.npy, machine: rig, rpm: 1797, channels: {0: {label: ball}, 1: {label: healthy}}}
 *
 * Of a pattern, `{1}` stands for what its first `*` stood for. A CSV has a column a key and a line an entry. What is said of
 * less counts before what is said of more: an entry, a description beside the file, the component's bearing, then what holds
 * for all.
 */
import { extname } from "node:path";
import { isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import { type Fields, isFields } from "../../../core/contract/fields.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import { parseCsv } from "../csv.ts";
import { decodeText } from "../read-text.ts";
import { parseBearingWords } from "../sidecar/bearing-words.ts";
import { joinFields } from "./join-fields.ts";
import {
  leaveOut,
  type ManifestEntry,
  type OnRefused,
  parseManifestEntry,
  refuseEntry,
} from "./manifest-entry.ts";
import { type ManifestSplits, parseSplits } from "./recording-splits.ts";

/** Largest manifest: it travels in the bundle. */
const maxManifestBytes = 1024 * 1024;
/** Channels that a manifest may list, each by itself. */
const maxEntries = 20_000;

export interface RecordingsManifest {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** What the recordings are and whose, in a sentence. */
  readonly about: string;
  /** The channels of one file follow one another. */
  readonly entries: readonly ManifestEntry[];
  /** Bearings by name, which entries, components and sidecars may call. */
  readonly bearings: ReadonlyMap<string, BearingOrders>;
  /** Published splits, by the name of their protocol. */
  readonly splits: Readonly<Record<string, ManifestSplits>>;
}

/** Fields of an entry and where they stand. */
interface Listed {
  readonly fields: Fields;
  readonly where: string;
}

interface ListedManifest {
  /** What stands above the entries. */
  readonly common: Fields;
  readonly listed: readonly Listed[];
}

/** Reads `path`. Fails with CONFIG_INVALID; with `onRefused` an entry fails alone. */
export async function readRecordingsManifest(
  path: string,
  onRefused?: OnRefused,
): Promise<RecordingsManifest> {
  const bytes = await readFileBounded(path, maxManifestBytes, {
    missing: "CONFIG_INVALID",
    tooLarge: "CONFIG_INVALID",
    op: "read manifest of recordings",
    hint: '`aurora data init DIR` writes one of a folder; a long one becomes short with patterns (file: "t1/*.wav")',
  });
  return parseRecordingsManifest(bytes, path, onRefused);
}

/**
 * Parses the bytes of a manifest; `path` names it in complaints, and its ending says what it is. Fails with CONFIG_INVALID; with
 * `onRefused` an entry fails alone.
 */
export function parseRecordingsManifest(
  bytes: Uint8Array,
  path: string,
  onRefused?: OnRefused,
): RecordingsManifest {
  const text = decode(bytes, path);
  const { common, listed } =
    extname(path).toLowerCase() === ".csv" ? readTable(text, path) : readYaml(text, path);
  const { about, bearings, splits, ...rest } = common;
  if (about !== undefined && (typeof about !== "string" || about.length > 4096)) {
    throw refuseEntry(path, "about is not a text of at most 4096 characters");
  }
  const named = parseBearings(bearings, path, onRefused);
  const entries = listed.flatMap((each): ManifestEntry[] => {
    try {
      return splitChannels(each, rest).map(({ fields, where }) =>
        parseManifestEntry({ own: fields, common: rest, bearings: named }, where),
      );
    } catch (error) {
      leaveOut(error, onRefused);
      return [];
    }
  });
  if (entries.length > maxEntries) throw refuseEntry(path, `lists more than ${maxEntries} channels`);
  return {
    path,
    bytes,
    about: about ?? "recordings of the manifest's author",
    entries,
    bearings: named,
    splits: parseSplits(splits, path),
  };
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return decodeText(bytes, { fatal: true });
  } catch (cause) {
    throw new AuroraError("CONFIG_INVALID", `${path} is no text in UTF-8, nor in UTF-16 with its mark`, {
      op: "read manifest of recordings",
      subject: path,
      hint: "save it as UTF-8",
      cause,
    });
  }
}

function readTable(text: string, path: string): ListedManifest {
  let table: ReturnType<typeof parseCsv>;
  const header = text.slice(0, text.indexOf("\n") + 1 || text.length);
  const separator = header.includes(";") && !header.includes(",") ? ";" : ",";
  try {
    table = parseCsv(text, path, separator);
  } catch (cause) {
    throw refuseEntry(path, cause instanceof Error ? cause.message : "is no CSV");
  }
  const { columns, rows } = table;
  if (rows.length === 0) throw refuseEntry(path, "lists no recordings");
  const listed = rows.map((row, index) => ({
    fields: Object.fromEntries(
      columns
        .map((column, at) => [column.trim(), row[at]!.trim()] as const)
        .filter(([, value]) => value !== ""),
    ),
    where: `${path}, row ${index + 1}`,
  }));
  return { common: {}, listed };
}

function readYaml(text: string, path: string): ListedManifest {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw refuseEntry(`${path}:${line}:${col}`, `is neither YAML nor JSON: ${error.message.split("\n")[0]}`);
  }
  let content: unknown;
  try {
    content = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw refuseEntry(path, cause instanceof Error ? cause.message : "cannot be read");
  }
  const { recordings, ...common } = isFields(content) ? content : { recordings: content };
  if (!Array.isArray(recordings) || recordings.length === 0) throw refuseEntry(path, "lists no recordings");
  const root = document.contents;
  const nodes = isMap(root) ? root.get("recordings", true) : root;
  const listed = recordings.map((fields: unknown, index): Listed => {
    const range = isSeq(nodes) ? (nodes.items[index] as { range?: readonly number[] | null }).range : null;
    const where =
      range?.[0] === undefined ? `${path}, entry ${index + 1}` : `${path}:${lines.linePos(range[0]).line}`;
    if (!isFields(fields)) throw refuseEntry(where, "is not of the form {file: …, label: …, machine: …}");
    return { fields, where };
  });
  return { common, listed };
}

/** An entry with `channels` is one of each of them. */
function splitChannels({ fields, where }: Listed, common: Fields): Listed[] {
  const { channels = common.channels, ...rest } = fields;
  if (channels === undefined || channels === null || channels === "") return [{ fields: rest, where }];
  if (!isFields(channels) || Object.keys(channels).length === 0) {
    throw refuseEntry(where, "channels is not of the form {NAME: {label: …}, …}");
  }
  return Object.entries(channels).map(([channel, own]) => {
    if (!isFields(own)) throw refuseEntry(where, `channel ${channel} is not of the form {label: …}`);
    return { fields: joinFields(rest, { ...own, channel }), where: `${where}, channel ${channel}` };
  });
}

function parseBearings(
  bearings: unknown,
  path: string,
  onRefused?: OnRefused,
): ReadonlyMap<string, BearingOrders> {
  if (bearings === undefined || bearings === null) return new Map();
  if (!isFields(bearings)) throw refuseEntry(path, "bearings is not of the form {NAME: {balls: 9, …}, …}");
  const named = new Map<string, BearingOrders>();
  for (const [name, fields] of Object.entries(bearings)) {
    const orders = isFields(fields) ? parseBearingWords(fields) : null;
    if (orders?.ok === true) {
      named.set(name, orders.value);
      continue;
    }
    const refused = refuseEntry(
      path,
      orders === null
        ? `bearing ${name} is not of the form {balls: 9, ball_diameter: …, pitch_diameter: …}`
        : `bearing ${name}: ${orders.error}`,
    );
    leaveOut(refused, onRefused);
  }
  return named;
}
