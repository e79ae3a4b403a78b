/**
 * Loads what the pages show of drift, as values: levels of points day by day, and the verdicts of one day in full. Assesses
 * nothing.
 */

import type { DriftPerformanceReply } from "../../core/contract/drift-performance-schema.ts";
import type { DriftLevel, DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { DriftDays } from "../../core/contract/drift-verdict-schema.ts";
import { nameDriftDay, readDriftDay } from "../../core/drift/drift-day.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { TurbineRef } from "../record/machine-record.ts";
import { utcDayOf } from "../record/record-rules.ts";
import type { FleetSource } from "./fleet-source.ts";
import { loadPerformance } from "./load-performance.ts";
import { findNewestDay } from "./newest-day.ts";

/** Drift of the fleet, or of one site. */
export interface FleetDriftView {
  /** The day that is spoken of; null: no day has been assessed yet. */
  readonly day: string | null;
  /** Days up to the newest, that day among them. */
  readonly table: DriftDays;
  /** Share of its days on which a healthy point warns. */
  readonly warningShare: number;
  /** What moved on the day, drift first; not more than a page can show. */
  readonly moved: readonly DriftVerdict[];
}

/** Drift of one turbine. */
export interface TurbineDriftView {
  /** The day that is spoken of; null: no day has been assessed yet. */
  readonly day: string | null;
  /** Of the turbine's points alone. */
  readonly table: DriftDays;
  /** Verdicts of every day of the table. */
  readonly verdicts: readonly (readonly DriftVerdict[])[];
}

/** Drift on a page of its own. */
export interface DriftPage extends FleetDriftView {
  readonly nowMs: number;
  /** As {@link FleetSource.brokerLostMs}. */
  readonly brokerLostMs: number | null;
  /** The site that is shown; null: all. */
  readonly site: string | null;
  /** Which part of the turbines, from 1. */
  readonly page: number;
  /** How well models decide that day, of the first points. */
  readonly performance: DriftPerformanceReply;
}

/** Days of a page's heat map. */
const shownDays = 28;
/** On a page that shows other things, too. */
const briefDays = 14;
/** Verdicts in full: what a page shows of them, and what groups of them need. */
const mostMoved = 400;
const briefMoved = 150;
/** Points whose performance is estimated for a page. */
const estimatedPoints = 40;
/** Points and models of one turbine. */
const mostPoints = 128;

/** Loads what the fleet's page shows. */
export function loadFleetDrift(fleet: FleetSource): Promise<FleetDriftView> {
  return loadView(fleet, { site: null, day: null, days: briefDays, most: briefMoved });
}

/** Loads `/drift`. A day that is no name of one is the newest. */
export async function loadDriftPage(
  fleet: FleetSource,
  query: { readonly site: string | null; readonly day: string | null; readonly page: number },
): Promise<DriftPage> {
  const { site, page } = query;
  const day = query.day !== null && readDriftDay(query.day) !== null ? query.day : null;
  const view = await loadView(fleet, { site, day, days: shownDays, most: mostMoved });
  const performance = await loadPerformance(fleet, {
    site: site ?? undefined,
    day: view.day?.slice(0, 10),
    limit: estimatedPoints,
  });
  const [nowMs, brokerLostMs] = [fleet.clock.nowMs(), fleet.brokerLostMs()];
  return { ...view, nowMs, brokerLostMs, site, page, performance };
}

/** Loads what a turbine's page shows of drift; `day`: default the newest of the turbine. */
export async function loadTurbineDrift(
  fleet: FleetSource,
  { site, turbine, day }: TurbineRef & { readonly day: string | null },
): Promise<TurbineDriftView> {
  const asked = day !== null && readDriftDay(day) !== null ? day : null;
  const table = await loadTable(fleet, { site, turbine, day: asked, days: briefDays });
  const verdicts = await loadByDay(fleet, { site, turbine }, table.days);
  return { day: asked ?? findNewestDay(table), table, verdicts };
}

/** Verdicts of each of some days, asked for at once. */
async function loadByDay(
  { record }: FleetSource,
  { site, turbine }: TurbineRef,
  days: readonly string[],
): Promise<readonly (readonly DriftVerdict[])[]> {
  const [from, to] = [days[0], days.at(-1)];
  if (from === undefined || to === undefined) return [];
  const byDay = new Map<string, DriftVerdict[]>(days.map((day) => [day, []]));
  const limit = mostPoints * briefDays;
  for (const verdict of await record.turbineVerdicts({ site, turbine, from, to, limit })) {
    byDay.get(nameDriftDay(verdict))?.push(verdict);
  }
  return days.map((day) => byDay.get(day)!);
}

async function loadView(
  fleet: FleetSource,
  query: {
    readonly site: string | null;
    readonly day: string | null;
    readonly days: number;
    readonly most: number;
  },
): Promise<FleetDriftView> {
  const table = await loadTable(fleet, query);
  const day = query.day ?? findNewestDay(table);
  const { warningShare } = fleet;
  if (day === null) return { day, table, warningShare, moved: [] };
  const load = async (level: DriftLevel, limit: number): Promise<readonly DriftVerdict[]> => {
    const site = query.site ?? undefined;
    return limit <= 0 ? [] : (await fleet.record.driftVerdicts({ site, day, level, limit })).verdicts;
  };
  const drifted = await load("drift", query.most);
  return {
    day,
    table,
    warningShare,
    moved: [...drifted, ...(await load("warning", query.most - drifted.length))],
  };
}

/** The last days up to the newest verdict, or up to the asked one where that is older. */
async function loadTable(
  fleet: FleetSource,
  query: {
    readonly site: string | null;
    readonly turbine?: string;
    readonly day: string | null;
    readonly days: number;
  },
): Promise<DriftDays> {
  const newest = await fleet.record.newestVerdictDay(fleet.clock.nowMs());
  if (newest === null) return { days: [], points: [] };
  const upTo = async (to: string): Promise<DriftDays> => {
    const endMs = readDriftDay(to)?.fromMs ?? fleet.clock.nowMs();
    const from = utcDayOf(Math.max(0, endMs - (query.days - 1) * dayMs));
    const table = await fleet.record.driftDays({
      from,
      to,
      site: query.site ?? undefined,
      turbine: query.turbine,
    });
    // Of shorter periods there are more within as many days.
    const first = table.days.length - query.days;
    if (first <= 0) return table;
    const points = table.points.map((point) => ({ ...point, levels: point.levels.slice(first) }));
    return { days: table.days.slice(first), points };
  };
  const table = await upTo(newest);
  return query.day === null || table.days.includes(query.day) ? table : upTo(query.day);
}
