/**
 * Asks the update repository what there is (The Update Framework, client workflow §5). The protocol is tuf-js's; around
 * it: files kept atomically, transfers bounded, and a time that no clock can turn back.
 */
import { mkdir } from "node:fs/promises";
import { Updater } from "tuf-js";
import { DownloadHTTPError } from "tuf-js/dist/error.js";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import {
  type UpdateTarget,
  updateTargetPath,
  updateTargetSchema,
} from "../../core/contract/bundle/update-target.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { httpGet, readBody, sourceError, type TransferLimits } from "./http-get.ts";
import { createTimeFloor } from "./time-floor.ts";
import {
  commitScratch,
  expiresAtMs,
  issuedAtMs,
  maxFileBytes,
  parseVerified,
  prepareScratch,
  readTrusted,
  readTrustedRoot,
  readTrustedTimestamp,
  type SignedFile,
} from "./tuf-metadata.ts";

/** A bundle that the signed metadata offers. */
export interface OfferedTarget extends UpdateTarget {
  /** Bytes of the tar. */
  readonly sizeBytes: number;
  /** SHA-256 of the tar, lower-case hex. */
  readonly sha256: string;
}

/** What {@link createTufClient} needs. */
export interface TufClientOptions {
  /** Folder for the trusted metadata; made if missing. */
  readonly dir: string;
  /** Root metadata that came with the installation. */
  readonly initialRoot: Uint8Array;
  /** Base URL of the metadata files. */
  readonly metadataUrl: string;
  readonly clock: Clock;
  readonly limits: TransferLimits;
  /** Headers of every request, for example credentials. */
  readonly headers?: Readonly<Record<string, string>>;
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
  const { dir, clock } = options;
  const floor = createTimeFloor(() => clock.monotonicMs());

  const learn = (file: SignedFile): void => floor.learn(issuedAtMs(file), expiresAtMs(file));

  return {
    earliestMs: () => floor.earliestMs(),
    async refresh(signal) {
      await mkdir(dir, { recursive: true });
      const { bytes, root } = await readTrustedRoot(dir, options.initialRoot).catch((cause: Error) => {
        throw refused(`the root metadata of this installation is not good: ${cause.message}`, cause);
      });
      const stored = await readTrustedTimestamp(dir, root);
      // A moment that a revoked key spoke of must not outlive the key, or a stolen key could stop updates for ever.
      if (stored === null) floor.reset();
      learn(root);
      if (stored !== null) learn(stored);
      const nowMs = Math.max(clock.nowMs(), floor.earliestMs());

      const scratch = await prepareScratch(dir, bytes);
      const source = createSource(options, signal);
      const updater = new Updater({
        metadataDir: scratch,
        metadataBaseUrl: options.metadataUrl,
        fetcher: source,
        config: {
          maxRootRotations,
          rootMaxLength: maxFileBytes.root,
          timestampMaxLength: maxFileBytes.timestamp,
          snapshotMaxLength: maxFileBytes.snapshot,
          targetsMaxLength: maxFileBytes.targets,
        },
      });
      setReferenceTime(updater, nowMs);
      try {
        await updater.refresh();
      } catch (error) {
        // Whatever was verified before the failure protects against a rollback tomorrow.
        await commitScratch(scratch, dir);
        if (hasErrorCode(error)) throw error;
        if (source.failure !== null) throw source.failure;
        throw refused(`the update metadata is refused: ${(error as Error).message}`, error);
      }
      await commitScratch(scratch, dir);
      return offeredTargets(scratch);
    },
  };

  async function offeredTargets(scratch: string): Promise<readonly OfferedTarget[]> {
    const load = async (file: "timestamp" | "snapshot" | "targets"): Promise<Uint8Array> => {
      const bytes = await readTrusted(scratch, file);
      if (bytes === null) throw new Error(`the client kept no ${file} metadata`);
      return bytes;
    };
    const timestamp = parseVerified("timestamp", await load("timestamp"));
    const snapshot = parseVerified("snapshot", await load("snapshot"));
    const targets = parseVerified("targets", await load("targets"));
    learn(timestamp);
    // The timestamp just read may prove that it is later than this clock says: hold the files against that, too.
    const nowMs = Math.max(clock.nowMs(), floor.earliestMs());
    for (const file of [timestamp, snapshot, targets]) {
      if (expiresAtMs(file) <= nowMs) {
        throw refused(`the update metadata is refused: ${file.signed.type}.json is expired`);
      }
    }
    const offered: OfferedTarget[] = [];
    for (const [path, target] of Object.entries(targets.signed.targets)) {
      const custom = updateTargetSchema.safeParse(target.custom);
      const sha256 = target.hashes.sha256 ?? "";
      // A target of another kind is none of our business.
      if (!custom.success || !/^[0-9a-f]{64}$/.test(sha256)) continue;
      if (path !== updateTargetPath(custom.data.name, custom.data.version)) continue;
      offered.push({ ...custom.data, sizeBytes: target.length, sha256 });
    }
    return offered;
  }
}

/** What tuf-js fetches with. */
interface Source {
  /** How the last request failed, or null: tuf-js turns some errors into text. (After the root comes the timestamp.) */
  failure: AuroraError | null;
  downloadBytes(url: string, maxLength: number): Promise<Buffer>;
  downloadFile<T>(url: string, maxLength: number, handler: (file: string) => Promise<T>): Promise<T>;
}

function createSource(options: TufClientOptions, signal: AbortSignal | undefined): Source {
  const source: Source = {
    failure: null,
    async downloadBytes(url, maxLength) {
      source.failure = null;
      try {
        const response = await httpGet(url, {
          ...options.limits,
          ...(options.headers === undefined ? {} : { headers: options.headers }),
          ...(signal === undefined ? {} : { signal }),
        });
        if (response.status !== 200) {
          response.discard();
          source.failure = sourceError(url, `answers with status ${response.status}`);
          // tuf-js knows by this very class that there is no newer root.
          throw new DownloadHTTPError(`status ${response.status}`, response.status);
        }
        return Buffer.from(await readBody(response, maxLength, url));
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

function refused(message: string, cause?: unknown): AuroraError {
  return new AuroraError("UPDATE", message, {
    op: "look for updates",
    hint: "Check the clocks of gateway and collector, and that nobody stands between them.",
    ...(cause === undefined ? {} : { cause }),
  });
}
