/**
 * Looks, ever more seldom, whether another start could take up what this one could not, with nothing lost that waits, and says so once, and
 * before that what it lacks. Ends nothing and starts nothing itself.
 */
import { dayMs } from "../core/maths/durations.ts";
import { systemTimers, type Timers } from "../core/platform/clock.ts";
import type { Closers } from "../core/platform/daemon/closing.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Outbox } from "./record/outbox.ts";
import type { StoreFile } from "./record/store-file.ts";
import type { Telemetry } from "./record/telemetry.ts";

interface UnreadWatch {
  readonly file: Pick<StoreFile, "isUnread" | "isOpen" | "canReadAll">;
  readonly outbox: Pick<Outbox, "flush" | "counts">;
  /** Has the broker all alerts and the states of all turbines? They wait in memory alone, and of the alarms another start hears from it. */
  readonly isPublished: () => boolean;
  /** What keeps another start from the configuration; absent: nothing does. */
  readonly findConfigFault?: () => Promise<string | null>;
  readonly telemetry: Pick<Telemetry, "event">;
  readonly timers?: Timers;
  readonly logger: Logger;
}

const firstMs = 600_000;

/** Resolves with the reason; never, where all was taken up. `closers` end the looking. */
export function watchUnread(watch: UnreadWatch, closers: Closers): Promise<string> {
  const { file, outbox, isPublished, findConfigFault, telemetry, timers = systemTimers, logger } = watch;
  return new Promise((resolve) => {
    if (!file.isUnread()) return;
    telemetry.event(
      "state.unread",
      "state",
      "what the last run kept could not be read: the gateway goes on without it",
    );
    let pauseMs = firstMs;
    let isClosed = false;
    const isWritten = (): boolean => {
      outbox.flush();
      return outbox.counts().pendingRecords === 0;
    };
    const isReady = (): boolean => !isClosed && file.isOpen() && isPublished() && isWritten();
    const look = async (): Promise<boolean> => {
      if (!isReady()) return false;
      // A card with a bad sector is read up to there in vain each time.
      pauseMs = Math.min(2 * pauseMs, dayMs);
      const fault = (await findConfigFault?.()) ?? null;
      if (fault !== null) {
        const hint = "Until the configuration is right the gateway goes on without what the last run kept.";
        logger.warn("what the last run kept waits for another start, which may fail", { fault, hint });
        return false;
      }
      return !isClosed && (await file.canReadAll()) && isReady();
    };
    const run = async (): Promise<void> => {
      if (!(await look())) return waitAgain();
      const reason = "another start can take up what the last run kept, which can be read again";
      logger.warn(reason, {
        hint: "Where systemd runs the gateway it makes one now; elsewhere start it again.",
      });
      telemetry.event("state.readable", "state", reason);
      resolve(reason);
    };
    let cancel = (): void => {};
    const waitAgain = (): void => {
      if (!isClosed) cancel = timers.after(pauseMs, begin);
    };
    const begin = (): void => {
      run().catch((error: unknown) => {
        logger.error("what the last run kept could not be looked at", { error });
        waitAgain();
      });
    };
    waitAgain();
    // What is being read is not waited for: all of a store on a slow disk would take longer than a stop may.
    closers.add("unread store", () => {
      isClosed = true;
      cancel();
    });
  });
}
