/**
 * The record as pages and the API read it: what many of them need is read once within its freshness. Who writes, or decides
 * by what is written, reads the record itself.
 */
import type { Clock } from "../../core/platform/clock.ts";
import type { FleetRecord } from "../record/fleet-record.ts";
import { createFreshCache, driftPatience } from "./fresh-cache.ts";

/**
 * Wraps a record.
 * @param freshMs how old an answer may be, ms; lists of drift some times as old, at most a sixtieth of their period; 0: asks the
 *   record every time
 */
export function createFreshRecord(
  record: FleetRecord,
  clock: Pick<Clock, "monotonicMs">,
  { freshMs, driftPeriodMs }: { readonly freshMs: number; readonly driftPeriodMs: number },
): FleetRecord {
  const now = createFreshCache({ clock, freshMs, maxEntries: 8 });
  const daysFreshMs = Math.min(freshMs * driftPatience, driftPeriodMs / 60);
  const days = createFreshCache({ clock, freshMs: daysFreshMs, maxEntries: 64 });
  const name = (of: string, query: unknown): string => `${of} ${JSON.stringify(query)}`;
  return {
    ...record,
    turbineBriefs: () => now.get("turbines", () => record.turbineBriefs()),
    // Some, by their names, cost little.
    gateways: (only) =>
      only === undefined ? now.get("gateways", () => record.gateways()) : record.gateways(only),
    driftDays: (query) => days.get(name("days", query), () => record.driftDays(query)),
    driftVerdicts: (query) => days.get(name("verdicts", query), () => record.driftVerdicts(query)),
    // Who asks up to now asks up to another moment each time.
    newestVerdictDay: (untilMs, filter) =>
      days.get(name(`newest ${Math.floor(untilMs / daysFreshMs)}`, filter), () =>
        record.newestVerdictDay(untilMs, filter),
      ),
  };
}
