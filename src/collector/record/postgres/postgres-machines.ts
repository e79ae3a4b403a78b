/** What is known of the machines in the field, in PostgreSQL: gateways, turbines, points. */
import { namePoint } from "../../../core/contract/name-point.ts";
import type { PointId } from "../../../core/contract/stream.ts";
import type { GatewayStatus, TurbineState } from "../../../core/contract/turbine-state.ts";
import type { HealthRecord } from "../../../core/contract/uplink-record.ts";
import { isFarBehind, toldAgainMs } from "../clock-rules.ts";
import { areTwo } from "../clone-rules.ts";
import type { TurbineRef } from "../machine-record.ts";
import { nameTurbine } from "../machine-rows.ts";
import { recordBounds } from "../record-bounds.ts";
import { numberOrNull } from "../record-rules.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import { columnsOf, transpose } from "./postgres-values.ts";

/** Makes the rows of gateways that were never heard of; when they were heard of last is said by their lanes. */
export async function noteGateways(session: SqlSession, gateways: readonly string[]): Promise<void> {
  await session.run(
    `INSERT INTO gateway (gateway, last_seen_ms) SELECT name, 0 FROM unnest($1::text[]) AS name
     ON CONFLICT DO NOTHING`,
    [[...gateways].sort()],
  );
}

/** The last health of gateways; of each the last of the list counts, whatever its clock says. */
export async function putHealths(
  session: SqlSession,
  healths: ReadonlyMap<string, HealthRecord>,
): Promise<void> {
  const rows = [...healths].sort(byName).map(([gateway, { kind: _, ...health }]) => {
    return [gateway, JSON.stringify(health), Math.trunc(health.timeMs)] as const;
  });
  if (rows.length === 0) return;
  await session.run(
    `UPDATE gateway SET health_json = health.json, health_ms = health.time_ms
     FROM unnest($1::text[], $2::text[], $3::bigint[]) AS health (gateway, json, time_ms)
     WHERE gateway.gateway = health.gateway`,
    transpose(rows, 3),
  );
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : Number(a > b);
}

/** Of gateways whose clocks differ those of which people were not told lately; they are told now. */
export async function findClockNews(
  session: SqlSession,
  gateways: readonly string[],
  nowMs: number,
): Promise<ReadonlySet<string>> {
  const rows = await session.rows(
    `UPDATE gateway SET clock_told_ms = $2 WHERE clock_told_ms <= $3 AND gateway IN
       (SELECT gateway FROM gateway WHERE gateway = ANY ($1::text[]) ORDER BY gateway FOR UPDATE) RETURNING gateway`,
    [gateways, Math.trunc(nowMs), Math.trunc(nowMs - toldAgainMs)],
  );
  return new Set(rows.map(({ gateway }) => String(gateway)));
}

/** Of gateways those whose clock was far behind when they last said the time. */
export async function findBehind(
  session: SqlSession,
  gateways: readonly string[],
): Promise<ReadonlySet<string>> {
  if (gateways.length === 0) return new Set();
  const rows = await session.rows("SELECT gateway FROM gateway WHERE behind AND gateway = ANY ($1::text[])", [
    gateways,
  ]);
  return new Set(rows.map(({ gateway }) => String(gateway)));
}

/** Notes a sign of two gateways under one id; is it the first for a while? */
export async function isCloneNews(session: SqlSession, gateway: string, seenMs: number): Promise<boolean> {
  const [row] = await session.rows(
    `UPDATE gateway SET cloned_ms = $2
     FROM (SELECT cloned_ms AS before FROM gateway WHERE gateway = $1 FOR UPDATE) AS known
     WHERE gateway = $1 RETURNING known.before`,
    [gateway, Math.trunc(seenMs)],
  );
  return row !== undefined && !areTwo(numberOrNull(row.before), seenMs);
}

/** A record of a turbine came from a gateway. */
export interface TurbineTouch {
  readonly turbine: TurbineRef;
  readonly source: { readonly gateway: string; readonly receivedMs: number };
}

/** Who spoke of which turbine lately: what is known needs no writing, however much of a backlog comes. */
export interface TouchMemory {
  /** Those that the tables do not know of yet. */
  due(touches: readonly TurbineTouch[]): readonly TurbineTouch[];
  /** They are committed. */
  note(touches: readonly TurbineTouch[]): void;
}

/** So much older than the truth may be when a turbine was heard of last, ms. */
const touchMs = 2_000;
const maxTouches = 500_000;

export function createTouchMemory(): TouchMemory {
  const known = new Map<string, TurbineTouch["source"]>();
  return {
    due: (touches) =>
      touches.filter((touch) => {
        const last = known.get(nameTurbine(touch.turbine));
        const { gateway, receivedMs } = touch.source;
        return last?.gateway !== gateway || Math.abs(receivedMs - last.receivedMs) >= touchMs;
      }),
    note: (touches) => {
      if (known.size > maxTouches) known.clear();
      for (const { turbine, source } of touches) known.set(nameTurbine(turbine), source);
    },
  };
}

/** Notes what turbines were heard of. */
export async function touchTurbines(session: SqlSession, touches: readonly TurbineTouch[]): Promise<void> {
  const last = new Map(touches.map((touch) => [nameTurbine(touch.turbine), touch]));
  if (last.size === 0) return;
  const rows = [...last].sort(byName).map(([, { turbine, source }]) => {
    return [turbine.site, turbine.turbine, source.gateway, Math.trunc(source.receivedMs)] as const;
  });
  await session.run(
    `INSERT INTO turbine AS known (site, turbine, gateway, last_seen_ms)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
     ON CONFLICT (site, turbine) DO UPDATE SET gateway = excluded.gateway, last_seen_ms = excluded.last_seen_ms`,
    transpose(rows, 4),
  );
}

/** What a turbine last said of itself, and when it was heard of. */
interface HeardState {
  readonly state: TurbineState;
  readonly seenMs: number;
}

/**
 * Stores what turbines last said of themselves; of each the last counts. What was heard later than now was so by a clock that was set back
 * since: it must not pass for a sign of life until then.
 */
export async function putTurbineStates(
  session: SqlSession,
  states: readonly HeardState[],
  nowMs: number,
): Promise<void> {
  const last = new Map(states.map((each) => [nameTurbine(each.state), each]));
  if (last.size === 0) return;
  const rows = [...last].sort(byName).map(([, { state, seenMs }]) => {
    return [state.site, state.turbine, Math.trunc(seenMs), JSON.stringify(state)] as const;
  });
  await session.run(
    `INSERT INTO turbine AS known (site, turbine, last_seen_ms, state_json)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])
     ON CONFLICT (site, turbine) DO UPDATE
     SET state_json = excluded.state_json, unwatched_ms = NULL, last_seen_ms =
       GREATEST(CASE WHEN known.last_seen_ms <= $5 THEN known.last_seen_ms END, excluded.last_seen_ms)`,
    [...transpose(rows, 4), Math.trunc(nowMs)],
  );
}

/** Forgets the state of a turbine that nobody watches any more; one that is not known stays so. */
export async function takeStateBack(
  session: SqlSession,
  { site, turbine }: TurbineRef,
  seenMs: number,
): Promise<void> {
  await session.run(
    "UPDATE turbine SET state_json = NULL, unwatched_ms = $3 WHERE site = $1 AND turbine = $2",
    [site, turbine, Math.trunc(seenMs)],
  );
}

/** Which of some turbines are not known yet (by {@link nameTurbine}), and for how many more there is room that no envelope has named. */
export async function findUnclaimed(
  session: SqlSession,
  turbines: readonly TurbineRef[],
): Promise<{ readonly unknown: ReadonlySet<string>; readonly room: number }> {
  const unknown = new Set(turbines.map(nameTurbine));
  if (unknown.size === 0) return { unknown, room: 0 };
  const known = await session.rows(
    "SELECT site, turbine FROM turbine WHERE (site, turbine) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
    columnsOf(turbines, "site", "turbine"),
  );
  for (const row of known) unknown.delete(nameTurbine(row));
  if (unknown.size === 0) return { unknown, room: 0 };
  const [row] = await session.rows("SELECT COUNT(*) AS total FROM turbine WHERE gateway IS NULL");
  return { unknown, room: recordBounds.unclaimedTurbines - Number(row?.total) };
}

/** Stores what a gateway last said of itself, or the broker of it. */
export async function putStatus(session: SqlSession, status: GatewayStatus, seenMs: number): Promise<void> {
  if (status.online) {
    await session.run(
      `INSERT INTO gateway AS known (gateway, last_seen_ms, online, version, config_json, behind)
       VALUES ($1, $2, true, $3, $4, COALESCE($5, false))
       ON CONFLICT (gateway) DO UPDATE SET last_seen_ms = GREATEST(known.last_seen_ms, excluded.last_seen_ms),
         online = true, offline_ms = NULL, version = excluded.version, config_json = excluded.config_json,
         behind = COALESCE($5, known.behind)`,
      [
        status.gateway,
        Math.trunc(seenMs),
        status.version,
        JSON.stringify(status.config ?? null),
        isFarBehind(status.time, seenMs),
      ],
    );
    return;
  }
  // A last will is the broker's word that the gateway is gone: it does not count as having heard of it.
  await session.run(
    `INSERT INTO gateway AS known (gateway, last_seen_ms, online, offline_ms) VALUES ($1, 0, false, $2)
     ON CONFLICT (gateway) DO UPDATE SET online = false,
       offline_ms = COALESCE(CASE WHEN NOT known.online THEN known.offline_ms END, excluded.offline_ms)`,
    [status.gateway, seenMs > 0 ? Math.trunc(seenMs) : null],
  );
}

/** Points that are remembered with their numbers. */
const maxKnownPoints = 500_000;

/** Numbers of measuring points by {@link namePoint}. */
interface PointNumbers {
  /** Those that there are. */
  find(points: readonly PointId[]): Promise<ReadonlyMap<string, number>>;
  /** Makes those that there are not; apart from any other transaction, so that a number that is known is one that the table has. */
  make(points: readonly PointId[]): Promise<ReadonlyMap<string, number>>;
}

export function createPointNumbers(database: PostgresDatabase): PointNumbers {
  const known = new Map<string, number>();
  const find: PointNumbers["find"] = async (points) => {
    if (known.size > maxKnownPoints) known.clear();
    const unknown = new Map<string, PointId>();
    for (const point of points) {
      const name = namePoint(point);
      if (!known.has(name)) unknown.set(name, point);
    }
    if (unknown.size === 0) return known;
    const rows = await database.rows(
      `SELECT * FROM point WHERE (site, turbine, component) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))`,
      columnsOf([...unknown.values()], "site", "turbine", "component"),
    );
    for (const { id, site, turbine, component } of rows) {
      const point = { site: String(site), turbine: String(turbine), component: String(component) };
      known.set(namePoint(point), Number(id));
    }
    return known;
  };
  return {
    find,
    make: async (points) => {
      // Two that number the same points in another order may stand in each other's way: a transaction is tried again.
      await database.transaction((session) =>
        session.run(
          `INSERT INTO point (site, turbine, component) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
           ON CONFLICT DO NOTHING`,
          columnsOf(points, "site", "turbine", "component"),
        ),
      );
      return find(points);
    },
  };
}
