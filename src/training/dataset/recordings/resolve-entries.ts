/**
 * Which recordings a manifest comes to, and all that is needed to read each: its own words first, then those of a sidecar, of the
 * folder's index, of the file's header. Reads no sample but those of a speed channel.
 */
import { extname, join, relative } from "node:path";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { isSameNumber } from "../same-number.ts";
import { findFileScale } from "../samples/file-scale.ts";
import { readStatedRate, readStatedUnit } from "../samples/sample-file.ts";
import { readTimeColumn } from "../samples/time-column.ts";
import { isSameBearing } from "../sidecar/bearing-words.ts";
import { firstOf, joinScale, listSidecars, type SidecarPart } from "../sidecar/sidecar.ts";
import { readSpeed } from "../speed/read-speed.ts";
import { meanSpeed, type RecordedSpeed } from "../speed/recorded-speed.ts";
import { expandManifest } from "./expand-manifest.ts";
import { createFileNotes } from "./file-notes.ts";
import { leaveOut, type ManifestEntry, nameBearing, type OnRefused } from "./manifest-entry.ts";
import type { RecordedEntry } from "./recording-set.ts";
import type { RecordingsManifest } from "./recordings-manifest.ts";

/** An entry and where its samples are. */
export interface ResolvedEntry {
  readonly entry: RecordedEntry;
  /** Names the entry in complaints: file and line of the manifest. */
  readonly where: string;
  readonly path: string;
  /** As the reader of the file takes it. */
  readonly place: string | null;
  /** Physical value of the file's number 1; null: nobody knows. */
  readonly scale: number | null;
  /** What stands where a unit does and is none that is known; null: nothing. */
  readonly unreadUnit: string | null;
  readonly speed: RecordedSpeed | null;
  /** How long the recording is said to be, in seconds; null: nobody says. */
  readonly durationS: number | null;
  /** What a description beside the file says otherwise than the entry, which counts; sentences. */
  readonly overruled: readonly string[];
}

interface ResolvedManifest {
  readonly resolved: readonly ResolvedEntry[];
  /** Everything that says or holds something of the recordings, below the root. */
  readonly files: readonly string[];
}

/** What an entry and a description beside the file may say differently. */
const contradictable = [
  { key: "rateHz", unit: "Hz" },
  { key: "shaftRpm", unit: "rpm" },
  { key: "scale", unit: "as the scale" },
  { key: "unit", unit: "as the unit" },
] as const;

/**
 * Resolves the entries of `manifest` below `root`. Fails with CONFIG_INVALID, naming the entry, DATA_MISSING or DATA_FORMAT; with
 * `onRefused` an entry fails alone.
 */
export async function resolveEntries(
  manifest: Pick<RecordingsManifest, "entries" | "bearings">,
  root: string,
  onRefused?: OnRefused,
): Promise<ResolvedManifest> {
  const notes = createFileNotes();
  const files = new Set<string>();
  const resolved: ResolvedEntry[] = [];
  const ids = new Map<string, string>();
  const { entries, known } = await expandManifest(manifest.entries, root, onRefused);
  for (const listed of entries) {
    try {
      const path = join(root, listed.file);
      const channel = listed.part.channel ?? null;
      const at = extname(path) === ".npy" ? await notes.placeOf(path, channel) : null;
      const place = at === null ? channel : `${at}`;
      const beside = (await notes.of(path, channel)).map((part) =>
        nameBesideBearing(part, manifest.bearings, path),
      );
      const own = await describe({ listed, path, place, beside, root });
      claimId(ids, own);
      resolved.push(own);
      const { file } = listed;
      for (const name of [file, listed.speed?.file ?? file, ...listSidecars(file)])
        if (known.has(name)) files.add(name);
    } catch (error) {
      leaveOut(error, onRefused, listed.where);
    }
  }
  for (const index of notes.indices) files.add(relative(root, index).replaceAll("\\", "/"));
  return { resolved, files: [...files] };
}

function claimId(ids: Map<string, string>, { entry, where }: ResolvedEntry): void {
  const before = ids.get(entry.id);
  if (before !== undefined) {
    throw complain(
      { where },
      `${entry.id} is listed by ${before} as well`,
      "give one of them another id or channel",
    );
  }
  ids.set(entry.id, where);
}

interface ToDescribe {
  readonly listed: ManifestEntry;
  readonly path: string;
  readonly place: string | null;
  /** What each description beside the file says, the one that counts first. */
  readonly beside: readonly SidecarPart[];
  readonly root: string;
}

async function describe({ listed, path, place, beside, root }: ToDescribe): Promise<ResolvedEntry> {
  const parts = [listed.part, ...beside, listed.common];
  const first = <K extends keyof SidecarPart>(key: K): SidecarPart[K] => firstOf(parts, key);
  const need = <T>(value: T | undefined, what: string, key: string): T => {
    if (value !== undefined) return value;
    throw complain(
      listed,
      `nothing says ${what} of ${listed.file}`,
      `say ${key} in the entry, above \`recordings\` for all of them, or in NAME.json beside the file`,
    );
  };
  const overruled = listContradictions(listed, beside);
  // A pattern speaks of many files, a description beside one of them of it alone: nobody knows which of them is true.
  if (overruled[0] !== undefined && listed.isPattern) {
    throw complain(
      listed,
      overruled[0],
      "say it once: in the manifest, or in the NAME.json or index.json beside the file",
    );
  }
  const stated = await readStatedRate(path);
  const said = first("rateHz");
  if (stated !== undefined && said !== undefined && !isSameNumber(stated, said)) {
    throw complain(
      listed,
      `says ${said} Hz, ${listed.file} itself ${stated} Hz`,
      "leave rateHz out, or mend the file: one of the two lies",
    );
  }
  const times = said === undefined && stated === undefined ? await readTimeColumn(path) : null;
  const sampleRateHz = need(
    said ?? stated ?? (times?.kind === "steady" ? times.rateHz : undefined),
    "the sampling rate",
    times?.kind === "unusable" ? `rateHz: 25600 (${times.reason})` : "rateHz: 25600",
  );
  const speed =
    listed.speed === null
      ? null
      : await atEntry(listed, () =>
          readSpeed(listed.speed!, { root, file: listed.file, channel: place, rateHz: sampleRateHz }),
        );
  const shaftRpm =
    speed === null
      ? need(first("shaftRpm"), "the shaft speed", "rpm: 1500 (or speed: CHANNEL)")
      : meanSpeed(speed);
  if (shaftRpm === 0) {
    throw complain(
      listed,
      `the shaft stands in ${listed.file}: its speed is 0`,
      "leave it out: no window can be cut of a shaft that stands, and nothing be learnt of its bearing",
    );
  }
  const bearing = need(
    first("bearing"),
    "the bearing",
    "bearing: {balls: 9, ball_diameter: 7.94, pitch_diameter: 39.04} (or bpfo, bpfi and bsf)",
  );
  const unit = await readStatedUnit(path, place);
  const {
    scale,
    unreadUnit,
    overruled: ownUnit,
  } = findFileScale({ isCounts: false, unit }, joinScale(parts));
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
    isAbsolute: scale !== null,
  };
  return {
    entry,
    where: listed.where,
    durationS: first("durationS") ?? null,
    overruled:
      ownUnit === null
        ? overruled
        : [...overruled, `says another unit or scale of ${listed.file} than its own ${ownUnit}`],
    speed,
    path,
    place,
    scale,
    unreadUnit,
  };
}

function listContradictions(
  { part, file }: ManifestEntry,
  beside: readonly SidecarPart[],
): readonly string[] {
  const said = contradictable.flatMap(({ key, unit }) => {
    const [own, other] = [part[key], firstOf(beside, key)];
    if (own === undefined || other === undefined || own === other) return [];
    return [`says ${own} ${unit} of ${file}, and a description beside the file ${other} ${unit}`];
  });
  const other = firstOf(beside, "bearing");
  if (part.bearing === undefined || other === undefined || isSameBearing(part.bearing, other)) return said;
  return [
    ...said,
    `gives ${file} a bearing with bpfo ${part.bearing.bpfo}, and a description beside the file one with ${other.bpfo}`,
  ];
}

/** A sidecar may call a bearing of the manifest by its name, and describe another beside a name that is none of them. */
function nameBesideBearing(
  part: SidecarPart,
  bearings: RecordingsManifest["bearings"],
  path: string,
): SidecarPart {
  const isRemark = part.bearing !== undefined && !bearings.has(part.bearingName ?? "");
  return isRemark ? part : nameBearing(part, bearings, `description beside ${path}`);
}

/** Readers speak of a command's options; here an entry says them. */
export async function atEntry<T>({ where }: { readonly where: string }, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (!(cause instanceof AuroraError) || cause.code !== "USAGE") throw cause;
    const hint = cause.hint?.replaceAll("--channel", "`channel:`");
    const message = cause.message.startsWith(`${where}: `) ? cause.message : `${where}: ${cause.message}`;
    throw new AuroraError("CONFIG_INVALID", message, {
      op: "read recording",
      subject: where,
      ...(hint === undefined ? {} : { hint }),
      cause,
    });
  }
}

function complain({ where }: Pick<ManifestEntry, "where">, message: string, hint: string): AuroraError {
  return new AuroraError("CONFIG_INVALID", `${where}: ${message}`, {
    op: "open recordings",
    subject: where,
    hint,
  });
}
