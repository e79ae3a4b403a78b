/**
 * Stores what waits batch by batch, never two at once: what comes while a batch is on its way makes the next one. The
 * slower the record, the larger its batches.
 */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { Timers } from "../../core/platform/clock.ts";

/** Decides when the next batch is stored. */
interface BatchLoop {
  /** Something waits: it is stored after a moment, together with what else comes until then; a full batch at once. */
  wake(): void;
  /** Stores what waits, now; resolves when nothing waits and nothing is on its way. */
  flush(): Promise<void>;
  /** As `flush`, but waits no longer than `limitMs` for a record that does not answer; false: it did not. */
  settle(limitMs: number): Promise<boolean>;
}

/** How long a daemon that ends waits for its last batch; what is not stored by then was not acknowledged. */
export const lastBatchMs = 700;

/** After a failure to store, ms. */
const failurePauseMs = 500;

/** Waits for a moment after a failure to store: what makes it fail seldom passes at once. */
export function pauseAfterFailure(timers: Timers): Promise<void> {
  return new Promise((resolve) => timers.after(failurePauseMs, resolve));
}

/**
 * Stores messages together; after an error that is not the storage's, each alone. Gives those that no storing gets past.
 * @throws AuroraError STORE: all that a storage fails with has this code
 */
export async function storeTogether<T>(
  messages: readonly T[],
  store: (messages: readonly T[]) => Promise<void>,
): Promise<ReadonlyMap<T, unknown>> {
  const stuck = new Map<T, unknown>();
  const storeAlone = async (message: T): Promise<void> => {
    try {
      await store([message]);
    } catch (error) {
      if (hasErrorCode(error, "STORE")) throw error;
      stuck.set(message, error);
    }
  };
  try {
    await store(messages);
  } catch (error) {
    if (hasErrorCode(error, "STORE")) throw error;
    for (const message of messages) await storeAlone(message);
  }
  return stuck;
}

/** Creates a loop at rest. `storeNext` takes a batch of what waits; it must not reject. */
export function createBatchLoop(options: {
  readonly timers: Timers;
  readonly delayMs: number;
  readonly countWaiting: () => number;
  /** Does enough wait for a full batch? */
  readonly isFull: () => boolean;
  readonly storeNext: () => Promise<void>;
}): BatchLoop {
  const { timers, delayMs, countWaiting, isFull, storeNext } = options;
  let cancelTimer: (() => void) | null = null;
  let storing: Promise<void> | null = null;
  let abandoned = false;

  const storeOne = async (): Promise<void> => {
    try {
      await storeNext();
    } finally {
      storing = null;
      if (!abandoned && countWaiting() > 0) wake();
    }
  };
  const start = (): Promise<void> => {
    cancelTimer?.();
    cancelTimer = null;
    storing ??= storeOne();
    return storing;
  };
  const wake = (): void => {
    if (storing !== null) return;
    if (isFull()) void start();
    else cancelTimer ??= timers.after(delayMs, () => void start());
  };
  const flush = async (): Promise<void> => {
    while (!abandoned && (storing !== null || countWaiting() > 0)) await start();
  };
  return {
    wake,
    flush,
    settle: (limitMs) =>
      new Promise((resolve) => {
        const cancel = timers.after(limitMs, () => {
          abandoned = true;
          resolve(false);
        });
        void flush().then(() => {
          cancel();
          resolve(true);
        });
      }),
  };
}
