/**
 * Which half of what gateways send cannot be stored just now, the urgent one or the others, and what the log is told of it: each
 * cause once while it stays the same, and never more than one a minute of a half. Stores nothing itself.
 */
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";

/** Alerts and the events beside them, or what else gateways send. */
type StoringHalf = "urgent" | "others";

/** The halves that fail. */
export interface StoreFailures {
  /** Does either half fail? What succeeds of one says nothing of the other. */
  readonly any: boolean;
  has(half: StoringHalf): boolean;
  /** It could not be stored. */
  note(half: StoringHalf, error: unknown): void;
  /** It could. */
  clear(half: StoringHalf): void;
}

/** What the log was told last of a half that fails. */
interface ToldCause {
  readonly reason: string;
  readonly toldMs: number;
}

const betweenCausesMs = 60_000;

const words: Readonly<Record<StoringHalf, { readonly fails: string; readonly works: string }>> = {
  urgent: { fails: "nothing can be stored; gateways keep their records", works: "storing works again" },
  others: {
    fails: "predictions, drift and raw samples cannot be stored; gateways keep them",
    works: "predictions, drift and raw samples are stored again",
  },
};

/** Creates it with nothing that fails. */
export function createStoreFailures({
  clock,
  logger,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
}): StoreFailures {
  const told = new Map<StoringHalf, ToldCause>();
  return {
    get any() {
      return told.size > 0;
    },
    has: (half) => told.has(half),
    note: (half, error) => {
      const last = told.get(half);
      const reason = error instanceof Error ? error.message : String(error);
      const nowMs = clock.monotonicMs();
      // Every batch fails while a disk is full; a cause that follows another is news, and has another hint.
      if (last !== undefined && (last.reason === reason || nowMs - last.toldMs < betweenCausesMs)) return;
      told.set(half, { reason, toldMs: nowMs });
      logger.error(words[half].fails, { error });
    },
    clear: (half) => {
      if (told.delete(half)) logger.info(words[half].works);
    },
  };
}
