/** Which raw evidence there is, in SQLite. */
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { EvidenceQuery, EvidenceRecord } from "../evidence-record.ts";
import {
  evidenceColumns as columns,
  fromEvidenceRow as fromRow,
  toEvidenceRow as toRow,
  toEvidenceShare as toShare,
} from "../evidence-rows.ts";

/** Creates the part of the record over an open, migrated database. */
export function createSqliteEvidence(database: SqliteDatabase): EvidenceRecord {
  const insert = database.prepare(
    `INSERT OR IGNORE INTO evidence (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  const find = database.prepare("SELECT * FROM evidence WHERE id = ?");
  const ids = database.prepare("SELECT id FROM evidence WHERE id >= ? AND id < ? ORDER BY id");
  const oldest = database.prepare(
    `SELECT * FROM evidence WHERE kind = COALESCE(?, kind) AND gateway = COALESCE(?, gateway)
     ORDER BY stored_ms, id LIMIT ?`,
  );
  const shares = database.prepare(
    "SELECT gateway, COUNT(*) AS count, SUM(bytes) AS bytes FROM evidence GROUP BY gateway ORDER BY gateway",
  );
  const remove = database.prepare("DELETE FROM evidence WHERE id = ?");
  return {
    putEvidence: async (evidence) => {
      insert.run(...toRow(evidence));
    },
    evidence: async (query) => {
      const { where, values } = selectBy(query);
      const total = database.prepare(`SELECT COUNT(*) AS total FROM evidence ${where}`).get(...values);
      const rows = database
        .prepare(`SELECT * FROM evidence ${where} ORDER BY stored_ms DESC, id LIMIT ? OFFSET ?`)
        .all(...values, query.limit, query.offset);
      return { total: Number(total?.total ?? 0), items: rows.map(fromRow) };
    },
    findEvidence: async (id) => {
      const row = find.get(id);
      return row === undefined ? null : fromRow(row);
    },
    // No digit comes after f.
    evidenceIds: async (digits) => ids.all(digits, `${digits}g`).map(({ id }) => String(id)),
    oldestEvidence: async ({ kind = null, gateway = null, limit }) =>
      oldest.all(kind, gateway, limit).map(fromRow),
    evidenceShares: async () => shares.all().map(toShare),
    forgetEvidence: async (ids) =>
      database.transaction(() => {
        for (const id of ids) remove.run(id);
      }),
  };
}

function selectBy(query: EvidenceQuery): { where: string; values: string[] } {
  const { site, turbine, component, kind, alert, request } = query;
  const wanted = Object.entries({ site, turbine, component, kind, alert, request }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const where = wanted.length === 0 ? "" : `WHERE ${wanted.map(([name]) => `${name} = ?`).join(" AND ")}`;
  return { where, values: wanted.map(([, value]) => value) };
}
