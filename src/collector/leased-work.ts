/**
 * Scheduled work that one process of a fleet's collectors does at a time: whoever holds its lease, which is kept while the
 * work goes on and given back when the process ends. What it does must be harmless if it is done twice: a process that
 * was stopped for longer than its lease may not know.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { AuroraError } from "../core/contract/aurora-error.ts";
import { systemTimers } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { FleetRecord } from "./record/fleet-record.ts";

export interface LeasedWork {
  /** Does the work if nobody else does it. */
  run(name: string, work: () => Promise<unknown>): Promise<void>;
  /** Does this process hold the lease from now on? */
  hold(name: string): Promise<boolean>;
  /**
   * Waits until nobody else does it, does it, and gives all leases back.
   * @throws AuroraError STORE when others do not end in time, or cannot be asked
   */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Gives all leases back. */
  close(): Promise<void>;
}

/** What is waited for at most by {@link LeasedWork.inTurn}: shorter than a request of HTTP, which is sent again. */
const waitMs = 10_000;
const lookAgainMs = 100;
/** A holder that is not heard of for so long has lost its lease. */
const leaseMs = 60_000;

export function createLeasedWork(
  record: Pick<FleetRecord, "holdLease" | "releaseLeases">,
  logger: Logger,
): LeasedWork {
  const holder = `${hostname()}/${process.pid}/${randomBytes(4).toString("hex")}`;
  const hold = (name: string): Promise<boolean> => record.holdLease(name, { holder, forMs: leaseMs });
  /** Does the work, and keeps the lease meanwhile. */
  const keepWhile = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    let cancel = (): void => {};
    const renew = (): void => {
      cancel = systemTimers.after(leaseMs / 3, () => {
        hold(name).catch((error: unknown) => logger.warn("a lease was not kept", { name, error }));
        renew();
      });
    };
    renew();
    try {
      return await work();
    } finally {
      cancel();
    }
  };
  const close = (): Promise<void> => record.releaseLeases(holder);
  return {
    hold,
    run: async (name, work) => {
      if (await hold(name)) await keepWhile(name, work);
    },
    inTurn: async (name, work) => {
      const endMs = performance.now() + waitMs;
      while (!(await hold(name))) {
        if (performance.now() >= endMs) {
          throw new AuroraError("STORE", `another process holds the lease "${name}"`, {
            op: "wait for a lease",
            subject: name,
            hint: `One that was killed loses it after ${leaseMs / 1000} s: try again then.`,
          });
        }
        await delay(lookAgainMs);
      }
      try {
        return await keepWhile(name, work);
      } finally {
        // It is lost by itself otherwise.
        await close().catch((error: unknown) => logger.warn("a lease was not given back", { name, error }));
      }
    },
    close,
  };
}
