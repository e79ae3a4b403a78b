/**
 * Evidence that waits for its way to the collector: two files each, named by its digest, for the owner alone. Bounded:
 * what is worth least goes first when there is too much, and that is told. Nothing is taken while the disk is full. What the
 * configuration no longer permits is removed when it is opened.
 */
import { chmod, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import {
  type EvidenceKind,
  evidenceAboutSchema,
  maxAboutBytes,
  maxPackedBytes,
} from "../../core/contract/evidence.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { makeFolder, storeError, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonBytes } from "../../core/platform/files/parse-json.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import type { StoreReserve } from "../record/store-reserve.ts";
import type { MadeEvidence } from "./make-evidence.ts";

export interface EvidenceSpool {
  /** Keeps it until `remove`; false: there is no room for it. Rejects with AuroraError STORE when the disk refuses. */
  add(evidence: MadeEvidence): Promise<boolean>;
  /** The next to send, whole and as its digests say, of those that are not put off and can be read now; or null. */
  next(isPutOff?: (id: string) => boolean): Promise<MadeEvidence | null>;
  remove(id: string): Promise<void>;
  has(id: string): boolean;
  /** Is it known what waits? Not while the folder cannot be used. */
  readonly isOpen: boolean;
  readonly waiting: number;
  readonly bytes: number;
}

interface EvidenceSpoolOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly allowed: readonly EvidenceKind[];
  /** By which it says what came first. */
  readonly clock: Pick<Clock, "nowMs">;
  /** Kept for alerts: while it is not held nothing more is kept here. */
  readonly reserve: Pick<StoreReserve, "isHeld">;
  /** What waited was given up: why, in words. `kind` is null where its files do not say it any more. */
  onDropped(id: string, kind: EvidenceKind | null, reason: string): void;
  /** Its folder, or a file in it, cannot be used; told once until something can be sent. It is tried again, and nothing of it given up. */
  onFault(error: unknown): void;
}

interface Entry {
  readonly id: string;
  /** Null: not known yet. It is sent, and given up, as what is worth least. */
  readonly kind: EvidenceKind | null;
  readonly bytes: number;
  readonly order: number;
}

interface ReadEvidence {
  readonly kind: EvidenceKind | null;
  readonly found: MadeEvidence | null;
}

/** What is sent first, and given up last. */
const ranks: Readonly<Record<EvidenceKind | "unknown", number>> = {
  request: 0,
  alarm: 1,
  reference: 2,
  unknown: 2,
};

/** Why what waits goes, or what comes is not kept. */
export const tooMuchEvidence = "too much evidence waits";
/** Why what comes is not kept where the disk is full. */
export const noRoomForEvidence = "the disk is full, and what room is left is for alerts";

/** Opens the folder, which is made. Never rejects: no window is watched less for want of raw samples. */
export async function openEvidenceSpool(options: EvidenceSpoolOptions): Promise<EvidenceSpool> {
  const { dir, maxBytes, allowed, clock } = options;
  const pathOf = (id: string, ending: "json" | "pack"): string => join(dir, `${id}.${ending}`);
  const removeFiles = async (id: string): Promise<void> => {
    await nodeFileSystem.remove(pathOf(id, "json"));
    await nodeFileSystem.remove(pathOf(id, "pack"));
  };
  /** Nobody finds half of what another writes, removes or counts. */
  const queue = createWorkQueue();
  let entries: readonly Entry[] = [];
  let added = 0;
  let told = false;
  const tell = (error: unknown): void => {
    if (!told) options.onFault(error);
    told = true;
  };

  /** Without `found` its files are damaged. @throws AuroraError STORE when they cannot be read now */
  const read = async ({ id, kind: known }: Entry): Promise<ReadEvidence> => {
    const text = await readSpooled(pathOf(id, "json"), maxAboutBytes);
    if (text === null || sha256Hex(text) !== id) return { kind: known, found: null };
    const about = evidenceAboutSchema().safeParse(parseJsonBytes(text)).data;
    const kind = about?.evidence.kind ?? known;
    const packed = await readSpooled(pathOf(id, "pack"), maxPackedBytes);
    if (about === undefined || packed === null || sha256Hex(packed) !== about.evidence.packed.sha256)
      return { kind, found: null };
    const { evidence } = about;
    const found = { id, kind: evidence.kind, about: Buffer.from(text).toString("utf8"), packed };
    return { kind, found };
  };
  const giveUp = async ({ id, kind }: Entry, reason: string): Promise<void> => {
    await removeFiles(id);
    entries = entries.filter((entry) => entry.id !== id);
    options.onDropped(id, kind, reason);
  };
  /** What it holds; null: it was given up. @throws AuroraError STORE when it cannot be read now */
  const look = async (entry: Entry): Promise<MadeEvidence | null> => {
    const { kind, found } = await read(entry);
    if (found !== null && allowed.includes(found.kind)) {
      told = false;
      // An entry that could not be read when the folder was opened ranked last until now.
      entries = entries.map((each) => (each.id === entry.id ? { ...each, kind } : each));
      return found;
    }
    const reason =
      found === null ? "its files are gone or damaged" : "the configuration no longer permits it";
    await giveUp({ ...entry, kind }, reason);
    return null;
  };

  const takeOver = async (name: string, names: readonly string[]): Promise<void> => {
    const id = /^([0-9a-f]{64})\.(?:json|pack)$/.exec(name)?.[1];
    // What was being written when the power went.
    if (id === undefined) return nodeFileSystem.remove(join(dir, name));
    if (name.endsWith(".json") && names.includes(`${id}.pack`)) return;
    const { size, mtimeMs } = await stat(join(dir, name));
    const entry: Entry = { id, kind: null, bytes: size, order: mtimeMs };
    entries = [...entries, entry];
    try {
      await look(entry);
    } catch (error) {
      tell(error); // it is looked at again in its turn
    }
  };
  let opened = false;
  const open = async (): Promise<void> => {
    if (opened) return;
    entries = [];
    try {
      await makeFolder(dir, 0o700);
      await chmod(dir, 0o700);
      const names = await readdir(dir);
      for (const name of names) await takeOver(name, names);
      opened = true;
    } catch (cause) {
      const error = cause instanceof AuroraError ? cause : storeError("use folder", dir, cause);
      tell(error);
      throw error;
    }
  };
  await open().catch(() => undefined);

  const has = (id: string): boolean => entries.some((entry) => entry.id === id);

  const add = async ({ id, kind, about, packed }: MadeEvidence): Promise<boolean> => {
    if (!allowed.includes(kind)) throw new RangeError(`evidence of an ${kind} is not permitted`);
    await open();
    if (has(id)) return true;
    if (!options.reserve.isHeld) return false;
    const entry = { id, kind, bytes: packed.length, order: clock.nowMs() + added++ / 1000 };
    const sorted = sortEntries([...entries, entry]);
    const worse = sorted.splice(sorted.indexOf(entry) + 1);
    // For what has no room all the same nothing is given up.
    if (sumBytes(sorted) > maxBytes) return false;
    while (sumBytes(entries) + entry.bytes > maxBytes) await giveUp(worse.pop()!, tooMuchEvidence);
    // Somebody may have removed it since it was opened.
    await makeFolder(dir, 0o700);
    try {
      await writeFileAtomic(pathOf(id, "pack"), packed, { mode: 0o600 });
      await writeFileAtomic(pathOf(id, "json"), about, { mode: 0o600 });
    } catch (error) {
      await removeFiles(id).catch(() => undefined); // the disk that refused may refuse this too
      throw error;
    }
    // From now on it may be sent: its files are whole.
    entries = [...entries, entry];
    return true;
  };
  const next = async (isPutOff: (id: string) => boolean): Promise<MadeEvidence | null> => {
    // Told once; whoever asks is back.
    await open().catch(() => undefined);
    if (!opened) return null;
    for (const entry of sortEntries(entries)) {
      if (isPutOff(entry.id)) continue;
      try {
        const found = await look(entry);
        if (found !== null) return found;
      } catch (error) {
        tell(error); // others have their turn, and it again
      }
    }
    return null;
  };

  return {
    add: (evidence) => queue.run(() => add(evidence)),
    next: (isPutOff = () => false) => queue.run(() => next(isPutOff)),
    remove: (id) =>
      queue.run(async () => {
        entries = entries.filter((entry) => entry.id !== id);
        await removeFiles(id);
      }),
    has,
    get isOpen() {
      return opened;
    },
    get waiting() {
      return entries.length;
    },
    get bytes() {
      return sumBytes(entries);
    },
  };
}

/** Null: there is none, or none of ours. @throws AuroraError STORE when it cannot be read now */
async function readSpooled(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    return await nodeFileSystem.read(path, maxBytes);
  } catch (error) {
    if (hasErrorCode(error, "DATA_FORMAT")) return null;
    throw error;
  }
}

function sumBytes(entries: readonly Entry[]): number {
  return entries.reduce((total, { bytes }) => total + bytes, 0);
}

/** What is sent first in front; what is given up first at the end. */
function sortEntries(entries: readonly Entry[]): Entry[] {
  const rankOf = ({ kind }: Entry): number => ranks[kind ?? "unknown"];
  return entries.toSorted((one, other) => rankOf(one) - rankOf(other) || one.order - other.order);
}
