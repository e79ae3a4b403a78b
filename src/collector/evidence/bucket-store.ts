/**
 * Raw evidence in a bucket: `<prefix><first two digits>/<digest>.npy` and `.json`, the names that a folder has. Says whether
 * the bucket can be used: it is tried at the start, and again as long as it fails, so that this is known before evidence comes.
 */
import type { EvidenceBucketConfig } from "../../core/contract/config/kept-evidence-config.ts";
import type { Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { type EvidenceStore, evidenceFileKinds, evidenceFileName } from "./evidence-store.ts";
import { openS3Bucket } from "./s3-bucket.ts";

export interface BucketStore extends EvidenceStore {
  readonly isRemote: true;
  /** Why the bucket cannot be used, by the last request; null: it can, or was not asked yet. */
  readonly fault: string | null;
  /** Ends what is under way. */
  close(): void;
}

/** A little more than the largest samples as a file. */
const maxFileBytes = 2 * 1024 * 1024;
/** What is written to see whether one may; it stays. */
const probeKey = "aurora-collector.txt";
const probeText = "The collector of aurora-edge writes this file to see whether it may.\n";
/** While it fails, and while all is well. */
const probeMs = { failing: 15_000, well: 300_000 };

/** Opens it, and asks the bucket for the first time without waiting for the answer. @throws AuroraError CONFIG_INVALID */
export async function openBucketStore(
  config: EvidenceBucketConfig,
  { timers, logger }: { readonly timers: Timers; readonly logger: Logger },
): Promise<BucketStore> {
  const bucket = await openS3Bucket(config, maxFileBytes);
  let fault: string | null = null;
  let isClosed = false;
  let cancel = (): void => {};

  /** Notes how the bucket answers whatever is asked. */
  const watch = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const done = await work;
      if (fault !== null) logger.info("the bucket for raw evidence can be used again");
      fault = null;
      return done;
    } catch (error) {
      if (fault === null && !isClosed) logger.error("the bucket for raw evidence cannot be used", { error });
      fault = error instanceof Error ? error.message : String(error);
      throw error;
    }
  };
  let mayWrite = false;
  const probe = async (): Promise<void> => {
    try {
      // A bucket may keep every version: what is known to be writable is only read.
      if (mayWrite && fault === null) await watch(readProbe());
      else await watch(bucket.put(probeKey, Buffer.from(probeText)));
      mayWrite = true;
    } catch {
      // It was noted, and logged when it began.
      mayWrite = false;
    }
    if (!isClosed) cancel = timers.after(fault === null ? probeMs.well : probeMs.failing, () => void probe());
  };
  const readProbe = async (): Promise<void> => {
    (await bucket.get(probeKey))?.body.destroy();
  };
  void probe();

  return {
    isRemote: true,
    get fault() {
      return fault;
    },
    put: async (id, kind, bytes) => watch(bucket.put(evidenceFileName(id, kind), bytes)),
    open: async (id, kind) => watch(bucket.get(evidenceFileName(id, kind))),
    remove: async (id) => {
      await watch(Promise.all(evidenceFileKinds.map((kind) => bucket.remove(evidenceFileName(id, kind)))));
    },
    close: () => {
      isClosed = true;
      cancel();
      bucket.close();
    },
  };
}
