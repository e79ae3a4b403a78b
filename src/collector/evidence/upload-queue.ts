/**
 * What was put together and waits for its way into a bucket: one after the other, in the order of arrival. What fails is tried again,
 * after the others and ever later, for as long as the process runs; it forgets nothing but what its owner has given up.
 */
import { createBackoff } from "../../core/platform/backoff.ts";
import type { Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";

interface UploadQueue {
  /** Adds it at the end; one that waits already stays where it is. */
  add(id: string): void;
  has(id: string): boolean;
  readonly waiting: number;
  /** Attempts that failed since the start. */
  readonly failures: number;
  /** Begins nothing more; resolves when nothing is under way. */
  close(): Promise<void>;
}

interface UploadQueueOptions {
  /** Does it; rejects when it is to be tried again. */
  readonly upload: (id: string) => Promise<void>;
  readonly timers: Timers;
  readonly logger: Logger;
}

export function createUploadQueue({ upload, timers, logger }: UploadQueueOptions): UploadQueue {
  // In the order of arrival.
  const waiting = new Set<string>();
  let working: Promise<void> | null = null;
  let cancel: (() => void) | null = null;
  const backoff = createBackoff();
  let failures = 0;
  let isClosed = false;

  const pause = (): void => {
    cancel = timers.after(backoff.nextMs(), () => {
      cancel = null;
      go();
    });
  };
  const work = async (id: string): Promise<void> => {
    try {
      await upload(id);
      waiting.delete(id);
      backoff.reset();
    } catch (error) {
      failures++;
      // Another one may have more luck.
      waiting.delete(id);
      waiting.add(id);
      if (isClosed) return;
      logger.warn("raw evidence could not be put into the bucket; it waits here", {
        id,
        waiting: waiting.size,
        error,
      });
      pause();
    }
  };
  const go = (): void => {
    const [id] = waiting;
    if (id === undefined || working !== null || cancel !== null || isClosed) return;
    working = work(id).finally(() => {
      working = null;
      go();
    });
  };

  return {
    add: (id) => {
      waiting.add(id);
      go();
    },
    has: (id) => waiting.has(id),
    get waiting() {
      return waiting.size;
    },
    get failures() {
      return failures;
    },
    close: async () => {
      isClosed = true;
      cancel?.();
      await working;
    },
  };
}
