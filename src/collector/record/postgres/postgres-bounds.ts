/**
 * What a gateway, a turbine and a point may occupy, held in PostgreSQL before a batch is written: the numbers of points, or
 * why a record is refused. Counts before it writes, so that workers at the same time may go a little beyond a bound.
 */
import type { PointId } from "../../../core/contract/stream.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { RecordFault, StorableRecord } from "../fleet-record.ts";
import {
  type DailyClass,
  dailyClassOf,
  RecordRefusedError,
  refuseBeyond,
  refuseBeyondDay,
  refuseRows,
} from "../record-bounds.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import type { RecordSource } from "./postgres-events.ts";
import { createPointNumbers, namePoint } from "./postgres-machines.ts";
import { transpose } from "./postgres-predictions.ts";

/** A record of a gateway. */
export interface SentRecord {
  readonly record: StorableRecord;
  readonly source: RecordSource;
}

/** What may be written. */
export interface Admission {
  /** Numbers of the points of records. */
  readonly points: ReadonlyMap<StorableRecord, number>;
  readonly refused: ReadonlyMap<StorableRecord, RecordFault>;
}

/** What is remembered of turbines and of failure modes: more begin anew. */
const maxRemembered = 500_000;

/** Creates the check; it remembers who speaks of which turbine and which failure modes were heard of today. */
export function createAdmission(
  database: PostgresDatabase,
): (sent: readonly SentRecord[]) => Promise<Admission> {
  const turbines = createTurbineCheck(database);
  const points = createPointCheck(database);
  const modes = createModeCheck(database);
  return async (sent) => {
    const refused = new Map<StorableRecord, RecordFault>();
    for (const each of sent) {
      const { record } = each;
      if (record.kind === "prediction-batch") tryAdmit(each, refused, () => refuseRows(record));
    }
    const open = (): readonly SentRecord[] => sent.filter(({ record }) => !refused.has(record));
    await turbines(open(), refused);
    const numbers = await points(open(), refused);
    await modes(open(), numbers, refused);
    return { points: numbers, refused };
  };
}

type Refused = Map<StorableRecord, RecordFault>;

/** Why `check` refuses a record of a gateway; null: it does not. */
function faultOf(gateway: string, check: () => void): RecordFault | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof RecordRefusedError)) throw error;
    return { reason: error.reason, detail: `${gateway}: ${error.message}` };
  }
}

/** Runs `check`; a refusal is noted for the record. */
function tryAdmit({ record, source }: SentRecord, refused: Refused, check: () => void): void {
  const fault = faultOf(source.gateway, check);
  if (fault !== null) refused.set(record, fault);
}

function turbineOf(record: StorableRecord): Omit<PointId, "component"> | null {
  if (record.kind === "alert") return record.event.data;
  return pointOf(record);
}

/** The point whose number a record needs, or null. */
function pointOf(record: StorableRecord): PointId | null {
  return record.kind === "prediction-batch" || record.kind === "drift-report" ? record : null;
}

function createTurbineCheck(
  database: PostgresDatabase,
): (sent: readonly SentRecord[], refused: Refused) => Promise<void> {
  const owners = new Map<string, string>();
  return async (sent, refused) => {
    const spoken = sent.flatMap((each) => {
      const turbine = turbineOf(each.record);
      if (turbine === null) return [];
      const key = `${turbine.site}\n${turbine.turbine}`;
      return owners.get(key) === each.source.gateway ? [] : [{ ...turbine, each, key }];
    });
    if (spoken.length === 0) return;
    if (owners.size > maxRemembered) owners.clear();
    const known = await database.rows(
      `SELECT site, turbine, gateway FROM turbine
       WHERE (site, turbine) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      [spoken.map(({ site }) => site), spoken.map(({ turbine }) => turbine)],
    );
    const counted = await database.rows(
      "SELECT gateway, COUNT(*) AS total FROM turbine WHERE gateway = ANY ($1::text[]) GROUP BY gateway",
      [[...new Set(spoken.map(({ each }) => each.source.gateway))]],
    );
    const totals = new Map(counted.map(({ gateway, total }) => [String(gateway), Number(total)]));
    const claimed = new Map(
      known.map((row) => [`${row.site}\n${row.turbine}`, row.gateway as string | null]),
    );
    for (const { each, key } of spoken) {
      const { gateway } = each.source;
      if (claimed.get(key) !== gateway) {
        const total = totals.get(gateway) ?? 0;
        tryAdmit(each, refused, () => refuseBeyond("turbinesPerGateway", total));
        if (refused.has(each.record)) continue;
        totals.set(gateway, total + 1);
        claimed.set(key, gateway);
      }
      owners.set(key, gateway);
    }
  };
}

function createPointCheck(
  database: PostgresDatabase,
): (sent: readonly SentRecord[], refused: Refused) => Promise<Admission["points"]> {
  const numbers = createPointNumbers(database);
  return async (sent, refused) => {
    const named = sent.flatMap((each) => {
      const point = pointOf(each.record);
      return point === null ? [] : [{ each, point }];
    });
    const known = await numbers.find(named.map(({ point }) => point));
    const ofRecords = new Map<StorableRecord, number>();
    const unknown = named.filter(({ each, point }) => {
      const number = known.get(namePoint(point));
      if (number !== undefined) ofRecords.set(each.record, number);
      return number === undefined;
    });
    if (unknown.length === 0) return ofRecords;
    const counted = await database.rows(
      `SELECT site, turbine, COUNT(*) AS total FROM point
       WHERE (site, turbine) IN (SELECT * FROM unnest($1::text[], $2::text[])) GROUP BY site, turbine`,
      [unknown.map(({ point }) => point.site), unknown.map(({ point }) => point.turbine)],
    );
    const totals = new Map(counted.map((row) => [`${row.site}\n${row.turbine}`, Number(row.total)]));
    const added = new Map<string, PointId>();
    for (const { each, point } of unknown) {
      const name = namePoint(point);
      if (added.has(name)) continue;
      const turbine = `${point.site}\n${point.turbine}`;
      const total = totals.get(turbine) ?? 0;
      tryAdmit(each, refused, () => refuseBeyond("pointsPerTurbine", total));
      if (refused.has(each.record)) continue;
      totals.set(turbine, total + 1);
      added.set(name, point);
    }
    const made = await numbers.make([...added.values()]);
    for (const { each, point } of unknown) {
      const number = made.get(namePoint(point));
      if (number !== undefined) ofRecords.set(each.record, number);
    }
    return ofRecords;
  };
}

function createModeCheck(
  database: PostgresDatabase,
): (sent: readonly SentRecord[], points: Admission["points"], refused: Refused) => Promise<void> {
  /** When a point's failure modes were noted last. */
  const heard = new Map<number, Map<string, number>>();
  let remembered = 0;
  const isHeard = (point: number, mode: string, nowMs: number): boolean =>
    nowMs - (heard.get(point)?.get(mode) ?? -dayMs) < dayMs;
  return async (sent, points, refused) => {
    const batches = sent.flatMap((each) => {
      const { record, source } = each;
      if (record.kind !== "prediction-batch") return [];
      const point = points.get(record)!;
      const modes = record.failureModes.filter((mode) => !isHeard(point, mode, source.receivedMs));
      return modes.length === 0 ? [] : [{ each, point, modes }];
    });
    if (batches.length === 0) return;
    if (remembered > maxRemembered) {
      heard.clear();
      remembered = 0;
    }
    const rows = await database.rows(
      "SELECT point, failure_mode FROM point_mode WHERE point = ANY ($1::int[])",
      [[...new Set(batches.map(({ point }) => point))]],
    );
    const ofPoints = new Map<number, Set<string>>();
    const modesOf = (point: number): Set<string> => {
      const modes = ofPoints.get(point) ?? new Set();
      ofPoints.set(point, modes);
      return modes;
    };
    for (const { point, failure_mode } of rows) modesOf(Number(point)).add(String(failure_mode));
    const notes = new Map<string, readonly [number, string, number]>();
    for (const { each, point, modes } of batches) {
      const own = modesOf(point);
      const fresh = modes.filter((mode) => !own.has(mode));
      if (fresh.length > 0)
        tryAdmit(each, refused, () => refuseBeyond("modesPerPoint", own.size + fresh.length - 1));
      if (refused.has(each.record)) continue;
      for (const mode of modes) {
        own.add(mode);
        notes.set(`${point} ${mode}`, [point, mode, Math.trunc(each.source.receivedMs)]);
      }
    }
    if (notes.size === 0) return;
    await database.transaction((session) =>
      session.run(
        `INSERT INTO point_mode AS known (point, failure_mode, heard_ms)
         SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[]) ON CONFLICT (point, failure_mode)
         DO UPDATE SET heard_ms = GREATEST(known.heard_ms, excluded.heard_ms)`,
        transpose(
          [...notes.keys()].sort().map((key) => notes.get(key)!),
          3,
        ),
      ),
    );
    for (const [point, mode, nowMs] of notes.values()) {
      const modes = heard.get(point) ?? new Map<string, number>();
      heard.set(point, modes.set(mode, nowMs));
      remembered += 1;
    }
  };
}

/** Forgets failure modes that were last heard of before `beforeMs`, and a day: they are not noted oftener than that. */
export async function pruneModes(session: SqlSession, beforeMs: number): Promise<void> {
  await session.run("DELETE FROM point_mode WHERE heard_ms < $1", [Math.trunc(beforeMs - dayMs)]);
}

/** Counts records towards the bounds of a day; those beyond are refused. In the batch's own transaction. */
export async function countDailyUse(
  session: SqlSession,
  sent: readonly SentRecord[],
): Promise<ReadonlyMap<SentRecord, RecordFault>> {
  const refused = new Map<SentRecord, RecordFault>();
  const counted = sent.flatMap((each) => {
    const dailyClass = dailyClassOf(each.record.kind);
    return dailyClass === null ? [] : [{ each, dailyClass }];
  });
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
