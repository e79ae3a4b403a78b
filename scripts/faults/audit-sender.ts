/** Holds what a collector has stored of a sender against what the sender appended. */
import type { FleetRecord, RecordedEvent } from "../../src/collector/record/fleet-record.ts";
import { readAll, readEvents } from "./audit-park.ts";
import { alertId, rowsPerBatch, type SenderIdentity, turbineOf } from "./sender-records.ts";

/** Rows that are read at once. */
const pageRows = 2_000;

/** What must be there. */
export interface SenderClaim {
  /** Alerts 0 to `alerts` − 1. */
  readonly alerts: number;
  /** Batches 0 to `batches` − 1 of each of `points` turbines. */
  readonly batches: number;
  readonly points?: number;
  /** Between two rows of a batch, ms. */
  readonly stepMs?: number;
  /** What of it was appended before its store was damaged. */
  readonly older?: OlderRecords;
}

/** The first records of a sender, and what may have become of them; those after them must be there. */
export interface OlderRecords {
  readonly alerts: number;
  readonly batches: number;
  /** A damaged store says so once, for everything that was in it: then any of them may be missing. */
  readonly isForgiven: boolean;
  /** So many of them may be others than were written (and nothing was thinned): rows are counted, not what is in them. */
  readonly changedRecords: number;
}

const noOlder: OlderRecords = { alerts: 0, batches: 0, isForgiven: false, changedRecords: 0 };

/** What is wrong, in words; nothing where all is stored exactly once or declared. */
export async function auditSender(
  record: FleetRecord,
  identity: SenderIdentity,
  claim: SenderClaim,
): Promise<readonly string[]> {
  const { older = noOlder, stepMs = 1_000 } = claim;
  const events = await readEvents(record, identity.name);
  const gaps = events.filter((event) => event.name === "gap.prediction");
  const newerMs = identity.startMs + older.batches * rowsPerBatch * stepMs;
  const declared = (isNewer: boolean): number =>
    gaps.reduce((sum, gap) => sum + (gap.timeMs >= newerMs === isNewer ? declaredRows(gap) : 0), 0);
  const { wrongs, changedAlerts } = await auditAlerts(record, identity, claim);
  const changedRows = (older.changedRecords - changedAlerts) * rowsPerBatch;
  const excused = older.isForgiven ? Number.POSITIVE_INFINITY : declared(false) + changedRows;
  const spans: readonly BatchSpan[] = [
    { from: 0, until: older.batches, excused },
    { from: older.batches, until: claim.batches, excused: declared(true) },
  ];
  for (let turbine = 0; turbine < (claim.points ?? 1); turbine++)
    for (const span of spans) wrongs.push(...(await auditRows(record, identity, { claim, turbine, span })));
  return wrongs;
}

/** `changedAlerts`: older ones that are not there and may be others than were written. */
async function auditAlerts(
  record: FleetRecord,
  { name }: SenderIdentity,
  { alerts, older = noOlder }: SenderClaim,
): Promise<{ readonly wrongs: string[]; readonly changedAlerts: number }> {
  const alarms = await readAll((range) => record.alarms({ site: name, ...range }));
  const ids = alarms.flatMap(({ steps }) => steps.map(({ eventId }) => eventId));
  const stored = new Set(ids);
  const wrongs: string[] = [];
  if (stored.size < ids.length) wrongs.push(`${ids.length - stored.size} alerts are stored twice`);
  const lost = Array.from({ length: alerts }, (_, number) => number).filter(
    (number) => !stored.has(alertId(name, number)),
  );
  const lostOlder = lost.filter((number) => number < older.alerts).length;
  const isExcused = older.isForgiven || lostOlder <= older.changedRecords;
  const counted = isExcused ? lost.slice(lostOlder) : lost;
  if (counted.length > 0)
    wrongs.push(`${counted.length} of ${alerts} alerts are lost, the first is ${counted[0]}`);
  return { wrongs, changedAlerts: Math.min(lostOlder, older.changedRecords) };
}

/** Some batches of a turbine, by their numbers. */
interface BatchSpan {
  readonly from: number;
  readonly until: number;
  /** So many of their rows may be missing. */
  readonly excused: number;
}

async function auditRows(
  record: FleetRecord,
  { name, startMs }: SenderIdentity,
  {
    claim,
    turbine,
    span,
  }: { readonly claim: SenderClaim; readonly turbine: number; readonly span: BatchSpan },
): Promise<string[]> {
  const { stepMs = 1_000, older = noOlder } = claim;
  const place = { site: name, turbine: turbineOf(name, turbine) };
  const total = (span.until - span.from) * rowsPerBatch;
  const [beginMs, endMs] = [span.from, span.until].map((batch) => startMs + batch * rowsPerBatch * stepMs);
  let windows = 0;
  for (let fromMs = beginMs!; fromMs < endMs!; fromMs += pageRows * stepMs) {
    const range = { fromMs, toMs: Math.min(endMs!, fromMs + pageRows * stepMs) - 1, bucketMs: 1 };
    for (const series of await record.predictions({ ...place, ...range }))
      windows +=
        older.changedRecords === 0
          ? series.windows.reduce((sum, each) => sum + each, 0)
          : series.timesMs.length;
  }
  // Each row was of one window; rows that were thinned on the way keep their windows.
  const lost = total - windows - span.excused;
  const changed = older.changedRecords * rowsPerBatch;
  return [
    ...(lost > 0 ? [`${lost} of ${total} rows of ${place.turbine} are neither stored nor declared`] : []),
    ...(windows > total + changed ? [`${windows - total} rows of ${place.turbine} are stored twice`] : []),
  ];
}

/** Rows that an event of a declared gap says are missing. */
function declaredRows({ detail }: RecordedEvent): number {
  if (detail.includes("thinned")) return 0;
  const [records, windows] = ["records", "windows"].map((what) =>
    Number(new RegExp(`(\\d+) ${what}`).exec(detail)?.[1] ?? 0),
  );
  return records! * rowsPerBatch + windows!;
}
