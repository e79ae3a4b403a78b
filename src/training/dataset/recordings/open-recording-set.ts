/**
 * A set of recordings from its manifest: every entry is resolved before anything is learnt, samples are read a file at a
 * time and a part of a file at a time. Refuses an entry of which nobody says rate, speed or bearing.
 */
import { createHash } from "node:crypto";
import { extname, join, relative } from "node:path";
import { gravitiesOf } from "../../../core/contract/acceleration-units.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { digestFile, hashFileInto } from "../read-data-file.ts";
import { chooseQuantisation, readCountBlocks } from "../samples/quantise-samples.ts";
import { openSampleFile, readStatedRate } from "../samples/sample-file.ts";
import { rememberSamples, type SampleFile } from "../samples/samples.ts";
import type { SidecarPart } from "../sidecar/sidecar.ts";
import { expandManifest } from "./expand-manifest.ts";
import { createFileNotes } from "./file-notes.ts";
import type { ManifestEntry } from "./manifest-entry.ts";
import {
  maxPartSamples,
  type RecordedEntry,
  type RecordedSignal,
  type RecordedSpeed,
  type RecordingSet,
} from "./recording-set.ts";
import type { RecordingsManifest } from "./recordings-manifest.ts";
import { meanSpeed, readSpeed, sliceSpeed } from "./speed-channel.ts";

/** Values that a number may have, in the unit of the bundle. */
export interface SampleRange {
  readonly min: number;
  readonly max: number;
}

interface OpenedEntry {
  readonly entry: RecordedEntry;
  readonly path: string;
  /** As the reader of the file takes it. */
  readonly place: string | null;
  /** Physical value of the file's number 1; null: nobody knows. */
  readonly scale: number | null;
  readonly speed: RecordedSpeed | null;
}

/** Samples of a block: what a missing value costs. */
const blockSamples = 4096;
/** A stated rate may differ from a header's, which holds whole numbers, by this share. */
const rateTolerance = 0.001;

/**
 * Opens the recordings of `manifest` below `root`; `range` is that of the data contract. Fails with CONFIG_INVALID, naming the
 * entry, DATA_MISSING or DATA_FORMAT.
 */
export async function openRecordingSet(
  manifest: RecordingsManifest,
  root: string,
  range: SampleRange,
): Promise<RecordingSet> {
  const notes = createFileNotes();
  const files = new Set<string>();
  const entries: OpenedEntry[] = [];
  const ids = new Map<string, string>();
  for (const listed of await expandManifest(manifest.entries, root)) {
    const path = join(root, listed.file);
    const channel = listed.part.channel ?? null;
    const at = extname(path) === ".npy" ? await notes.placeOf(path, channel) : null;
    const place = at === null ? channel : `${at}`;
    const parts = [listed.part, ...(await notes.of(path, channel))];
    const opened = await describe({ listed, path, place, parts, root });
    const { entry } = opened;
    const before = ids.get(entry.id);
    if (before !== undefined)
      throw complain(
        listed,
        `${entry.id} is listed by ${before} as well`,
        "give one of them another id or channel",
      );
    ids.set(entry.id, listed.where);
    entries.push(opened);
    files.add(listed.file);
    if (listed.speed?.file !== undefined && listed.speed.file !== null) files.add(listed.speed.file);
  }
  for (const index of notes.indices) files.add(relative(root, index).replaceAll("\\", "/"));
  const known = new Map(entries.map((opened) => [opened.entry.id, opened]));
  const parts = (entry: RecordedEntry): AsyncGenerator<RecordedSignal> =>
    readParts(known.get(entry.id)!, range);
  return {
    entries: entries.map(({ entry }) => entry),
    parts,
    digest: ({ file }) => digestFile(join(root, file)),
    fingerprint: () => fingerprint(manifest.bytes, root, [...files]),
    read: async (entry) => {
      let whole: RecordedSignal | null = null;
      for await (const part of parts(entry)) {
        if (whole !== null) throw tooLong(entry);
        whole = part;
      }
      return whole ?? { ...emptySignal, ...pickKnown(entry) };
    },
  };
}

interface ToDescribe {
  readonly listed: ManifestEntry;
  readonly path: string;
  readonly place: string | null;
  /** What each source says, the one that counts first. */
  readonly parts: readonly SidecarPart[];
  readonly root: string;
}

async function describe({ listed, path, place, parts, root }: ToDescribe): Promise<OpenedEntry> {
  const first = <K extends keyof SidecarPart>(key: K): SidecarPart[K] =>
    parts.find((part) => part[key] !== undefined)?.[key];
  const need = <T>(value: T | undefined, what: string, key: string): T => {
    if (value !== undefined) return value;
    const beside = `${path.replace(/\.[^./]*$/, "")}.json`;
    throw complain(
      listed,
      `nothing says ${what} of ${listed.file}`,
      `say ${key} in the entry, above \`recordings\` for all of them, or in ${beside}`,
    );
  };
  const stated = await readStatedRate(path);
  const said = first("rateHz");
  if (stated !== undefined && said !== undefined && Math.abs(said / stated - 1) > rateTolerance) {
    throw complain(
      listed,
      `says ${said} Hz, the header of ${listed.file} ${stated} Hz`,
      "leave rateHz out, or mend the header: one of the two lies",
    );
  }
  const sampleRateHz = need(said ?? stated, "the sampling rate", "rateHz: 25600");
  const speed =
    listed.speed === null
      ? null
      : await atEntry(listed, () =>
          readSpeed(listed.speed!, { root, file: listed.file, rateHz: sampleRateHz }),
        );
  const shaftRpm =
    speed === null
      ? need(first("shaftRpm"), "the shaft speed", "rpm: 1500 (or speed: CHANNEL)")
      : meanSpeed(speed);
  const bearing = need(
    first("bearing"),
    "the bearing",
    "bearing: {balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04} (or bpfo, bpfi and bsf)",
  );
  const [scale, unit] = [first("scale"), first("unit")];
  const { file, label, machine, shared, load, learn } = listed;
  const channel = listed.part.channel ?? null;
  const entry: RecordedEntry = {
    id: listed.id ?? (channel === null ? file : `${file}#${channel}`),
    component: listed.component ?? channel ?? "bearing",
    file,
    channel,
    label,
    machine,
    shared,
    load,
    learn,
    sampleRateHz,
    shaftRpm,
    bearing,
    isAbsolute: scale !== undefined || unit !== undefined,
  };
  return {
    entry,
    speed,
    path,
    place,
    scale: scale === undefined && unit === undefined ? null : (scale ?? 1) * gravitiesOf[unit ?? "g"],
  };
}

async function* readParts(opened: OpenedEntry, range: SampleRange): AsyncGenerator<RecordedSignal> {
  const { entry, speed } = opened;
  const file = await openEntry(opened);
  const quantisation = await chooseQuantisation(file, opened.scale, range);
  let part = new Int16Array(blockSamples);
  let filled = 0;
  let from = 0;
  const end = (): RecordedSignal => {
    const { sampleRateHz, bearing } = entry;
    const own = speed === null ? {} : { speed: sliceSpeed(speed, from) };
    const shaftRpm = "speed" in own ? meanSpeed(own.speed!) : entry.shaftRpm;
    return {
      counts: part.subarray(0, filled),
      scale: quantisation.scale,
      sampleRateHz,
      shaftRpm,
      bearing,
      ...own,
    };
  };
  for await (const { firstSample, counts, allFinite } of readCountBlocks(file, quantisation, blockSamples)) {
    if (filled > 0 && (!allFinite || filled + counts.length > maxPartSamples)) {
      yield end();
      part = new Int16Array(blockSamples);
      filled = 0;
    }
    // Where a sample is missing nobody knows what was there: a window must not run over it.
    if (!allFinite) continue;
    if (filled === 0) from = firstSample;
    if (filled + counts.length > part.length) {
      const larger = new Int16Array(
        Math.min(maxPartSamples, Math.max(2 * part.length, filled + counts.length)),
      );
      larger.set(part.subarray(0, filled));
      part = larger;
    }
    part.set(counts, filled);
    filled += counts.length;
  }
  if (filled > 0) yield end();
}

async function openEntry({ entry, path, place }: OpenedEntry): Promise<SampleFile> {
  return rememberSamples(await atEntry({ where: entry.id }, () => openSampleFile(path, place)));
}

/** Readers speak of a command's options; here an entry says them. */
async function atEntry<T>({ where }: { readonly where: string }, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof AuroraError) || cause.code !== "USAGE") throw cause;
    const hint = cause.hint?.replaceAll("--channel", "`channel:`");
    throw new AuroraError("CONFIG_INVALID", `${where}: ${cause.message}`, {
      op: "read recording",
      subject: where,
      ...(hint === undefined ? {} : { hint }),
      cause,
    });
  }
}

const emptySignal = { counts: new Int16Array(0), scale: 1 };

function pickKnown({
  sampleRateHz,
  shaftRpm,
  bearing,
}: RecordedEntry): Omit<RecordedSignal, "counts" | "scale"> {
  return { sampleRateHz, shaftRpm, bearing };
}

/** Over the manifest and all files in the order of their names: lengths and bytes, of names too (as `computeFingerprint`). */
async function fingerprint(manifest: Uint8Array, root: string, files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  const length = Buffer.alloc(8);
  const add = (bytes: Uint8Array): void => {
    length.writeBigUInt64BE(BigInt(bytes.length));
    hash.update(length).update(bytes);
  };
  add(manifest);
  for (const file of [...files].sort((a, b) => (a < b ? -1 : 1))) {
    add(Buffer.from(file, "utf8"));
    await hashFileInto(hash, join(root, file));
  }
  return hash.digest("hex");
}

function tooLong({ id }: RecordedEntry): AuroraError {
  return new AuroraError("DATA_FORMAT", `${id} is longer than ${maxPartSamples} samples, or has gaps`, {
    op: "read recording",
    subject: id,
    hint: "read it in parts",
  });
}

function complain({ where }: Pick<ManifestEntry, "where">, message: string, hint: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${where}: ${message}`, {
    op: "open recordings",
    subject: where,
    hint,
  });
}
