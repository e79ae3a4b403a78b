/**
 * What becomes of a record whose database is another one while it is used: an older copy has its tables changed, and nothing is stored
 * in tables that are not whole, as under a restore. Makes no tables where there are none: a copy may be about to go there.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import { migratePostgres, newestStep } from "./postgres-schema.ts";

/** @throws AuroraError STORE where the tables are not whole, or those of another collector */
export async function requireTables(session: SqlSession): Promise<void> {
  const version = await readStep(session);
  if (version === newestStep) return;
  throw new AuroraError("STORE", `the tables are those of schema version ${version}, not ${newestStep}`, {
    op: "use the record's database",
    hint: "It is tried again: a collector that follows states changes those of an older copy within a minute.",
  });
}

/**
 * Changes the tables where they are those of an older collector.
 * @throws AuroraError STORE where they are not whole, or those of a newer one
 */
export async function renewTables(database: PostgresDatabase, logger: Logger): Promise<void> {
  const version = await database.transaction(readStep, { anyTables: true });
  if (version !== newestStep) await migratePostgres(database, logger);
}

async function readStep(session: SqlSession): Promise<number> {
  // A copy gets its foreign keys last.
  const [found] = await session.rows(
    `SELECT to_regclass('schema_step') IS NOT NULL AND count(*) >= 2 AS whole FROM pg_constraint
     WHERE contype = 'f' AND conrelid IN (to_regclass('alert_event'), to_regclass('drift_cell'))`,
  );
  const [row] = found?.whole ? await session.rows("SELECT MAX(version) AS version FROM schema_step") : [];
  if (typeof row?.version === "number") return row.version;
  throw new AuroraError("STORE", "the database is empty, or its tables are not whole", {
    op: "use the record's database",
    hint: "Wait until its copy is restored. If there is none, start the collector again, which makes the tables.",
  });
}
