/** Holds what a collector has stored of a sender against what the sender appended. */
import type { FleetRecord, RecordedEvent } from "../../src/collector/record/fleet-record.ts";
import { readAll } from "./audit-park.ts";
import { alertId, rowsPerBatch, type SenderIdentity, turbineOf } from "./sender-records.ts";

/** What must be there. */
export interface SenderClaim {
  /** Alerts 0 to `alerts` − 1. */
  readonly alerts: number;
  /** Batches 0 to `batches` − 1 of each of `points` turbines. */
  readonly batches: number;
  readonly points?: number;
  /** Between two rows of a batch, ms. */
  readonly stepMs?: number;
  /** A damaged store says so once, for everything that was in it: then what is older than this may be missing. */
  readonly forgivenAlertsBelow?: number;
  readonly forgivenBatchesBelow?: number;
  /** So many records may be others than were written (and nothing was thinned): rows are counted, not what is in them. */
  readonly changedRecords?: number;
}

/** What is wrong, in words; nothing where all is stored exactly once or declared. */
export async function auditSender(
  record: FleetRecord,
  identity: SenderIdentity,
  claim: SenderClaim,
): Promise<readonly string[]> {
  const { name } = identity;
  const events = (await readAll((range) => record.events({ gateway: name, ...range }))) as RecordedEvent[];
  const gaps = events.filter((event) => event.name === "gap.prediction");
  const declared = gaps.reduce((sum, gap) => sum + declaredRows(gap), 0);
  const wrongs = await auditAlerts(record, identity, claim);
  for (let turbine = 0; turbine < (claim.points ?? 1); turbine++)
    wrongs.push(...(await auditRows(record, identity, { ...claim, turbine, declaredRows: declared })));
  return wrongs;
}

async function auditAlerts(
  record: FleetRecord,
  { name }: SenderIdentity,
  claim: SenderClaim,
): Promise<string[]> {
  const alarms = await readAll((range) => record.alarms({ site: name, ...range }));
  const ids = alarms.flatMap(({ steps }) => steps.map(({ eventId }) => eventId));
  const stored = new Set(ids);
  const wrongs: string[] = [];
  if (stored.size < ids.length) wrongs.push(`${ids.length - stored.size} alerts are stored twice`);
  const lost: number[] = [];
  for (let number = claim.forgivenAlertsBelow ?? 0; number < claim.alerts; number++)
    if (!stored.has(alertId(name, number))) lost.push(number);
  if (lost.length > (claim.changedRecords ?? 0))
    wrongs.push(`${lost.length} of ${claim.alerts} alerts are lost, the first is ${lost[0]}`);
  return wrongs;
}

async function auditRows(
  record: FleetRecord,
  { name, startMs }: SenderIdentity,
  claim: SenderClaim & { readonly turbine: number; readonly declaredRows: number },
): Promise<string[]> {
  const stepMs = claim.stepMs ?? 1_000;
  const turbine = { site: name, turbine: turbineOf(name, claim.turbine) };
  const total = claim.batches * rowsPerBatch;
  const forgiven = (claim.forgivenBatchesBelow ?? 0) * rowsPerBatch;
  let windows = 0;
  const pageMs = 2_000 * stepMs;
  for (let fromMs = startMs; fromMs < startMs + total * stepMs; fromMs += pageMs) {
    const range = { fromMs, toMs: fromMs + pageMs - 1, bucketMs: 1 };
    for (const series of await record.predictions({ ...turbine, ...range }))
      windows +=
        claim.changedRecords === undefined
          ? series.windows.reduce((sum, each) => sum + each, 0)
          : series.timesMs.length;
  }
  // Each row was of one window; rows that were thinned on the way keep their windows.
  const changed = (claim.changedRecords ?? 0) * rowsPerBatch;
  const lost = total - windows - claim.declaredRows - forgiven - changed;
  return [
    ...(lost > 0 ? [`${lost} of ${total} rows of ${turbine.turbine} are neither stored nor declared`] : []),
    ...(windows > total + changed ? [`${windows - total} rows of ${turbine.turbine} are stored twice`] : []),
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
