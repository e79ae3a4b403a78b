/** What is known of the machines in the field, in SQLite: gateways and how far their lanes are stored, turbines, points. */
import type { PointId } from "../../../core/contract/stream.ts";
import type { GatewayStatus, TurbineState } from "../../../core/contract/turbine-state.ts";
import { type HealthRecord, memoryLifePrefix } from "../../../core/contract/uplink-record.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import { isFarBehind, toldAgainMs } from "../clock-rules.ts";
import { areTwo, fromTwinRow, stepTwins, type TwinSign } from "../clone-rules.ts";
import type { LaneKey } from "../fleet-record.ts";
import type { TurbineRef } from "../machine-record.ts";
import { recordBounds, refuseBeyond, unclaimedError } from "../record-bounds.ts";
import { numberOrNull } from "../record-rules.ts";

/** A measuring point by the number that stands for it in other tables. */
export interface NumberedPoint {
  readonly number: number;
  readonly component: string;
}

/** When a state was heard of: a retained one at its own time. */
interface HeardAt {
  readonly seenMs: number;
  readonly nowMs: number;
}

/** How many more turbines may be known by their states alone. */
interface UnclaimedRoom {
  left: number;
}

export interface SqliteMachines {
  /** Highest stored sequence, or null when this lane was never heard of. */
  watermark(key: LaneKey): number | null;
  /** The same over its gateway's other lives, but those of memory. */
  highestOfOtherLives(key: LaneKey): number | null;
  /** Of a gateway of too many lives the one that was silent for longest is forgotten. */
  setWatermark(key: LaneKey, step: { readonly sequence: number; readonly nowMs: number }): void;
  /** Notes that something came from a gateway. */
  touchGateway(gateway: string, nowMs: number): void;
  putStatus(status: GatewayStatus, seenMs: number): void;
  /** Was a gateway's clock far behind when it last said the time? */
  isBehind(gateway: string): boolean;
  /** Is it long ago that people were told of a gateway's clock? Then they are told now. */
  isClockNews(gateway: string, nowMs: number): boolean;
  /** Notes a sign of two gateways under one id; is it the first for a while? */
  isCloneNews(gateway: string, seenMs: number): boolean;
  putHealth(gateway: string, health: HealthRecord): void;
  /** Notes that a record of a turbine came from a gateway. @throws RecordRefusedError for a turbine beyond its gateway's bound */
  touchTurbine(turbine: TurbineRef, from: { readonly gateway: string; readonly nowMs: number }): void;
  /** Room for turbines that no envelope has named yet; for one transaction. */
  unclaimedRoom(): UnclaimedRoom;
  /** @throws RecordRefusedError for one more turbine than there is room for */
  putState(state: TurbineState, heard: HeardAt, room: UnclaimedRoom): void;
  /** Notes that a gateway spoke of a known turbine after another; are people to be told of two? */
  isTwinNews(turbine: TurbineRef, sign: TwinSign): boolean;
  /** Forgets the state of a turbine that nobody watches any more; one that is not known stays so. */
  takeStateBack(turbine: TurbineRef, seenMs: number): void;
  /** Number of a point, made at its first use. @throws RecordRefusedError for a point beyond its turbine's bound */
  pointNumber(point: PointId): number;
  /** Notes that predictions of these failure modes came. @throws RecordRefusedError for a mode beyond its point's bound */
  noteModes(point: number, failureModes: readonly string[], nowMs: number): void;
  /** Forgets failure modes that were last heard of before `beforeMs`. */
  pruneModes(beforeMs: number): void;
  /** Points of a turbine, in the order of their components. */
  points(turbine: TurbineRef): NumberedPoint[];
}

/** Prepares the statements over a migrated database. */
export function createSqliteMachines(database: SqliteDatabase): SqliteMachines {
  return {
    ...createWatermarks(database),
    ...createGateways(database),
    ...createTurbines(database),
    ...createPoints(database),
  };
}

function createWatermarks(
  database: SqliteDatabase,
): Pick<SqliteMachines, "watermark" | "highestOfOtherLives" | "setWatermark"> {
  const get = database.prepare(
    "SELECT sequence FROM uplink_progress WHERE gateway = ? AND boot_id = ? AND lane = ?",
  );
  const others = database.prepare(
    `SELECT MAX(sequence) AS sequence FROM uplink_progress
     WHERE gateway = ? AND lane = ? AND boot_id <> ? AND boot_id NOT LIKE '${memoryLifePrefix}%'`,
  );
  const set = database.prepare(
    "INSERT OR REPLACE INTO uplink_progress (gateway, boot_id, lane, sequence, seen_ms) VALUES (?, ?, ?, ?, ?)",
  );
  const known = database.prepare("SELECT 1 FROM uplink_progress WHERE gateway = ? AND boot_id = ? LIMIT 1");
  const lives = database.prepare(
    "SELECT boot_id FROM uplink_progress WHERE gateway = ? GROUP BY boot_id ORDER BY MAX(seen_ms)",
  );
  const forget = database.prepare("DELETE FROM uplink_progress WHERE gateway = ? AND boot_id = ?");
  return {
    watermark: ({ gateway, bootId, lane }) => {
      const row = get.get(gateway, bootId, lane);
      return row === undefined ? null : Number(row.sequence);
    },
    highestOfOtherLives: ({ gateway, bootId, lane }) =>
      numberOrNull(others.get(gateway, lane, bootId)!.sequence),
    setWatermark: ({ gateway, bootId, lane }, { sequence, nowMs }) => {
      if (known.get(gateway, bootId) === undefined) {
        const own = lives.all(gateway);
        for (const { boot_id } of own.slice(0, Math.max(0, own.length + 1 - recordBounds.livesPerGateway))) {
          forget.run(gateway, boot_id!);
        }
      }
      set.run(gateway, bootId, lane, sequence, Math.trunc(nowMs));
    },
  };
}

function createGateways(
  database: SqliteDatabase,
): Pick<
  SqliteMachines,
  "touchGateway" | "putStatus" | "isBehind" | "isClockNews" | "isCloneNews" | "putHealth"
> {
  const touch = database.prepare(
    `INSERT INTO gateway (gateway, last_seen_ms) VALUES (?, ?)
     ON CONFLICT (gateway) DO UPDATE SET last_seen_ms = MAX(last_seen_ms, excluded.last_seen_ms)`,
  );
  const putOnline = database.prepare(
    `UPDATE gateway SET online = 1, offline_ms = NULL, version = ?, config_json = ?, behind = COALESCE(?, behind)
     WHERE gateway = ?`,
  );
  const behind = database.prepare("SELECT 1 FROM gateway WHERE gateway = ? AND behind = 1");
  // Who says it again, or again to one that was away, does not say since when. An older collector leaves the time at one that is back.
  const putOffline = database.prepare(
    `UPDATE gateway SET online = 0, offline_ms = COALESCE(CASE WHEN online = 0 THEN offline_ms END, ?)
     WHERE gateway = ?`,
  );
  const insertSilently = database.prepare(
    "INSERT INTO gateway (gateway, last_seen_ms) VALUES (?, 0) ON CONFLICT (gateway) DO NOTHING",
  );
  const noteClock = database.prepare(
    "UPDATE gateway SET clock_told_ms = ? WHERE gateway = ? AND clock_told_ms <= ?",
  );
  const lastClone = database.prepare("SELECT cloned_ms FROM gateway WHERE gateway = ?");
  const noteClone = database.prepare("UPDATE gateway SET cloned_ms = ? WHERE gateway = ?");
  const putHealth = database.prepare("UPDATE gateway SET health_json = ?, health_ms = ? WHERE gateway = ?");
  return {
    touchGateway: (gateway, nowMs) => {
      touch.run(gateway, Math.trunc(nowMs));
    },
    putStatus: (status, seenMs) => {
      if (status.online) {
        touch.run(status.gateway, Math.trunc(seenMs));
        const said = numberOrNull(isFarBehind(status.time, seenMs));
        putOnline.run(status.version, JSON.stringify(status.config ?? null), said, status.gateway);
        return;
      }
      // A last will is the broker's word that the gateway is gone: it does not count as having heard of it.
      insertSilently.run(status.gateway);
      putOffline.run(seenMs > 0 ? Math.trunc(seenMs) : null, status.gateway);
    },
    isBehind: (gateway) => behind.get(gateway) !== undefined,
    isClockNews: (gateway, nowMs) =>
      noteClock.run(Math.trunc(nowMs), gateway, Math.trunc(nowMs - toldAgainMs)).changes > 0,
    isCloneNews: (gateway, seenMs) => {
      const before = numberOrNull(lastClone.get(gateway)?.cloned_ms);
      noteClone.run(Math.trunc(seenMs), gateway);
      return !areTwo(before, seenMs);
    },
    putHealth: (gateway, health) => {
      const { kind: _, ...rest } = health;
      // A lane is stored in order: the last one is the newest, whatever the gateway's clock did in between.
      putHealth.run(JSON.stringify(rest), Math.trunc(health.timeMs), gateway);
    },
  };
}

function createTurbines(
  database: SqliteDatabase,
): Pick<SqliteMachines, "touchTurbine" | "unclaimedRoom" | "putState" | "isTwinNews" | "takeStateBack"> {
  const touch = database.prepare(
    `INSERT INTO turbine (site, turbine, gateway, last_seen_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (site, turbine) DO UPDATE SET gateway = excluded.gateway, last_seen_ms = excluded.last_seen_ms`,
  );
  // What was heard later than now was so by a clock that was set back since: it must not pass for a sign of life until then.
  const putState = database.prepare(
    `INSERT INTO turbine (site, turbine, last_seen_ms, state_json) VALUES (?, ?, ?, ?)
     ON CONFLICT (site, turbine) DO UPDATE
     SET state_json = excluded.state_json, unwatched_ms = NULL,
       last_seen_ms = MAX(CASE WHEN last_seen_ms <= ? THEN last_seen_ms ELSE 0 END, excluded.last_seen_ms)`,
  );
  const takeBack = database.prepare(
    "UPDATE turbine SET state_json = NULL, unwatched_ms = ? WHERE site = ? AND turbine = ?",
  );
  const lastTwins = database.prepare(
    "SELECT twinned_ms, twins_json FROM turbine WHERE site = ? AND turbine = ?",
  );
  const noteTwins = database.prepare(
    "UPDATE turbine SET twinned_ms = ?, twins_json = ? WHERE site = ? AND turbine = ?",
  );
  const owner = database.prepare("SELECT gateway FROM turbine WHERE site = ? AND turbine = ?");
  const countOwned = database.prepare("SELECT COUNT(*) AS total FROM turbine WHERE gateway = ?");
  const countUnclaimed = database.prepare("SELECT COUNT(*) AS total FROM turbine WHERE gateway IS NULL");
  return {
    touchTurbine: ({ site, turbine }, { gateway, nowMs }) => {
      if (owner.get(site, turbine)?.gateway !== gateway) {
        refuseBeyond("turbinesPerGateway", Number(countOwned.get(gateway)?.total));
      }
      touch.run(site, turbine, gateway, Math.trunc(nowMs));
    },
    // Counted once a transaction: many states come at once.
    unclaimedRoom: () => ({ left: recordBounds.unclaimedTurbines - Number(countUnclaimed.get()?.total) }),
    putState: (state, { seenMs, nowMs }, room) => {
      if (owner.get(state.site, state.turbine) === undefined) room.left -= 1;
      if (room.left < 0) {
        room.left = 0;
        throw unclaimedError(state);
      }
      const { site, turbine } = state;
      putState.run(site, turbine, Math.trunc(seenMs), JSON.stringify(state), Math.trunc(nowMs));
    },
    isTwinNews: ({ site, turbine }, sign) => {
      const { twins, isNews } = stepTwins(fromTwinRow(lastTwins.get(site, turbine)), sign);
      noteTwins.run(Math.trunc(sign.seenMs), JSON.stringify(twins), site, turbine);
      return isNews;
    },
    takeStateBack: ({ site, turbine }, seenMs) => {
      takeBack.run(Math.trunc(seenMs), site, turbine);
    },
  };
}

function createPoints(
  database: SqliteDatabase,
): Pick<SqliteMachines, "pointNumber" | "points" | "noteModes" | "pruneModes"> {
  const insertPoint = database.prepare(
    "INSERT INTO point (site, turbine, component) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const findPoint = database.prepare("SELECT id FROM point WHERE site = ? AND turbine = ? AND component = ?");
  const points = database.prepare(
    "SELECT id, component FROM point WHERE site = ? AND turbine = ? ORDER BY component",
  );
  const countPoints = database.prepare("SELECT COUNT(*) AS total FROM point WHERE site = ? AND turbine = ?");
  const heard = database.prepare("SELECT heard_ms FROM point_mode WHERE point = ? AND failure_mode = ?");
  const countModes = database.prepare("SELECT COUNT(*) AS total FROM point_mode WHERE point = ?");
  const note = database.prepare(
    "INSERT OR REPLACE INTO point_mode (point, failure_mode, heard_ms) VALUES (?, ?, ?)",
  );
  const pruneModes = database.prepare("DELETE FROM point_mode WHERE heard_ms < ?");
  return {
    // Not cached: a rolled-back transaction would leave a number that the table does not have.
    pointNumber: ({ site, turbine, component }) => {
      const found = findPoint.get(site, turbine, component);
      if (found !== undefined) return Number(found.id);
      refuseBeyond("pointsPerTurbine", Number(countPoints.get(site, turbine)?.total));
      return insertPoint.run(site, turbine, component).lastInsertRowid;
    },
    noteModes: (point, failureModes, nowMs) => {
      for (const failureMode of failureModes) {
        const row = heard.get(point, failureMode);
        if (row !== undefined && nowMs - Number(row.heard_ms) < dayMs) continue;
        if (row === undefined) {
          refuseBeyond("modesPerPoint", Number(countModes.get(point)?.total));
        }
        note.run(point, failureMode, Math.trunc(nowMs));
      }
    },
    // A day more: they are not noted oftener than that.
    pruneModes: (beforeMs) => {
      pruneModes.run(Math.trunc(beforeMs - dayMs));
    },
    points: ({ site, turbine }) =>
      points.all(site, turbine).map((row) => ({ number: Number(row.id), component: String(row.component) })),
  };
}
