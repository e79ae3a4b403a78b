/** How much of a class each gateway has sent today (UTC, by arrival), in PostgreSQL. Keeps one day of each. */
import { dayMs } from "../../../core/maths/durations.ts";
import type { PredictionUse, RecordFault, RecordSource, StorableRecord } from "../fleet-record.ts";
import {
  type DailyClass,
  dailyClassOf,
  mostCountedCells,
  RecordRefusedError,
  refuseBeyondDay,
} from "../record-bounds.ts";
import type { SqlSession } from "./postgres-database.ts";
import { transpose } from "./postgres-values.ts";

/** A record of a gateway. */
export interface SentRecord {
  readonly record: StorableRecord;
  readonly source: RecordSource;
}

/** Records that are refused, and why. */
export type Refused = Map<StorableRecord, RecordFault>;

/** Why `check` refuses a record of a gateway; null: it does not. */
export function faultOf(gateway: string, check: () => void): RecordFault | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof RecordRefusedError)) throw error;
    return { reason: error.reason, detail: `${gateway}: ${error.message}` };
  }
}

/** Counts records towards the bounds of a day; those beyond are refused. In the batch's own transaction. */
export function countDailyUse(
  session: SqlSession,
  sent: readonly SentRecord[],
): Promise<ReadonlyMap<SentRecord, RecordFault>> {
  const counted = sent.flatMap((each) => {
    const dailyClass = dailyClassOf(each.record.kind);
    return dailyClass === null ? [] : [{ each, dailyClass }];
  });
  return countUse(session, counted);
}

/** Counts each record towards the bound of a class. */
export async function countUse(
  session: SqlSession,
  counted: readonly { readonly each: SentRecord; readonly dailyClass: DailyClass }[],
): Promise<ReadonlyMap<SentRecord, RecordFault>> {
  const refused = new Map<SentRecord, RecordFault>();
  const day = Math.floor((counted[0]?.each.source.receivedMs ?? 0) / dayMs);
  if (counted.length === 0) return refused;
  const rows = await session.rows(
    "SELECT gateway, class, records FROM gateway_use WHERE gateway = ANY ($1::text[]) AND day = $2",
    [[...new Set(counted.map(({ each }) => each.source.gateway))], day],
  );
  const key = (gateway: string, dailyClass: string): string => `${gateway}\n${dailyClass}`;
  const before = new Map(
    rows.map((row) => [key(String(row.gateway), String(row.class)), Number(row.records)]),
  );
  const added = new Map<string, readonly [string, DailyClass, number, number]>();
  for (const { each, dailyClass } of counted) {
    const { gateway } = each.source;
    const name = key(gateway, dailyClass);
    const more = added.get(name)?.[3] ?? 0;
    const fault = faultOf(gateway, () => refuseBeyondDay(dailyClass, (before.get(name) ?? 0) + more));
    if (fault !== null) refused.set(each, fault);
    else added.set(name, [gateway, dailyClass, day, more + 1]);
  }
  if (added.size === 0) return refused;
  await session.run(
    `INSERT INTO gateway_use AS known (gateway, class, day, records)
     SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) ON CONFLICT (gateway, class) DO UPDATE
     SET records = CASE WHEN known.day = excluded.day THEN known.records ELSE 0 END + excluded.records, day = excluded.day`,
    transpose(
      [...added.keys()].sort().map((name) => added.get(name)!),
      4,
    ),
  );
  return refused;
}

/** Counts cells of predictions of a gateway; resolves with those of the day, of all workers together. */
export async function addUse(session: SqlSession, { gateway, cells, nowMs }: PredictionUse): Promise<number> {
  const [row] = await session.rows(
    `INSERT INTO gateway_use AS known (gateway, class, day, records) VALUES ($1, 'predictions', $2, $3)
     ON CONFLICT (gateway, class) DO UPDATE
     SET records = CASE WHEN known.day = excluded.day THEN LEAST(known.records::bigint + excluded.records, ${mostCountedCells})
                        ELSE excluded.records END, day = excluded.day
     RETURNING records`,
    [gateway, Math.floor(nowMs / dayMs), Math.min(cells, mostCountedCells)],
  );
  return Number(row!.records);
}
