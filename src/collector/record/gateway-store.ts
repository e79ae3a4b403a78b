/** What the fleet's store knows of gateways: online or not, version, configuration, last health. */
import type { GatewayStatus } from "../../core/contract/turbine-state.ts";
import type { HealthRecord } from "../../core/contract/uplink-record.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** A gateway as the API shows it. */
export interface GatewayView {
  readonly gateway: string;
  /** What its last status said; null before the first. */
  readonly online: boolean | null;
  readonly version: string | null;
  /** Last message of any kind, by the collector's clock. */
  readonly lastSeenMs: number;
  /** Last health record, or null. */
  readonly health: Omit<HealthRecord, "kind"> | null;
}

/** Reads and writes gateways. */
export interface GatewayStore {
  /** Notes that something came from a gateway. */
  touch(gateway: string, nowMs: number): void;
  putStatus(status: GatewayStatus, seenMs: number): void;
  putHealth(gateway: string, health: HealthRecord): void;
  list(): GatewayView[];
}

/** Creates the store over an open, migrated database. */
export function createGatewayStore(database: SqliteDatabase): GatewayStore {
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
    touch: (gateway, nowMs) => {
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
    list: () =>
      list.all().map((row) => ({
        gateway: String(row.gateway),
        online: row.online === null ? null : row.online === 1,
        version: row.version === null ? null : String(row.version),
        lastSeenMs: Number(row.last_seen_ms),
        health: row.health_json === null ? null : JSON.parse(String(row.health_json)),
      })),
  };
}
