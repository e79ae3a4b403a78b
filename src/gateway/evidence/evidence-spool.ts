/**
 * Evidence that waits for its way to the collector: two files each, named by its digest, for the owner alone. Bounded:
 * what is worth least goes first when there is too much, and that is told. What the configuration no longer permits is
 * removed when it is opened.
 */
import { chmod, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import {
  type EvidenceKind,
  evidenceAboutSchema,
  maxAboutBytes,
  maxPackedBytes,
  sha256Pattern,
} from "../../core/contract/evidence.ts";
import { makeFolder, storeError, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { MadeEvidence } from "./make-evidence.ts";

export interface EvidenceSpool {
  /** Keeps it until `remove`; rejects with AuroraError STORE when the disk refuses. */
  add(evidence: MadeEvidence): Promise<void>;
  /** The next to send, whole and as its digests say, of those that are not put off; or null. */
  next(isPutOff?: (id: string) => boolean): Promise<MadeEvidence | null>;
  remove(id: string): Promise<void>;
  has(id: string): boolean;
  readonly waiting: number;
  readonly bytes: number;
}

interface EvidenceSpoolOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly allowed: readonly EvidenceKind[];
  /** It was given up: why, in words. */
  onDropped(id: string, kind: EvidenceKind, reason: string): void;
  /** Its folder cannot be used, told once: nothing is kept or sent until it can, which is tried again. */
  onFault(error: unknown): void;
}

interface Entry {
  readonly id: string;
  readonly kind: EvidenceKind;
  readonly bytes: number;
  readonly order: number;
}

/** What is sent first, and given up last. */
const ranks: Readonly<Record<EvidenceKind, number>> = { request: 0, alarm: 1, reference: 2 };

/** Opens the folder, which is made. Never rejects: no window is watched less for want of raw samples. */
export async function openEvidenceSpool(options: EvidenceSpoolOptions): Promise<EvidenceSpool> {
  const { dir, maxBytes, allowed } = options;
  const pathOf = (id: string, ending: "json" | "pack"): string => join(dir, `${id}.${ending}`);
  const removeFiles = async (id: string): Promise<void> => {
    await rm(pathOf(id, "json"), { force: true });
    await rm(pathOf(id, "pack"), { force: true });
  };
  let entries: readonly Entry[] = [];
  let added = 0;

  const read = async (id: string): Promise<MadeEvidence | null> => {
    const text = Buffer.from(await readFileBounded(pathOf(id, "json"), maxAboutBytes));
    if (sha256Hex(text) !== id) return null;
    const { evidence } = evidenceAboutSchema().parse(JSON.parse(text.toString("utf8")));
    const packed = await readFileBounded(pathOf(id, "pack"), maxPackedBytes);
    if (sha256Hex(packed) !== evidence.packed.sha256) return null;
    return { id, kind: evidence.kind, about: text.toString("utf8"), packed };
  };
  const giveUp = async ({ id, kind }: Entry, reason: string): Promise<void> => {
    entries = entries.filter((entry) => entry.id !== id);
    await removeFiles(id);
    options.onDropped(id, kind, reason);
  };

  const takeOver = async (name: string): Promise<void> => {
    const [id = "", ending = ""] = name.split(".");
    // Half of one, or what was being written when the power went.
    if (!sha256Pattern.test(id) || (ending !== "json" && ending !== "pack")) {
      await rm(join(dir, name), { force: true, recursive: true });
      return;
    }
    if (ending !== "pack") return;
    const found = await read(id).catch(() => null);
    const entry = { id, kind: found?.kind ?? "reference", bytes: found?.packed.length ?? 0, order: 0 };
    if (found === null) await giveUp(entry, "its files are damaged");
    else if (!allowed.includes(found.kind)) await giveUp(entry, "the configuration no longer permits it");
    else entries = [...entries, { ...entry, order: (await stat(pathOf(id, "pack"))).mtimeMs }];
  };
  let opened = false;
  let told = false;
  let opening: Promise<void> | null = null;
  const open = (): Promise<void> => {
    if (opened) return Promise.resolve();
    opening ??= takeFolder().finally(() => {
      opening = null;
    });
    return opening;
  };
  const takeFolder = async (): Promise<void> => {
    entries = [];
    try {
      await makeFolder(dir, 0o700);
      await chmod(dir, 0o700);
      for (const name of await readdir(dir)) await takeOver(name);
      opened = true;
    } catch (cause) {
      const error = cause instanceof AuroraError ? cause : storeError("use folder", dir, cause);
      if (!told) options.onFault(error);
      told = true;
      throw error;
    }
  };
  await open().catch(() => undefined);

  const sum = (): number => entries.reduce((total, { bytes }) => total + bytes, 0);

  return {
    add: async ({ id, kind, about, packed }) => {
      if (!allowed.includes(kind)) throw new RangeError(`evidence of an ${kind} is not permitted`);
      await open();
      if (entries.some((entry) => entry.id === id)) return;
      const entry = { id, kind, bytes: packed.length, order: Date.now() + added++ / 1000 };
      while (sum() + entry.bytes > maxBytes) {
        const worst = sortEntries([...entries, entry]).at(-1)!;
        await giveUp(worst, "too much evidence waits");
        if (worst === entry) return;
      }
      try {
        await writeFileAtomic(pathOf(id, "json"), about, { mode: 0o600 });
        await writeFileAtomic(pathOf(id, "pack"), packed, { mode: 0o600 });
      } catch (error) {
        await removeFiles(id).catch(() => undefined); // the disk that refused may refuse this too
        throw error;
      }
      // From now on it may be sent: its files are whole.
      entries = [...entries, entry];
    },
    next: async (isPutOff = () => false) => {
      // Told once; whoever asks is back.
      await open().catch(() => undefined);
      if (!opened) return null;
      for (const entry of sortEntries(entries)) {
        if (isPutOff(entry.id)) continue;
        const found = await read(entry.id).catch(() => null);
        if (found !== null) return found;
        await giveUp(entry, "its files are damaged");
      }
      return null;
    },
    remove: async (id) => {
      entries = entries.filter((entry) => entry.id !== id);
      await removeFiles(id);
    },
    has: (id) => entries.some((entry) => entry.id === id),
    get waiting() {
      return entries.length;
    },
    get bytes() {
      return sum();
    },
  };
}

/** What is sent first in front; what is given up first at the end. */
function sortEntries(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((one, other) => ranks[one.kind] - ranks[other.kind] || one.order - other.order);
}
