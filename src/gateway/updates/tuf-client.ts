/**
 * Asks the update repository what there is (The Update Framework, client workflow §5). The protocol is tuf-js's; around
 * it: files kept atomically, transfers bounded, and a time that no clock can turn back.
 */
import { Metadata, MetadataKind, type TargetFile } from "@tufjs/models";
import { Updater } from "tuf-js";
import { BadVersionError, DownloadHTTPError, ExpiredMetadataError } from "tuf-js/dist/error.js";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { sha256Pattern } from "../../core/contract/bundle/plain-name.ts";
import {
  type UpdateTarget,
  updateTargetPath,
  updateTargetSchema,
} from "../../core/contract/bundle/update-target.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { type FileSystem, nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { parseJsonObject } from "../../core/platform/files/parse-json-object.ts";
import { httpGet, readBody, sourceError, type TransferLimits } from "./http-get.ts";
import {
  commitScratch,
  createTimeFloor,
  expiresAtMs,
  maxMetadataBytes,
  parseTimestamp,
  prepareScratch,
  readTrusted,
  readTrustedRoot,
} from "./tuf-metadata.ts";

/** A bundle that the signed metadata offers. */
export interface OfferedTarget extends UpdateTarget {
  /** Bytes of the tar. */
  readonly sizeBytes: number;
  /** SHA-256 of the tar, lower-case hex. */
  readonly sha256: string;
}

interface TufClientOptions {
  /** Folder for the trusted metadata; made if missing. */
  readonly dir: string;
  readonly files: FileSystem;
  /** Root metadata that came with the installation. */
  readonly initialRoot: Uint8Array;
  /** Base URL of the metadata files. */
  readonly metadataUrl: string;
  readonly clock: Clock;
  readonly limits: TransferLimits;
  readonly caFile?: string | null | undefined;
}

/** A view on the repository that only goes forward. */
export interface TufClient {
  /**
   * Fetches and verifies the newest metadata.
   * @throws AuroraError UPDATE_SOURCE when it cannot be fetched, UPDATE when it is refused (expired, rolled back, …).
   */
  refresh(signal?: AbortSignal): Promise<readonly OfferedTarget[]>;
  /** The earliest that now can be, epoch ms; −Infinity before the first look. */
  earliestMs(): number;
}

/** More root rotations than this in one look are refused. */
const maxRootRotations = 32;

/** Creates the client; the first refresh touches disk and network. */
export function createTufClient(options: TufClientOptions): TufClient {
  const { dir, files, clock } = options;
  const floor = createTimeFloor(clock);
  const nowMs = (): number => Math.max(clock.nowMs(), floor.earliestMs());

  /** The trusted root; what it and the timestamp that it vouches for say about the time is learnt. */
  async function readStart(): Promise<Uint8Array> {
    const { bytes, root } = await readTrustedRoot(files, dir, options.initialRoot).catch((cause: Error) => {
      if (hasErrorCode(cause)) throw cause;
      throw metadataError(`the root metadata of this installation is not good: ${cause.message}`, cause);
    });
    const stored = parseTimestamp(await readTrusted(files, dir, "timestamp"), root);
    // A moment that a revoked key spoke of must not outlive the key, or a stolen key could stop updates for ever.
    if (stored === null) floor.reset();
    floor.learn(root);
    if (stored !== null) floor.learn(stored);
    return bytes;
  }

  async function offeredTargets(scratch: string): Promise<readonly OfferedTarget[]> {
    const load = async (file: "timestamp" | "snapshot" | "targets") => {
      const bytes = await readTrusted(nodeFileSystem, scratch, file);
      if (bytes === null) throw new Error(`the client kept no ${file} metadata`);
      return parseJsonObject(bytes);
    };
    const timestamp = Metadata.fromJSON(MetadataKind.Timestamp, await load("timestamp"));
    const snapshot = Metadata.fromJSON(MetadataKind.Snapshot, await load("snapshot"));
    const targets = Metadata.fromJSON(MetadataKind.Targets, await load("targets"));
    floor.learn(timestamp);
    // The timestamp just read may prove that it is later than this clock says: hold the files against that, too.
    for (const file of [timestamp, snapshot, targets]) {
      if (expiresAtMs(file) <= nowMs()) {
        throw refuse(`${file.signed.type}.json is expired`);
      }
    }
    return Object.entries(targets.signed.targets).flatMap(([path, target]) => readOffer(path, target) ?? []);
  }

  /** Does a timestamp that came, and looks expired, take back what an older one said of the time? */
  async function takesBack(bytes: Uint8Array | null): Promise<boolean> {
    const { root } = await readTrustedRoot(files, dir, options.initialRoot);
    const timestamp = parseTimestamp(bytes, root);
    const beforeMs = floor.earliestMs();
    if (timestamp !== null) floor.learn(timestamp);
    return floor.earliestMs() < beforeMs;
  }

  /** `looks`: how many more there may be where a timestamp takes the time back; whoever signs it can do so each time. */
  async function look(looks: number, signal?: AbortSignal): Promise<readonly OfferedTarget[]> {
    await files.makeFolder(dir);
    const scratch = await prepareScratch(files, dir, await readStart());
    const source = createSource(options, signal);
    const updater = createUpdaterAt(scratch, options.metadataUrl, source);
    setReferenceTime(updater, nowMs());
    try {
      await updater.refresh();
    } catch (error) {
      // Whatever was verified before the failure protects against a rollback tomorrow.
      await commitScratch(files, scratch, dir);
      if (hasErrorCode(error)) throw error;
      if (source.failure !== null) throw source.failure;
      const isExpired = error instanceof ExpiredMetadataError;
      if (looks > 0 && isExpired && (await takesBack(source.timestamp))) return look(looks - 1, signal);
      const isRollback = source.timestamp !== null && error instanceof BadVersionError;
      throw refuse((error as Error).message + (isRollback ? `: ${rollbackWords}` : ""), error);
    }
    await commitScratch(files, scratch, dir);
    await refuseOtherTimestamp(scratch, source);
    return offeredTargets(scratch);
  }
  return { earliestMs: () => floor.earliestMs(), refresh: (signal) => look(1, signal) };
}

/**
 * tuf-js passes over another timestamp of the version that it knows, and goes on with the old list.
 * @throws AuroraError UPDATE where that was so
 */
async function refuseOtherTimestamp(scratch: string, { timestamp }: Source): Promise<void> {
  const kept = await readTrusted(nodeFileSystem, scratch, "timestamp");
  if (timestamp === null || kept === null || Buffer.compare(kept, timestamp) === 0) return;
  throw refuse(`another timestamp of a version that is known already: ${rollbackWords}`);
}

/** The bundle that an entry of the targets offers; null for a target of another kind, which is not ours. */
function readOffer(path: string, target: TargetFile): OfferedTarget | null {
  const custom = updateTargetSchema().safeParse(target.custom);
  const sha256 = target.hashes.sha256 ?? "";
  if (!custom.success || !sha256Pattern.test(sha256)) return null;
  if (path !== updateTargetPath(custom.data.name, custom.data.version)) return null;
  return { ...custom.data, sizeBytes: target.length, sha256 };
}

function createUpdaterAt(scratch: string, metadataUrl: string, source: Source): Updater {
  return new Updater({
    metadataDir: scratch,
    metadataBaseUrl: metadataUrl,
    fetcher: source,
    config: {
      maxRootRotations,
      rootMaxLength: maxMetadataBytes.root,
      timestampMaxLength: maxMetadataBytes.timestamp,
      snapshotMaxLength: maxMetadataBytes.snapshot,
      targetsMaxLength: maxMetadataBytes.targets,
    },
  });
}

/** What tuf-js fetches with. */
interface Source {
  /** How the last request failed, or null: tuf-js turns some errors into text. (After the root comes the timestamp.) */
  failure: AuroraError | null;
  /** The timestamp as it came, or null. */
  timestamp: Uint8Array | null;
  downloadBytes(url: string, maxLength: number): Promise<Buffer>;
  downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T>;
}

function createSource(options: TufClientOptions, signal: AbortSignal | undefined): Source {
  const source: Source = {
    failure: null,
    timestamp: null,
    async downloadBytes(url, maxLength) {
      source.failure = null;
      try {
        const response = await httpGet(url, { ...options.limits, caFile: options.caFile, signal });
        if (response.status !== 200) {
          response.discard();
          source.failure = sourceError(url, `answers with status ${response.status}`);
          // tuf-js knows by this very class that there is no newer root.
          throw new DownloadHTTPError(`status ${response.status}`, response.status);
        }
        const body = Buffer.from(await readBody(response, maxLength, url));
        if (url.endsWith("/timestamp.json")) source.timestamp = body;
        return body;
      } catch (error) {
        if (hasErrorCode(error)) source.failure = error;
        throw error;
      }
    },
    downloadFile: () => Promise.reject(new Error("targets are fetched by downloadTarget")),
  };
  return source;
}

/**
 * tuf-js takes the time from the wall clock when it is constructed and has no option for it.
 * @throws Error when a future version keeps it elsewhere: then this must be looked at, not silently skipped.
 */
function setReferenceTime(updater: Updater, timeMs: number): void {
  const store: unknown = Reflect.get(updater, "trustedSet");
  if (!(store instanceof Object && "referenceTime" in store && store.referenceTime instanceof Date)) {
    throw new Error("tuf-js keeps its reference time elsewhere");
  }
  store.referenceTime = new Date(timeMs);
}

/** What is behind metadata that is older than what is known, if it is no attack. */
const rollbackWords =
  "the collector's registry is older than what this gateway has seen of it (restored from a copy?). Set the collector's clock and start it again, and it signs above that";

function refuse(reason: string, cause?: unknown): AuroraError {
  return metadataError(`the update metadata is refused: ${reason}`, cause);
}

function metadataError(message: string, cause?: unknown): AuroraError {
  return new AuroraError("UPDATE", message, {
    op: "look for updates",
    hint: "Check the clocks of gateway and collector, the end of root.json (`aurora doctor` says it), and that nobody stands between them.",
    cause,
  });
}
