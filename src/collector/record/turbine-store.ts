/** What the fleet's store knows of turbines, and of their measuring points. */
import type { PointId } from "../../core/contract/stream.ts";
import type { TurbineState } from "../../core/contract/turbine-state.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";

/** A turbine as it was last heard of; says nothing of whether that is still true (see `turbine-view.ts`). */
export interface TurbineRow {
  readonly site: string;
  readonly turbine: string;
  /** Gateway that reported it, null before its first record. */
  readonly gateway: string | null;
  /** By the collector's clock. */
  readonly lastSeenMs: number;
  /** Last retained state, or null. */
  readonly state: TurbineState | null;
}

/** Reads and writes turbines and points. */
export interface TurbineStore {
  /** Notes that a record of a turbine came from a gateway. */
  touch(site: string, turbine: string, gateway: string, nowMs: number): void;
  putState(state: TurbineState, seenMs: number): void;
  list(): TurbineRow[];
  /** Number of a point, made at its first use. */
  pointNumber(point: PointId): number;
  /** Points of a turbine, in the order of their names. */
  points(site: string, turbine: string): { readonly number: number; readonly component: string }[];
}

/** Creates the store over an open, migrated database. */
export function createTurbineStore(database: SqliteDatabase): TurbineStore {
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
    touch: (site, turbine, gateway, nowMs) => {
      touch.run(site, turbine, gateway, Math.trunc(nowMs));
    },
    putState: (state, seenMs) => {
      putState.run(state.site, state.turbine, Math.trunc(seenMs), JSON.stringify(state));
    },
    list: () =>
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
    points: (site, turbine) =>
      points.all(site, turbine).map((row) => ({
        number: Number(row.id),
        component: String(row.component),
      })),
  };
}
