/** Records in a PostgreSQL of a test, and what stands in it. */
import pg from "pg";
import { onTestFinished } from "vitest";
import type { FleetRecord } from "../../../src/collector/record/fleet-record.ts";
import {
  openPostgresRecord,
  type PostgresRecordOptions,
} from "../../../src/collector/record/postgres/postgres-record.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";

/** Limits as a collector has them, but shorter. */
export const limits = { connections: 4, statementTimeoutMs: 20_000, logger: silentLogger };

/** Opens the record, and closes it when the test has finished. */
export async function openAt(
  url: string,
  options: Partial<PostgresRecordOptions> = {},
): Promise<FleetRecord> {
  const record = await openPostgresRecord({ ...limits, url, ...options });
  onTestFinished(() => record.close());
  return record;
}

/** Takes the tables back to those of before their newest step. */
export const undoNewestStep = `ALTER TABLE event DROP COLUMN alert; ALTER TABLE outcome DROP COLUMN alert;
  ALTER TABLE alert_event DROP COLUMN gateway;`;

/** Takes the tables back to those of an older collector, whose next step changes one and takes so long. */
export async function slowNextStep(url: string, seconds: number): Promise<void> {
  await query(
    url,
    `${undoNewestStep}
     ALTER TABLE gateway DROP COLUMN behind; DROP TABLE baseline_renewal; DROP INDEX drift_period_of_point;
     DELETE FROM schema_step WHERE version > 11`,
  );
  await query(
    url,
    `CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF current_query() LIKE '%COLUMN behind%' THEN PERFORM pg_sleep(${seconds}); END IF; END $$;
     CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION wait()`,
  );
}

/** The rows of a query, over a connection of its own. */
export async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
