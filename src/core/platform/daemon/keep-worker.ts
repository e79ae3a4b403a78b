/** Keeps a process or a thread of a daemon running: whenever it ends it is begun again, each time later than before. */
import { createBackoff } from "../backoff.ts";
import { systemTimers } from "../clock.ts";
import type { LogFields, Logger } from "../logger.ts";
import { waitAtMost } from "./closing.ts";

/** One that has begun. */
export interface BegunWorker {
  /** Resolves with what there is to say of its end, also when it could not begin. */
  readonly ended: Promise<LogFields>;
  /** Asks it to close what it holds, and to end. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
}

export interface KeptWorker {
  /** Stops it within its bound, for good. */
  close(): Promise<void>;
}

/** One that ran this long was a good one. */
const stableMs = 30_000;

export interface KeepOptions {
  readonly begin: () => BegunWorker;
  /** Called whenever one has ended, with what there is to say of it; may close. */
  readonly onEnd: (how: LogFields) => void;
  /** Logged for each that ends unasked. */
  readonly message: string;
  readonly fields?: LogFields;
  /** One that is asked to stop and has not after this long is killed. */
  readonly stopMs: number;
  readonly logger: Logger;
}

/** Begins the first at once. */
export function keepWorker(options: KeepOptions): KeptWorker {
  const { begin, onEnd, message, fields, stopMs, logger } = options;
  const backoff = createBackoff({ firstMs: 500, maxMs: 30_000, random: Math.random });
  let closing = false;
  let cancelBegin = (): void => {};
  const beginNext = (): BegunWorker => {
    const worker = begin();
    const cancelStable = systemTimers.after(stableMs, () => backoff.reset());
    void worker.ended.then((how) => {
      cancelStable();
      onEnd(how);
      if (closing) return;
      const retryMs = Math.round(backoff.nextMs());
      logger.error(message, { ...fields, ...how, retryMs });
      cancelBegin = systemTimers.after(retryMs, () => {
        current = beginNext();
      });
    });
    return worker;
  };
  let current = beginNext();
  return {
    close: async () => {
      closing = true;
      cancelBegin();
      const { ended, stop, kill } = current;
      stop();
      await waitAtMost(ended, stopMs);
      kill();
    },
  };
}
