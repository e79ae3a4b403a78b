/** Holds what a collector has stored of a park against what the park was acknowledged and what it raised. */
import type { FleetRecord, RecordedAlarm, RecordedEvent } from "../../src/collector/record/fleet-record.ts";
import type { QuarantineEntry } from "../../src/collector/record/quarantine-listing.ts";
import { shippedWindow } from "../bearing-feature-spec.ts";
import { findDoubled, findMissing, type StoredRow } from "./audit-windows.ts";
import type { TimeSpan } from "./paced-device.ts";
import { rowSeconds, type WatchedPark } from "./watched-park.ts";

export interface ParkAudit {
  readonly wrongs: readonly string[];
  readonly alarms: number;
  /** Alert events stored. */
  readonly alerts: number;
  /** Windows stored, and acknowledged pieces of samples that were held against them. */
  readonly windows: number;
  readonly pieces: number;
  /** Pieces that lie in a declared gap. */
  readonly declaredPieces: number;
}

/** As slow as the shaft can be here, where nobody says how fast it was. */
const slowestRpm = 1_060;

/** Reads everything of the park; one of which nothing was acknowledged or stored is not whole. */
export async function auditPark(record: FleetRecord, park: WatchedPark): Promise<ParkAudit> {
  const wrongs: string[] = [];
  const alarms = await readAll((range) => record.alarms({ site: park.name, ...range }));
  wrongs.push(...auditAlarms(alarms, park));
  const events = await readEvents(record, park.name);
  const gaps = events.filter(({ name }) => name === "gap.prediction").map(readGap);
  let [windows, pieces, declaredPieces] = [0, 0, 0];
  for (const [index, turbine] of park.turbines.entries()) {
    const acknowledged = park.devices[index]!.acknowledged;
    const rows = await readRows(
      record,
      { site: park.name, turbine },
      acknowledged[0]?.fromMs ?? Number.POSITIVE_INFINITY,
    );
    windows += rows.reduce((sum, row) => sum + row.windows, 0);
    pieces += acknowledged.length;
    const audit = findMissing(acknowledged, rows, gaps);
    declaredPieces += audit.declared;
    if (audit.missing.length > 0) {
      const first = new Date(audit.missing[0]!.fromMs).toISOString();
      wrongs.push(
        `${turbine}: ${audit.missing.length} acknowledged pieces are neither stored nor declared, the first of ${first}`,
      );
    }
    const doubled = findDoubled(rows, rowSeconds * 1000);
    if (doubled !== null) wrongs.push(`${turbine}: windows are stored twice at ${doubled}`);
  }
  if (pieces === 0) wrongs.push("no piece of samples was acknowledged");
  if (windows === 0) wrongs.push("no window is stored");
  const refused = await readRefused(record, park.name);
  if (refused.length > 0) wrongs.push(`set aside: ${refused.map(({ detail }) => detail).join("; ")}`);
  return { wrongs, alarms: alarms.length, alerts: countSteps(alarms), windows, pieces, declaredPieces };
}

/** What of a gateway was set aside, but for drift reports of a time that is to come: they are refused by rule and named. */
async function readRefused(record: FleetRecord, gateway: string): Promise<readonly QuarantineEntry[]> {
  const { items } = await record.quarantine(1_000);
  return items.filter(({ topic, reason }) => topic.includes(`/${gateway}/`) && reason !== "drift-clock");
}

function countSteps(alarms: readonly RecordedAlarm[]): number {
  return alarms.reduce((sum, alarm) => sum + alarm.steps.length, 0);
}

function auditAlarms(alarms: readonly RecordedAlarm[], park: WatchedPark): string[] {
  const wrongs: string[] = [];
  const ids = alarms.flatMap((alarm) => alarm.steps.map((step) => step.eventId));
  const stored = new Set(ids);
  if (stored.size < ids.length) wrongs.push(`${ids.length - stored.size} alert events are stored twice`);
  const lost = [...park.heard].filter((id) => !stored.has(id));
  if (lost.length > 0) wrongs.push(`${lost.length} published alerts are not stored, for example ${lost[0]}`);
  const kinds = new Set(
    alarms.flatMap(({ event, steps }) =>
      steps.map(({ transition }) => `${event.data.turbine} ${event.data.failureMode} ${transition}`),
    ),
  );
  for (const { type, turbine, failureMode } of park.logged) {
    const kind = `${turbine} ${failureMode} ${type.split(".")[3]}`;
    if (!kinds.has(kind)) wrongs.push(`the gateway told of "${kind}", which is not stored`);
  }
  const open = new Set<string>();
  for (const { event, steps } of alarms.toSorted((left, right) => left.alarm - right.alarm)) {
    const key = `${event.data.turbine} ${event.data.failureMode}`;
    if (steps[0]!.transition !== "raised")
      wrongs.push(`an alarm of ${key} begins with ${steps[0]!.transition}`);
    if (open.has(key)) wrongs.push(`the alarm of ${key} was raised again while it stood`);
    if (steps.some(({ transition }) => transition === "cleared")) open.delete(key);
    else open.add(key);
  }
  return wrongs;
}

/** Rows of predictions, in order of time. */
async function readRows(
  record: FleetRecord,
  turbine: { readonly site: string; readonly turbine: string },
  sinceMs: number,
): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = [];
  const newestMs = await record.newestPredictionMs({ ...turbine, untilMs: Number.MAX_SAFE_INTEGER });
  const stepMs = 600_000;
  for (let fromMs = sinceMs - stepMs; fromMs <= newestMs; fromMs += stepMs) {
    const range = { fromMs, toMs: fromMs + stepMs - 1, bucketMs: 1 };
    for (const series of await record.predictions({ ...turbine, ...range }))
      for (const [index, toMs] of series.timesMs.entries()) {
        const windows = series.windows[index]!;
        const windowMs = (shippedWindow.length * 60_000) / (series.shaftRpm[index] ?? slowestRpm);
        rows.push({ toMs, windows, lengthMs: windows * windowMs });
      }
  }
  return rows.sort((left, right) => left.toMs - right.toMs);
}

function readGap({ detail }: RecordedEvent): TimeSpan {
  const found = /from (\S+Z) to (\S+Z)/.exec(detail);
  if (found === null) throw new Error(`a gap without its time: ${detail}`);
  return { fromMs: Date.parse(found[1]!), toMs: Date.parse(found[2]!) };
}

/** Events of a gateway; of all gateways and the collector where none is named. */
export function readEvents(record: FleetRecord, gateway?: string): Promise<readonly RecordedEvent[]> {
  return readAll((range) => record.events({ ...range, ...(gateway === undefined ? {} : { gateway }) }));
}

/** All pages of a list. */
export async function readAll<T>(
  read: (range: {
    readonly limit: number;
    readonly offset: number;
  }) => Promise<{ readonly total: number; readonly items: readonly T[] }>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (;;) {
    const { total, items } = await read({ limit: 200, offset: all.length });
    all.push(...items);
    if (items.length === 0 || all.length >= total) return all;
  }
}
