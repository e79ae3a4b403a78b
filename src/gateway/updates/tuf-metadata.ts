/**
 * Trusted metadata of the update repository on disk: read with bounds, believed only when signed, written atomically;
 * and the earliest that now can be, which is learnt from it.
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Metadata, MetadataKind, type Root, type Timestamp } from "@tufjs/models";
import { type AnyMetadata, issuedAtMs, parseRoot } from "../../core/bundle/update-metadata.ts";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { maxRootBytes, maxTimestampBytes } from "../../core/contract/publication.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { makeFolder, storeError } from "../../core/platform/files/atomic-file.ts";
import { type FileSystem, nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonObject } from "../../core/platform/files/parse-json-object.ts";

/** The four files in the order in which they may be replaced: each is only good with the ones before it. */
const trustedFiles = ["root", "timestamp", "snapshot", "targets"] as const;

type TrustedFile = (typeof trustedFiles)[number];

/** Largest size of each file, bytes. */
export const maxMetadataBytes: Readonly<Record<TrustedFile, number>> = {
  root: maxRootBytes,
  timestamp: maxTimestampBytes,
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

/** The timestamp in `bytes` if `root` says that its key may sign it, else null. */
export function parseTimestamp(bytes: Uint8Array | null, root: Metadata<Root>): Metadata<Timestamp> | null {
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

/** Remembers the signed moments, and how long ago they were heard of. */
interface TimeFloor {
  /** Learns that it is at least the moment at which `file`, a root or a timestamp, says it was signed. */
  learn(file: Metadata<Root> | Metadata<Timestamp>): void;
  /** Forgets everything: the key that said it is not trusted any more. */
  reset(): void;
  /** The earliest that now can be, epoch ms; −Infinity if nothing is known. */
  earliestMs(): number;
}

interface SignedMoment {
  readonly version: number;
  readonly issuedMs: number;
  readonly heardMonotonicMs: number;
}

/**
 * Creates an empty floor. It learns from signed metadata alone: a clock set back cannot make expired metadata look
 * fresh; a clock set forward only delays updates until it is right again, since nothing is learnt from it. Time that passed
 * since is added. A newer file that speaks of an earlier moment takes the older one's word back, unless the clock here is behind even that.
 */
export function createTimeFloor(clock: Clock): TimeFloor {
  const said = new Map<string, SignedMoment>();
  const earliestMs = (): number =>
    Math.max(
      ...[...said.values()].map(
        ({ issuedMs, heardMonotonicMs }) => issuedMs + Math.max(0, clock.monotonicMs() - heardMonotonicMs),
      ),
    );
  return {
    learn(file) {
      const { type, version } = file.signed;
      const issuedMs = issuedAtMs(file);
      // A file that ends before it was made says nothing.
      if (!Number.isFinite(issuedMs) || !(issuedMs < expiresAtMs(file))) return;
      const last = said.get(type);
      if (last !== undefined && version < last.version) return;
      const isTakenBack =
        last !== undefined && version > last.version && issuedMs < last.issuedMs && issuedMs <= clock.nowMs();
      if (issuedMs <= earliestMs() && !isTakenBack) return;
      said.set(type, { version, issuedMs, heardMonotonicMs: clock.monotonicMs() });
    },
    reset: () => said.clear(),
    earliestMs,
  };
}
