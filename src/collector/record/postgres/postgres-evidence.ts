/** Which raw evidence there is, in PostgreSQL. */
import type { EvidenceRecord } from "../evidence-record.ts";
import { evidenceColumns, fromEvidenceRow, toEvidenceRow, toEvidenceShare } from "../evidence-rows.ts";
import type { SqlSession } from "./postgres-database.ts";

/** Creates the part of the record over a database that is of the newest schema. */
export function createPostgresEvidence(session: SqlSession): EvidenceRecord {
  const places = evidenceColumns.map((_, index) => `$${index + 1}`).join(", ");
  const where = `FROM evidence WHERE ($1::text IS NULL OR site = $1) AND ($2::text IS NULL OR turbine = $2)
    AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR alert = $4)
    AND ($5::text IS NULL OR component = $5) AND ($6::text IS NULL OR request = $6)`;
  return {
    putEvidence: async (evidence) => {
      await session.run(
        `INSERT INTO evidence (${evidenceColumns.join(", ")}) VALUES (${places}) ON CONFLICT (id) DO NOTHING`,
        toEvidenceRow(evidence),
      );
    },
    evidence: async (query) => {
      const { site = null, turbine = null, kind = null, alert = null, limit, offset } = query;
      const { component = null, request = null } = query;
      const filter = [site, turbine, kind, alert, component, request];
      const [count] = await session.rows(`SELECT COUNT(*) AS total ${where}`, filter);
      const rows = await session.rows(`SELECT * ${where} ORDER BY stored_ms DESC, id LIMIT $7 OFFSET $8`, [
        ...filter,
        limit,
        offset,
      ]);
      return { total: Number(count?.total), items: rows.map(fromEvidenceRow) };
    },
    findEvidence: async (id) => {
      const [row] = await session.rows("SELECT * FROM evidence WHERE id = $1", [id]);
      return row === undefined ? null : fromEvidenceRow(row);
    },
    evidenceIds: async (digits) => {
      // No digit comes after f.
      const range = [digits, `${digits}g`];
      const rows = await session.rows(
        "SELECT id FROM evidence WHERE id >= $1 AND id < $2 ORDER BY id",
        range,
      );
      return rows.map(({ id }) => String(id));
    },
    oldestEvidence: async ({ kind = null, gateway = null, limit }) => {
      const rows = await session.rows(
        `SELECT * FROM evidence WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR gateway = $2)
         ORDER BY stored_ms, id LIMIT $3`,
        [kind, gateway, limit],
      );
      return rows.map(fromEvidenceRow);
    },
    evidenceShares: async () => {
      const rows = await session.rows(
        `SELECT gateway, COUNT(*) AS count, SUM(bytes)::bigint AS bytes FROM evidence
         GROUP BY gateway ORDER BY gateway COLLATE "C"`,
      );
      return rows.map(toEvidenceShare);
    },
    forgetEvidence: async (ids) => {
      await session.run("DELETE FROM evidence WHERE id = ANY ($1::text[])", [ids]);
    },
  };
}
