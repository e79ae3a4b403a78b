/**
 * Scheduled work that one process of a fleet's collectors does at a time: whoever holds its lease, which is kept while the
 * work goes on and given back when the process ends. What it does must be harmless if it is done twice: a process that
 * was stopped for longer than its lease may not know.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { systemTimers } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { FleetRecord } from "./record/fleet-record.ts";

export interface LeasedWork {
  /** Does the work if nobody else does it. */
  run(name: string, work: () => Promise<unknown>): Promise<void>;
  /** Does this process hold the lease from now on? */
  hold(name: string): Promise<boolean>;
  /** Gives all leases back. */
  close(): Promise<void>;
}

/** A holder that is not heard of for so long has lost its lease. */
const leaseMs = 60_000;

export function createLeasedWork(
  record: Pick<FleetRecord, "holdLease" | "releaseLeases">,
  logger: Logger,
): LeasedWork {
  const holder = `${hostname()}/${process.pid}/${randomBytes(4).toString("hex")}`;
  const hold = (name: string): Promise<boolean> => record.holdLease(name, { holder, forMs: leaseMs });
  return {
    hold,
    run: async (name, work) => {
      if (!(await hold(name))) return;
      let cancel = (): void => {};
      const renew = (): void => {
        cancel = systemTimers.after(leaseMs / 3, () => {
          hold(name).catch((error: unknown) => logger.warn("a lease was not kept", { name, error }));
          renew();
        });
      };
      renew();
      try {
        await work();
      } finally {
        cancel();
      }
    },
    close: () => record.releaseLeases(holder),
  };
}
