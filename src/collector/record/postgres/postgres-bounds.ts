/**
 * What a gateway, a turbine and a point may occupy, held in PostgreSQL before a batch is written: the numbers of points, or
 * why a record is refused. Counts before it writes, so that workers at the same time may go a little beyond a bound.
 */
import { namePoint } from "../../../core/contract/name-point.ts";
import type { PointId } from "../../../core/contract/stream.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { RecordFault, StorableRecord } from "../fleet-record.ts";
import type { TurbineRef } from "../machine-record.ts";
import { nameTurbine } from "../machine-rows.ts";
import { refuseBeyond, refusePredictions } from "../record-bounds.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import { isDataError } from "./postgres-errors.ts";
import { createLabelCheck } from "./postgres-labels.ts";
import { createPointNumbers } from "./postgres-machines.ts";
import { faultOf, type Refused, type SentRecord } from "./postgres-use.ts";
import { columnsOf, transpose } from "./postgres-values.ts";

/** Numbers that stand for names in the tables. */
export interface RecordNumbers {
  /** Of the points of records. */
  readonly points: ReadonlyMap<StorableRecord, number>;
  /** Of the versions and failure modes of predictions. */
  readonly labels: ReadonlyMap<StorableRecord, number>;
}

/** What may be written. */
export interface Admission extends RecordNumbers {
  readonly refused: ReadonlyMap<StorableRecord, RecordFault>;
}

/** What is remembered of turbines and of failure modes: more begin anew. */
const maxRemembered = 500_000;

/**
 * Creates the check; it remembers who speaks of which turbine and which failure modes were heard of today. What makes the
 * server refuse all has each record be checked alone.
 */
export function createAdmission(
  database: PostgresDatabase,
): (sent: readonly SentRecord[]) => Promise<Admission> {
  const turbines = createTurbineCheck(database);
  const points = createPointCheck(database);
  const modes = createModeCheck(database);
  const labels = createLabelCheck(database);
  const admit = async (sent: readonly SentRecord[]): Promise<Admission> => {
    const refused = new Map<StorableRecord, RecordFault>();
    for (const each of sent) {
      const { record } = each;
      if (record.kind === "prediction-batch") tryAdmit(each, refused, () => refusePredictions(record));
    }
    const open = (): readonly SentRecord[] => sent.filter(({ record }) => !refused.has(record));
    await turbines(open(), refused);
    const numbers = await points(open(), refused);
    await modes(open(), numbers, refused);
    return { points: numbers, labels: await labels(open(), refused), refused };
  };
  return async (sent) => {
    try {
      return await admit(sent);
    } catch (error) {
      if (!isDataError(error)) throw error;
      return admitOneByOne(sent, admit);
    }
  };
}

async function admitOneByOne(
  sent: readonly SentRecord[],
  admit: (sent: readonly SentRecord[]) => Promise<Admission>,
): Promise<Admission> {
  const points = new Map<StorableRecord, number>();
  const labels = new Map<StorableRecord, number>();
  const refused = new Map<StorableRecord, RecordFault>();
  for (const each of sent) {
    try {
      const alone = await admit([each]);
      for (const [record, point] of alone.points) points.set(record, point);
      for (const [record, label] of alone.labels) labels.set(record, label);
      for (const [record, fault] of alone.refused) refused.set(record, fault);
    } catch (error) {
      if (!isDataError(error)) throw error;
      const detail = `${each.source.gateway}: ${(error as Error).message}`;
      refused.set(each.record, { reason: "not-storable", detail });
    }
  }
  return { points, labels, refused };
}

/** Runs `check`; a refusal is noted for the record. */
function tryAdmit({ record, source }: SentRecord, refused: Refused, check: () => void): void {
  const fault = faultOf(source.gateway, check);
  if (fault !== null) refused.set(record, fault);
}

function turbineOf(record: StorableRecord): TurbineRef | null {
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
      const key = nameTurbine(turbine);
      return owners.get(key) === each.source.gateway ? [] : [{ ...turbine, each, key }];
    });
    if (spoken.length === 0) return;
    if (owners.size > maxRemembered) owners.clear();
    const known = await database.rows(
      `SELECT site, turbine, gateway FROM turbine
       WHERE (site, turbine) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
      columnsOf(spoken, "site", "turbine"),
    );
    const counted = await database.rows(
      "SELECT gateway, COUNT(*) AS total FROM turbine WHERE gateway = ANY ($1::text[]) GROUP BY gateway",
      [[...new Set(spoken.map(({ each }) => each.source.gateway))]],
    );
    const totals = new Map(counted.map(({ gateway, total }) => [String(gateway), Number(total)]));
    const claimed = new Map(known.map((row) => [nameTurbine(row), row.gateway as string | null]));
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
    const unnamed = unknown.map(({ point }) => point);
    const counted = await database.rows(
      `SELECT site, turbine, COUNT(*) AS total FROM point
       WHERE (site, turbine) IN (SELECT * FROM unnest($1::text[], $2::text[])) GROUP BY site, turbine`,
      columnsOf(unnamed, "site", "turbine"),
    );
    const totals = new Map(counted.map((row) => [nameTurbine(row), Number(row.total)]));
    const added = new Map<string, PointId>();
    for (const { each, point } of unknown) {
      const name = namePoint(point);
      if (added.has(name)) continue;
      const turbine = nameTurbine(point);
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
