/** Loads stored verdicts of drift: of one day, and as levels over many days. Assesses nothing. */

import type { DriftLevel } from "../../core/contract/drift-verdict.ts";
import type { DriftVerdictReply } from "../../core/contract/drift-verdict-schema.ts";
import { readDriftDay } from "../../core/drift/drift-day.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { DriftDayLevels, TurbineFilter } from "../record/drift-record.ts";
import { readDriftCursor } from "../record/drift-rules.ts";
import { utcDayOf } from "../record/record-rules.ts";
import type { FleetSource } from "./fleet-source.ts";
import { loadNewestDay } from "./newest-day.ts";

/** Part of the verdicts of one day. */
interface DriftVerdictsQuery extends TurbineFilter {
  /** Default: the newest, of the turbines that are named, that is not only begun to be assessed. A whole day of shorter periods shows the newest verdict of each point. */
  readonly day?: string | undefined;
  readonly level?: DriftLevel | undefined;
  /** Default 500. */
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Days of a heat map without a range of its own. */
const shownDays = 30;

/** Loads verdicts of a day. */
export async function loadDriftVerdicts(
  fleet: FleetSource,
  query: DriftVerdictsQuery = {},
): Promise<DriftVerdictReply> {
  const { site, turbine, level, limit = 500, cursor } = query;
  const nowMs = fleet.clock.nowMs();
  const day = query.day ?? (await loadNewestDay(fleet, { site, turbine })) ?? utcDayOf(nowMs);
  const page = await fleet.record.driftVerdicts({ site, turbine, level, limit, day, after: cursor });
  return { day, ...page };
}

/** Loads the worst level of each point on each day. @param query.from,query.to default: the 30 days up to the newest verdict */
export async function loadDriftDays(
  fleet: FleetSource,
  query: TurbineFilter & {
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    /** Points. Default: all. */
    readonly limit?: number | undefined;
    readonly cursor?: string | undefined;
  } = {},
): Promise<DriftDayLevels> {
  const nowMs = fleet.clock.nowMs();
  const to = query.to ?? (await fleet.record.newestVerdictDay(nowMs)) ?? utcDayOf(nowMs);
  const endMs = readDriftDay(to)?.fromMs ?? nowMs;
  const from = query.from ?? utcDayOf(Math.max(0, endMs - (shownDays - 1) * dayMs));
  const { site, turbine, limit, cursor } = query;
  return fleet.record.driftDays({ from, to, site, turbine, limit, after: cursor });
}

/** Does a text name a day, or the start of a shorter period? */
export function isDriftDay(text: string): boolean {
  return readDriftDay(text) !== null;
}

/** Is a text what `next` of a list of drift was? */
export function isDriftCursor(text: string): boolean {
  return readDriftCursor(text) !== null;
}
