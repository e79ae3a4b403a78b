/** Lists of the machines in the field, in PostgreSQL. Writes nothing. */
import { briefState, type HeldState } from "../brief-state.ts";
import type { MachineRecord, TurbineRef } from "../machine-record.ts";
import { fromGatewayRow, fromTurbineRow, nameTurbine } from "../machine-rows.ts";
import { textOrNull } from "../record-rules.ts";
import type { PostgresDatabase, PostgresRow } from "./postgres-database.ts";
import { inOneEra, rememberByEra } from "./postgres-era.ts";
import { columnsOf } from "./postgres-values.ts";

/** States that are read in one statement. */
const statesAtOnce = 1_000;

export function createPostgresListing(database: PostgresDatabase): MachineRecord {
  const recall = rememberByEra(database, () => ({ states: new Map<string, HeldState>() }));
  const readBriefs = async (held: PostgresDatabase): ReturnType<MachineRecord["turbineBriefs"]> => {
    const memory = recall();
    const rows = await held.rows(
      `SELECT site, turbine, gateway, last_seen_ms, unwatched_ms, twinned_ms, twins_json, xmin::text AS version
       FROM turbine ORDER BY site, turbine`,
    );
    const next = new Map<string, HeldState>();
    const changed: PostgresRow[] = [];
    for (const row of rows) {
      const before = memory.states.get(nameTurbine(row));
      if (before !== undefined && before.version === row.version) next.set(nameTurbine(row), before);
      else changed.push(row);
    }
    const newer = new Map<string, PostgresRow>();
    for (let from = 0; from < changed.length; from += statesAtOnce) {
      const part = changed.slice(from, from + statesAtOnce) as unknown as readonly TurbineRef[];
      for (const { state_json, ...row } of await readTurbines(held, part)) {
        const state = briefState(textOrNull(state_json));
        next.set(nameTurbine(row), { version: String(row.version), state });
        newer.set(nameTurbine(row), row);
      }
    }
    memory.states = next;
    return rows.map((row) =>
      fromTurbineRow(newer.get(nameTurbine(row)) ?? row, next.get(nameTurbine(row))?.state ?? null),
    );
  };
  return {
    turbines: async (only) => {
      const rows =
        only === undefined
          ? await database.rows("SELECT * FROM turbine ORDER BY site, turbine")
          : await readTurbines(database, only);
      return rows.map((row) => fromTurbineRow(row));
    },
    turbineBriefs: () => inOneEra(database, readBriefs),
    countTurbines: async () =>
      Number((await database.rows("SELECT COUNT(*) AS total FROM turbine"))[0]?.total),
    gateways: async (only) => {
      const rows =
        only === undefined
          ? await database.rows(`${selectGateways} ORDER BY gateway`)
          : await database.rows(`${selectGateways} WHERE gateway = ANY ($1::text[])`, [only]);
      return rows.map(fromGatewayRow);
    },
  };
}

const selectGateways = `SELECT gateway, online, version, offline_ms, cloned_ms, health_json, GREATEST(last_seen_ms,
    (SELECT MAX(received_ms) FROM uplink_progress WHERE uplink_progress.gateway = gateway.gateway),
    (SELECT MAX(last_seen_ms) FROM turbine WHERE turbine.gateway = gateway.gateway)) AS seen_ms FROM gateway`;

/** With the version of each: a row that was written again has another. */
function readTurbines(
  database: PostgresDatabase,
  only: readonly TurbineRef[],
): Promise<readonly PostgresRow[]> {
  return database.rows(
    `SELECT *, xmin::text AS version FROM turbine
     WHERE (site, turbine) IN (SELECT * FROM unnest($1::text[], $2::text[]))`,
    columnsOf(only, "site", "turbine"),
  );
}
