/** Leases of a record that one thread alone writes. */
import type { FleetRecord } from "./fleet-record.ts";

/** Its parts may still ask for each other's work; nothing of it outlives the process. */
export function createMemoryLeases(): Pick<FleetRecord, "holdLease" | "releaseLeases"> {
  const leases = new Map<string, { readonly holder: string; readonly untilMs: number }>();
  return {
    holdLease: async (name, { holder, forMs }) => {
      const held = leases.get(name);
      const nowMs = performance.now();
      if (held !== undefined && held.holder !== holder && nowMs < held.untilMs) return false;
      leases.set(name, { holder, untilMs: nowMs + forMs });
      return true;
    },
    releaseLeases: async (holder) => {
      for (const [name, held] of leases) if (held.holder === holder) leases.delete(name);
    },
  };
}
