/** Lists of the machines in the field, in SQLite. Writes nothing. */
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import { briefState, type HeldState } from "../brief-state.ts";
import type { MachineRecord } from "../machine-record.ts";
import { fromGatewayRow, fromTurbineRow, nameTurbine } from "../machine-rows.ts";
import { textOrNull } from "../record-rules.ts";

/** Prepares the statements over a migrated database. */
export function createSqliteListing(database: SqliteDatabase): MachineRecord {
  const turbines = database.prepare("SELECT * FROM turbine ORDER BY site, turbine");
  const turbine = database.prepare("SELECT * FROM turbine WHERE site = ? AND turbine = ?");
  const count = database.prepare("SELECT COUNT(*) AS total FROM turbine");
  const selectGateways = `SELECT gateway, online, version, offline_ms, cloned_ms, health_json, MAX(last_seen_ms,
    COALESCE((SELECT MAX(last_seen_ms) FROM turbine WHERE turbine.gateway = gateway.gateway), 0)) AS seen_ms FROM gateway`;
  const gateways = database.prepare(`${selectGateways} ORDER BY gateway`);
  const gateway = database.prepare(`${selectGateways} WHERE gateway = ?`);
  let held: ReadonlyMap<string, HeldState> = new Map();
  return {
    turbines: async (only) => {
      const rows =
        only === undefined ? turbines.all() : only.flatMap((each) => turbine.all(each.site, each.turbine));
      return rows.map((row) => fromTurbineRow(row));
    },
    // The text itself tells whether a state changed: comparing is cheap, and reading one file as well.
    turbineBriefs: async () => {
      const next = new Map<string, HeldState>();
      const read = turbines.all().map((row) => {
        const name = nameTurbine(row);
        const json = textOrNull(row.state_json);
        const before = held.get(name);
        const version = json ?? "";
        const brief = before?.version === version ? before : { version, state: briefState(json) };
        next.set(name, brief);
        return fromTurbineRow(row, brief.state);
      });
      held = next;
      return read;
    },
    countTurbines: async () => Number(count.get()?.total),
    gateways: async (only) => {
      const rows = only === undefined ? gateways.all() : only.flatMap((each) => gateway.all(each));
      return rows.map(fromGatewayRow);
    },
  };
}
