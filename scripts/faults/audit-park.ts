/** Holds what a collector has stored of a park against what the park was acknowledged and what it raised. */
import type {
  FleetRecord,
  QuarantineEntry,
  RecordedAlarm,
  RecordedEvent,
} from "../../src/collector/record/fleet-record.ts";
import type { TimeSpan } from "./paced-device.ts";
import type { WatchedPark } from "./watched-park.ts";

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

/** Longest window that the bundle cuts here, with a margin: 30 turns at 1,400 rpm. */
const windowMs = 1_700;
/** A session's first window begins with its first sample; what is cut off at a seam is less than a window. */
const seamMs = 2 * windowMs;

/** Reads everything of the park. */
export async function auditPark(record: FleetRecord, park: WatchedPark): Promise<ParkAudit> {
  const wrongs: string[] = [];
  const alarms = await readAll((range) => record.alarms({ site: park.name, ...range }));
  wrongs.push(...auditAlarms(alarms, park));
  const events = (await readAll((range) =>
    record.events({ gateway: park.name, ...range }),
  )) as RecordedEvent[];
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
    const audit = auditPieces(acknowledged, rows, gaps);
    declaredPieces += audit.declared;
    if (audit.missing.length > 0) {
      const first = new Date(audit.missing[0]!.fromMs).toISOString();
      wrongs.push(
        `${turbine}: ${audit.missing.length} acknowledged pieces are neither stored nor declared, the first of ${first}`,
      );
    }
    const doubled = findDoubled(rows);
    if (doubled !== null) wrongs.push(`${turbine}: windows are stored twice at ${doubled}`);
  }
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
interface StoredRow {
  readonly toMs: number;
  readonly windows: number;
}

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
      for (const [index, toMs] of series.timesMs.entries())
        rows.push({ toMs, windows: series.windows[index]! });
  }
  return rows.sort((left, right) => left.toMs - right.toMs);
}

function auditPieces(
  acknowledged: readonly TimeSpan[],
  rows: readonly StoredRow[],
  gaps: readonly TimeSpan[],
): { readonly missing: readonly TimeSpan[]; readonly declared: number } {
  const missing: TimeSpan[] = [];
  let declared = 0;
  for (const [index, piece] of acknowledged.entries()) {
    const middleMs = (piece.fromMs + piece.toMs) / 2;
    if (rows.some(({ toMs, windows }) => toMs >= middleMs && toMs - windows * windowMs <= middleMs)) continue;
    if (gaps.some(({ fromMs, toMs }) => middleMs >= fromMs - windowMs && middleMs <= toMs + windowMs)) {
      declared += 1;
      continue;
    }
    const before = acknowledged[index - 1];
    const after = acknowledged[index + 1];
    const isSeam =
      before === undefined ||
      after === undefined ||
      piece.fromMs - before.toMs > 1 ||
      after.fromMs - piece.toMs > 1;
    // Half a window on both sides of a seam is of no window.
    if (isSeam && piece.toMs - piece.fromMs <= seamMs) continue;
    missing.push(piece);
  }
  return { missing, declared };
}

/** Time at which rows hold more windows than time had room for, or null. */
function findDoubled(rows: readonly StoredRow[]): string | null {
  const shortestMs = 900;
  for (let start = 0; start + 1 < rows.length; start++) {
    const end = Math.min(rows.length - 1, start + 12);
    const windows = rows.slice(start + 1, end + 1).reduce((sum, row) => sum + row.windows, 0);
    const spanMs = rows[end]!.toMs - rows[start]!.toMs;
    if (windows * shortestMs > spanMs + 2 * windowMs) return new Date(rows[start]!.toMs).toISOString();
  }
  return null;
}

function readGap({ detail }: RecordedEvent): TimeSpan {
  const found = /from (\S+Z) to (\S+Z)/.exec(detail);
  if (found === null) throw new Error(`a gap without its time: ${detail}`);
  return { fromMs: Date.parse(found[1]!), toMs: Date.parse(found[2]!) };
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
