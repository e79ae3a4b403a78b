/**
 * Files that describe recordings: a file of geometries (`--bearing FILE`; YAML, JSON or CSV) for many of them, and a
 * `NAME.json` beside a recording for that one.
 *
 *   geometries.yaml                     geometries.csv
 *     "rig1_*.npy": {bpfo: 3.58, …}       file,balls,ball_diameter,pitch_diameter,rate_hz
 *     "6205": {balls: 9, …}               rig1_*.npy,9,7.94,39.04,51200
 *
 * An entry is for the files that its name (or `file`) fits as a pattern with `*`; the only entry, or one without a name,
 * is for all. `FILE#NAME` takes one entry by its name.
 */
import { basename, extname } from "node:path";
import { parse as parseYaml } from "yaml";
import { AuroraError, hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { type Fields, isFields } from "../../../core/contract/fields.ts";
import { readFileBounded } from "../../../core/platform/files/bounded-read.ts";
import { parseCsv } from "../csv.ts";
import { matchesPattern } from "../match-pattern.ts";
import { decodeText } from "../read-text.ts";
import { speaksOfBearing } from "./bearing-words.ts";
import { listSidecars, parseSidecarWords, type SidecarPart } from "./sidecar.ts";
import { findUnreadKeys, isSidecar } from "./sidecar-keys.ts";

const maxFileBytes = 1024 * 1024;

/** What a file of geometries says, by recording. */
export interface Geometries {
  /** Of a recording's path; undefined where no entry is for it. */
  find(path: string): SidecarPart | undefined;
}

interface Entry {
  /** Null: for all. */
  readonly pattern: string | null;
  readonly part: SidecarPart;
}

/** Reads `reference` (`FILE` or `FILE#NAME`). Fails with DATA_MISSING, CONFIG_INVALID. */
export async function readGeometries(reference: string): Promise<Geometries> {
  const hash = reference.lastIndexOf("#");
  const [path, wanted] = hash > 0 ? [reference.slice(0, hash), reference.slice(hash + 1)] : [reference, null];
  const text = decodeText(await readFileBounded(path, maxFileBytes, { op: "read bearings" }));
  const entries = listEntries(path, text);
  const chosen = wanted === null ? entries : entries.filter(({ pattern }) => pattern === wanted);
  if (chosen.length === 0) {
    throw new AuroraError(
      "CONFIG_INVALID",
      `${path} has no bearing${wanted === null ? "" : ` "${wanted}"`}`,
      {
        op: "read bearings",
        subject: path,
        hint: `its entries are ${
          entries
            .map(({ pattern }) => pattern ?? "(all)")
            .slice(0, 20)
            .join(", ") || "none"
        }`,
      },
    );
  }
  return {
    find: (file) => {
      if (wanted !== null || chosen.length === 1) return chosen[0]!.part;
      const name = basename(file);
      const fits = (pattern: string | null): boolean =>
        pattern === null || matchesPattern(name, pattern) || matchesPattern(file, pattern);
      return chosen.find(({ pattern }) => fits(pattern))?.part;
    },
  };
}

/** What a `NAME.json` says of its recording. */
interface OwnSidecar extends SidecarPart {
  /** Keys that nobody reads; absent: there are none. */
  readonly unread?: readonly string[];
}

/** What our own descriptions of recordings say beside it. */
const ownKeys: ReadonlySet<string> = new Set(
  "device from firstsample shaftrpmrange alert evidence".split(" "),
);

/** The part that a `NAME.json` (or `NAME.EXT.json`) beside `path` says; empty without one. Fails with CONFIG_INVALID. */
export async function readOwnSidecar(path: string): Promise<OwnSidecar> {
  for (const name of listSidecars(path)) {
    const json = await readJson(name);
    if (!isFields(json)) continue;
    const { turbine } = json;
    if (isSidecar(json) || "time" in json || "point" in json || typeof turbine === "string")
      return { ...parseSidecarWords(json, name), unread: findUnreadKeys(json, ownKeys) };
  }
  return {};
}

/** Null without such a file, or where it is too large to be a sidecar. Fails with CONFIG_INVALID. */
async function readJson(name: string): Promise<unknown> {
  let bytes: Uint8Array;
  try {
    bytes = await readFileBounded(name, maxFileBytes, { op: "read sidecar" });
  } catch (error) {
    if (hasErrorCode(error, "DATA_MISSING") || hasErrorCode(error, "DATA_FORMAT")) return null;
    throw error;
  }
  const text = decodeText(bytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Something else of the same name is nobody's concern.
    if (!/rate|rpm|bearing|bpf/i.test(text)) return null;
    const reason = cause instanceof Error ? cause.message : "";
    throw new AuroraError("CONFIG_INVALID", `${name}, which describes a recording, is no JSON: ${reason}`, {
      op: "read sidecar",
      subject: name,
      hint: "mend it, or take it away from beside the recording",
      cause,
    });
  }
}

function listEntries(path: string, text: string): Entry[] {
  if (extname(path).toLowerCase() === ".csv") {
    const { columns, rows } = parseCsv(text, path);
    return rows.map((row, index) => {
      const fields = Object.fromEntries(columns.map((column, at) => [column, row[at]!.trim()]));
      return toEntry(fields, null, `${path}, row ${index + 1}`);
    });
  }
  let document: unknown;
  try {
    // JSON is YAML.
    document = parseYaml(text, { maxAliasCount: 0 });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : "";
    throw new AuroraError("CONFIG_INVALID", `${path} is neither YAML nor JSON: ${reason}`, {
      op: "read bearings",
      subject: path,
      cause,
    });
  }
  if (Array.isArray(document)) {
    return document
      .filter(isFields)
      .map((fields, index) => toEntry(fields, null, `${path}, entry ${index + 1}`));
  }
  if (!isFields(document)) return [];
  if (speaksOfBearing(document) || isSidecar(document)) return [toEntry(document, null, path)];
  return Object.entries(document).flatMap(([name, fields]) => {
    if (Array.isArray(fields))
      return fields.filter(isFields).map((each) => toEntry(each, null, `${path}, ${name}`));
    return isFields(fields) ? [toEntry(fields, name, `${path}, ${name}`)] : [];
  });
}

function toEntry(fields: Fields, name: string | null, where: string): Entry {
  const given = fields.file ?? fields.files ?? fields.pattern ?? fields.name ?? name;
  const pattern = given === null || given === undefined || given === "" ? null : String(given);
  return { pattern, part: parseSidecarWords(fields, where) };
}
