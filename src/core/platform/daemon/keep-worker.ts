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

interface KeptWorker {
  /** Stops it within its bound, for good. */
  close(): Promise<void>;
}

/** One that ran this long was a good one. */
const stableMs = 30_000;
/** One that is killed ends at once; one that a system call holds is not waited for any longer. */
const killedMs = 5_000;

interface KeepOptions {
  /** May throw: the first time whoever keeps it fails with that, later it counts as one that ended. */
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

/** Begins the first at once. @throws what `begin` throws then */
export function keepWorker(options: KeepOptions): KeptWorker {
  const { begin, onEnd, message, fields, stopMs, logger } = options;
  const backoff = createBackoff({ firstMs: 500, maxMs: 30_000 });
  let closing = false;
  let cancelBegin = (): void => {};
  const beginNext = (worker: BegunWorker): BegunWorker => {
    const cancelStable = systemTimers.after(stableMs, () => backoff.reset());
    void worker.ended.then((how) => {
      cancelStable();
      onEnd(how);
      if (closing) return;
      const retryMs = Math.round(backoff.nextMs());
      logger.error(message, { ...fields, ...how, retryMs });
      cancelBegin = systemTimers.after(retryMs, () => {
        current = beginNext(beginAgain(begin));
      });
    });
    return worker;
  };
  let current = beginNext(begin());
  return {
    close: async () => {
      closing = true;
      cancelBegin();
      const { ended, stop, kill } = current;
      stop();
      await waitAtMost(ended, stopMs);
      kill();
      // What it has told until then comes before its end.
      await waitAtMost(ended, killedMs);
    },
  };
}

/** A system that is out of memory or threads has them again. */
function beginAgain(begin: () => BegunWorker): BegunWorker {
  try {
    return begin();
  } catch (error) {
    return { ended: Promise.resolve({ error }), stop: () => {}, kill: () => {} };
  }
}
