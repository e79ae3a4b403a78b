/**
 * Trusted metadata of the update repository on disk: read with bounds, believed only when signed, written atomically;
 * and the earliest that now can be, which is learnt from it.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Metadata, MetadataKind, type Root, type Timestamp } from "@tufjs/models";
import { type AnyMetadata, issuedAtMs, parseRoot } from "../../core/bundle/update-metadata.ts";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { maxRootBytes } from "../../core/contract/publication.ts";
import { makeFolder, storeError } from "../../core/platform/files/atomic-file.ts";
import { type FileSystem, nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonObject } from "../../core/platform/files/parse-json-object.ts";

/** The four files in the order in which they may be replaced: each is only good with the ones before it. */
const trustedFiles = ["root", "timestamp", "snapshot", "targets"] as const;

type TrustedFile = (typeof trustedFiles)[number];

/** Largest size of each file, bytes. */
export const maxMetadataBytes: Readonly<Record<TrustedFile, number>> = {
  root: maxRootBytes,
  timestamp: 16_384,
  snapshot: 262_144,
  targets: 4_194_304,
};

/**
 * Bytes of a stored file, or null when it is missing or too large to be ours.
 * @throws AuroraError STORE when it cannot be read: what protects against a rollback must not be passed over.
 */
export async function readTrusted(
  files: FileSystem,
  dir: string,
  file: TrustedFile,
): Promise<Uint8Array | null> {
  try {
    return await files.read(join(dir, `${file}.json`), maxMetadataBytes[file]);
  } catch (error) {
    if (hasErrorCode(error, "DATA_FORMAT")) return null;
    throw error;
  }
}

/**
 * The root to start from: the stored one, or `initial` where that is newer or the stored one is damaged.
 * @throws Error when `initial` itself is not good; AuroraError STORE when the disk refuses.
 */
export async function readTrustedRoot(
  files: FileSystem,
  dir: string,
  initial: Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly root: Metadata<Root> }> {
  const shipped = parseRoot(initial);
  const stored = await readTrusted(files, dir, "root");
  if (stored !== null) {
    try {
      const root = parseRoot(stored);
      if (root.signed.version >= shipped.signed.version) return { bytes: stored, root };
    } catch {
      // Damaged on disk: the one that came with the installation is as good a start, only an older one.
    }
  }
  return { bytes: initial, root: shipped };
}

/** The stored timestamp if `root` says that its key may sign it, else null. */
export async function readTrustedTimestamp(
  files: FileSystem,
  dir: string,
  root: Metadata<Root>,
): Promise<Metadata<Timestamp> | null> {
  const bytes = await readTrusted(files, dir, "timestamp");
  if (bytes === null) return null;
  try {
    const timestamp = Metadata.fromJSON(MetadataKind.Timestamp, parseJsonObject(bytes));
    root.verifyDelegate(MetadataKind.Timestamp, timestamp);
    return timestamp;
  } catch {
    return null;
  }
}

/** Until when it is good, epoch ms. An unreadable date is no date far away: it counts as ended. */
export function expiresAtMs(file: AnyMetadata): number {
  const expires = Date.parse(file.signed.expires);
  return Number.isNaN(expires) ? Number.NEGATIVE_INFINITY : expires;
}

/**
 * Makes a fresh folder with the stored files for one look at the repository. The client writes there by itself, so it
 * is on the machine's own disk whatever `files` is; a power cut may leave anything in it.
 * @throws AuroraError STORE when the disk is full, fails or refuses.
 */
export async function prepareScratch(files: FileSystem, dir: string, root: Uint8Array): Promise<string> {
  const scratch = join(dir, "scratch");
  try {
    await rm(scratch, { recursive: true, force: true });
    await makeFolder(scratch);
    for (const file of trustedFiles) {
      const bytes = file === "root" ? root : await readTrusted(files, dir, file);
      if (bytes !== null) await writeFile(join(scratch, `${file}.json`), bytes);
    }
  } catch (error) {
    // A full disk is met here first, past the port.
    throw error instanceof AuroraError ? error : storeError("prepare", scratch, error);
  }
  return scratch;
}

/** Keeps what the client has verified. Writes only what changed, in an order that a power cut may break anywhere. */
export async function commitScratch(files: FileSystem, scratch: string, dir: string): Promise<void> {
  for (const file of trustedFiles) {
    const bytes = await readTrusted(nodeFileSystem, scratch, file);
    if (bytes === null) continue;
    const stored = await readTrusted(files, dir, file);
    if (stored !== null && Buffer.compare(stored, bytes) === 0) continue;
    await files.writeAtomic(join(dir, `${file}.json`), bytes);
  }
}

/** Remembers one signed moment, and how long ago it was heard of. */
interface TimeFloor {
  /** Learns that it is at least the moment at which `file` says it was signed. */
  learn(file: AnyMetadata): void;
  /** Forgets everything: the key that said it is not trusted any more. */
  reset(): void;
  /** The earliest that now can be, epoch ms; −Infinity if nothing is known. */
  earliestMs(): number;
}

/**
 * Creates an empty floor. It learns from signed metadata alone: a clock set back cannot make expired metadata look
 * fresh; a clock set forward only delays updates until it is right again, since nothing is learnt from it.
 * `monotonicMs` never goes back: time that passed since is added to what was learnt.
 */
export function createTimeFloor(monotonicMs: () => number): TimeFloor {
  let issuedMs = Number.NEGATIVE_INFINITY;
  let heardMonotonicMs = 0;
  const earliestMs = (): number => issuedMs + Math.max(0, monotonicMs() - heardMonotonicMs);
  return {
    learn(file) {
      const moment = issuedAtMs(file);
      // A file that ends before it was made says nothing; a floor that is higher already stays.
      if (!Number.isFinite(moment) || !(moment < expiresAtMs(file)) || moment <= earliestMs()) return;
      issuedMs = moment;
      heardMonotonicMs = monotonicMs();
    },
    reset() {
      issuedMs = Number.NEGATIVE_INFINITY;
    },
    earliestMs,
  };
}
