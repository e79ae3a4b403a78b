/** What is known of the machines in the field, in SQLite: gateways and how far their lanes are stored, turbines, points. */
import type { PointId } from "../../../core/contract/stream.ts";
import type { GatewayStatus, TurbineState } from "../../../core/contract/turbine-state.ts";
import type { HealthRecord, UplinkEnvelope } from "../../../core/contract/uplink-record.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { RecordedGateway, RecordedTurbine, TurbineRef } from "../fleet-record.ts";

/** One life of a gateway's outbox. */
type LaneKey = Pick<UplinkEnvelope, "gateway" | "bootId" | "lane">;

/** A measuring point by the number that stands for it in other tables. */
export interface NumberedPoint {
  readonly number: number;
  readonly component: string;
}

export interface SqliteMachines {
  /** Highest stored sequence, or null when this lane was never heard of. */
  watermark(key: LaneKey): number | null;
  setWatermark(key: LaneKey, sequence: number): void;
  /** Notes that something came from a gateway. */
  touchGateway(gateway: string, nowMs: number): void;
  putStatus(status: GatewayStatus, seenMs: number): void;
  putHealth(gateway: string, health: HealthRecord): void;
  gateways(): RecordedGateway[];
  /** Notes that a record of a turbine came from a gateway. */
  touchTurbine(turbine: TurbineRef, from: { readonly gateway: string; readonly nowMs: number }): void;
  putState(state: TurbineState, seenMs: number): void;
  turbines(): RecordedTurbine[];
  /** Number of a point, made at its first use. */
  pointNumber(point: PointId): number;
  /** Points of a turbine, in the order of their components. */
  points(turbine: TurbineRef): NumberedPoint[];
}

/** Prepares the statements over a migrated database. */
export function createSqliteMachines(database: SqliteDatabase): SqliteMachines {
  return { ...createWatermarks(database), ...createGateways(database), ...createTurbines(database) };
}

function createWatermarks(database: SqliteDatabase): Pick<SqliteMachines, "watermark" | "setWatermark"> {
  const get = database.prepare(
    "SELECT sequence FROM uplink_progress WHERE gateway = ? AND boot_id = ? AND lane = ?",
  );
  const set = database.prepare(
    "INSERT OR REPLACE INTO uplink_progress (gateway, boot_id, lane, sequence) VALUES (?, ?, ?, ?)",
  );
  return {
    watermark: ({ gateway, bootId, lane }) => {
      const row = get.get(gateway, bootId, lane);
      return row === undefined ? null : Number(row.sequence);
    },
    setWatermark: ({ gateway, bootId, lane }, sequence) => {
      set.run(gateway, bootId, lane, sequence);
    },
  };
}

function createGateways(
  database: SqliteDatabase,
): Pick<SqliteMachines, "touchGateway" | "putStatus" | "putHealth" | "gateways"> {
  const touch = database.prepare(
    `INSERT INTO gateway (gateway, last_seen_ms) VALUES (?, ?)
     ON CONFLICT (gateway) DO UPDATE SET last_seen_ms = MAX(last_seen_ms, excluded.last_seen_ms)`,
  );
  const putOnline = database.prepare(
    "UPDATE gateway SET online = 1, version = ?, config_json = ? WHERE gateway = ?",
  );
  const putOffline = database.prepare("UPDATE gateway SET online = 0 WHERE gateway = ?");
  const insertSilently = database.prepare(
    "INSERT INTO gateway (gateway, last_seen_ms) VALUES (?, 0) ON CONFLICT (gateway) DO NOTHING",
  );
  const putHealth = database.prepare("UPDATE gateway SET health_json = ?, health_ms = ? WHERE gateway = ?");
  const list = database.prepare("SELECT * FROM gateway ORDER BY gateway");
  return {
    touchGateway: (gateway, nowMs) => {
      touch.run(gateway, Math.trunc(nowMs));
    },
    putStatus: (status, seenMs) => {
      if (status.online) {
        touch.run(status.gateway, Math.trunc(seenMs));
        putOnline.run(status.version, JSON.stringify(status.config ?? null), status.gateway);
        return;
      }
      // A last will is the broker's word that the gateway is gone: it does not count as having heard of it.
      insertSilently.run(status.gateway);
      putOffline.run(status.gateway);
    },
    putHealth: (gateway, health) => {
      const { kind: _, ...rest } = health;
      // A lane is stored in order: the last one is the newest, whatever the gateway's clock did in between.
      putHealth.run(JSON.stringify(rest), Math.trunc(health.timeMs), gateway);
    },
    gateways: () =>
      list.all().map((row) => ({
        gateway: String(row.gateway),
        online: row.online === null ? null : row.online === 1,
        version: row.version === null ? null : String(row.version),
        lastSeenMs: Number(row.last_seen_ms),
        health: row.health_json === null ? null : JSON.parse(String(row.health_json)),
      })),
  };
}

function createTurbines(
  database: SqliteDatabase,
): Pick<SqliteMachines, "touchTurbine" | "putState" | "turbines" | "pointNumber" | "points"> {
  const touch = database.prepare(
    `INSERT INTO turbine (site, turbine, gateway, last_seen_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (site, turbine) DO UPDATE
     SET gateway = excluded.gateway, last_seen_ms = MAX(last_seen_ms, excluded.last_seen_ms)`,
  );
  const putState = database.prepare(
    `INSERT INTO turbine (site, turbine, last_seen_ms, state_json) VALUES (?, ?, ?, ?)
     ON CONFLICT (site, turbine) DO UPDATE
     SET state_json = excluded.state_json, last_seen_ms = MAX(last_seen_ms, excluded.last_seen_ms)`,
  );
  const list = database.prepare("SELECT * FROM turbine ORDER BY site, turbine");
  const insertPoint = database.prepare(
    "INSERT INTO point (site, turbine, component) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
  );
  const findPoint = database.prepare("SELECT id FROM point WHERE site = ? AND turbine = ? AND component = ?");
  const points = database.prepare(
    "SELECT id, component FROM point WHERE site = ? AND turbine = ? ORDER BY component",
  );
  return {
    touchTurbine: ({ site, turbine }, { gateway, nowMs }) => {
      touch.run(site, turbine, gateway, Math.trunc(nowMs));
    },
    putState: (state, seenMs) => {
      putState.run(state.site, state.turbine, Math.trunc(seenMs), JSON.stringify(state));
    },
    turbines: () =>
      list.all().map((row) => ({
        site: String(row.site),
        turbine: String(row.turbine),
        gateway: row.gateway === null ? null : String(row.gateway),
        lastSeenMs: Number(row.last_seen_ms),
        state: row.state_json === null ? null : (JSON.parse(String(row.state_json)) as TurbineState),
      })),
    // Not cached: a rolled-back transaction would leave a number that the table does not have.
    pointNumber: ({ site, turbine, component }) => {
      const found = findPoint.get(site, turbine, component);
      if (found !== undefined) return Number(found.id);
      return insertPoint.run(site, turbine, component).lastInsertRowid;
    },
    points: ({ site, turbine }) =>
      points.all(site, turbine).map((row) => ({ number: Number(row.id), component: String(row.component) })),
  };
}
