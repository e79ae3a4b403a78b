/**
 * Which half of what gateways send cannot be stored just now, the urgent one or the others, and what the log is told of it. Stores
 * nothing itself.
 */
import type { Clock } from "../../core/platform/clock.ts";
import { createLastingFault } from "../../core/platform/lasting-fault.ts";
import type { Logger } from "../../core/platform/logger.ts";

/** Alerts and the events beside them, or what else gateways send. */
type StoringHalf = "urgent" | "others";

/** The halves that fail. */
export interface StoreFailures {
  /** Does either half fail? What succeeds of one says nothing of the other. */
  readonly any: boolean;
  /** What cannot be stored: all, as long as nothing urgent was stored since something failed, or the others alone; null: all can. */
  readonly unstored: "all" | "others" | null;
  has(half: StoringHalf): boolean;
  /** It could not be stored. */
  note(half: StoringHalf, error: unknown): void;
  /** It could. */
  clear(half: StoringHalf): void;
}

/** What is said while the others alone fail. */
export const othersFailWords = "predictions, drift and raw samples cannot be stored; gateways keep them";

const failWords = {
  urgent: "nothing can be stored; gateways keep their records",
  others: othersFailWords,
};
const worksWords = {
  urgent: "storing works again",
  others: "predictions, drift and raw samples are stored again",
};

/** Creates it with nothing that fails. */
export function createStoreFailures({
  clock,
  logger,
}: {
  readonly clock: Clock;
  readonly logger: Logger;
}): StoreFailures {
  const faults = { urgent: createLastingFault(), others: createLastingFault() };
  /** Was anything urgent stored since something fails? */
  let urgentPasses = false;
  const isAny = (): boolean => faults.urgent.stands || faults.others.stands;
  return {
    get any() {
      return isAny();
    },
    get unstored() {
      if (!isAny()) return null;
      return urgentPasses ? "others" : "all";
    },
    has: (half) => faults[half].stands,
    note: (half, error) => {
      if (half === "urgent" || !faults.others.stands) urgentPasses = false;
      if (faults[half].note(error, clock.monotonicMs())) logger.error(failWords[half], { error });
    },
    clear: (half) => {
      if (half === "urgent") urgentPasses = true;
      if (faults[half].clear()) logger.info(worksWords[half]);
    },
  };
}
