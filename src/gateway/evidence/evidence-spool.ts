/**
 * Evidence that waits for its way to the collector: two files each, named by its digest, for the owner alone. Bounded:
 * what is worth least goes first when there is too much, and that is told. What the configuration no longer permits is
 * removed when it is opened.
 */
import { chmod, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type EvidenceKind,
  evidenceAboutSchema,
  maxAboutBytes,
  maxPackedBytes,
  sha256Pattern,
} from "../../core/contract/evidence.ts";
import { storeError, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { MadeEvidence } from "./make-evidence.ts";

export interface EvidenceSpool {
  /** Keeps it until `remove`; rejects with AuroraError STORE when the disk refuses. */
  add(evidence: MadeEvidence): Promise<void>;
  /** The next to send, whole and as its digests say, or null. */
  next(): Promise<MadeEvidence | null>;
  remove(id: string): Promise<void>;
  readonly waiting: number;
  readonly bytes: number;
}

export interface EvidenceSpoolOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly allowed: readonly EvidenceKind[];
  /** It was given up: why, in words. */
  onDropped(id: string, kind: EvidenceKind, reason: string): void;
}

interface Entry {
  readonly id: string;
  readonly kind: EvidenceKind;
  readonly bytes: number;
  readonly order: number;
}

/** What is sent first, and given up last. */
const ranks: Readonly<Record<EvidenceKind, number>> = { request: 0, alarm: 1, reference: 2 };

/** Opens the folder, which is made. @throws AuroraError STORE */
export async function openEvidenceSpool(options: EvidenceSpoolOptions): Promise<EvidenceSpool> {
  const { dir, maxBytes, allowed } = options;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
  } catch (error) {
    throw storeError("make folder", dir, error);
  }
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
    const { evidence } = evidenceAboutSchema.parse(JSON.parse(text.toString("utf8")));
    const packed = await readFileBounded(pathOf(id, "pack"), maxPackedBytes);
    if (sha256Hex(packed) !== evidence.packed.sha256) return null;
    return { id, kind: evidence.kind, about: text.toString("utf8"), packed };
  };
  const giveUp = async ({ id, kind }: Entry, reason: string): Promise<void> => {
    entries = entries.filter((entry) => entry.id !== id);
    await removeFiles(id);
    options.onDropped(id, kind, reason);
  };

  for (const name of await readdir(dir)) {
    const [id = "", ending = ""] = name.split(".");
    // Half of one, or what was being written when the power went.
    if (!sha256Pattern.test(id) || (ending !== "json" && ending !== "pack")) {
      await rm(join(dir, name), { force: true, recursive: true });
      continue;
    }
    if (ending !== "pack") continue;
    const found = await read(id).catch(() => null);
    const entry = { id, kind: found?.kind ?? "reference", bytes: found?.packed.length ?? 0, order: 0 };
    if (found === null) await giveUp(entry, "its files are damaged");
    else if (!allowed.includes(found.kind)) await giveUp(entry, "the configuration no longer permits it");
    else entries = [...entries, { ...entry, order: (await stat(pathOf(id, "pack"))).mtimeMs }];
  }

  const sum = (): number => entries.reduce((total, { bytes }) => total + bytes, 0);

  return {
    add: async ({ id, kind, about, packed }) => {
      if (!allowed.includes(kind)) throw new RangeError(`evidence of an ${kind} is not permitted`);
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
    next: async () => {
      for (const entry of sortEntries(entries)) {
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
