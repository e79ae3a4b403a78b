/**
 * TimescaleDB, where a database has it: predictions as they were sent, nearly all of what a record takes, then stand in a
 * hypertable, whose chunks are days of arrival as partitions are elsewhere, and which the extension compresses when they are
 * over. Found, not configured, and never required: a table that is there already stays what it is.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import type { SqlSession } from "./postgres-database.ts";
import { sqlState } from "./postgres-errors.ts";

/** The extension as a database has it. */
interface Timescale {
  readonly version: string;
  /** Its functions are there, quoted; they need not be on the search path. */
  readonly schema: string;
  /** Has it compression? Its Apache edition has not. */
  readonly compresses: boolean;
}

/** What days of predictions are: partitions of the server's own, or chunks of a hypertable. */
export type PredictionDays = "partitions" | "chunks";

/** Syntax, rights and objects that are not as expected; what is not supported; what the extension itself refuses. */
const refusals = /^(42|0A|TS)/;
const op = "open the record's database";

/**
 * Says what a record's predictions stand in, and makes it a hypertable first where the record is `new` and can have one. In
 * the transaction that makes the tables.
 * @throws AuroraError STORE when the extension is there but the server has not loaded it
 */
export async function settlePredictionDays(
  session: SqlSession,
  { isNew, logger }: { readonly isNew: boolean; readonly logger: Logger },
): Promise<PredictionDays> {
  const timescale = await findTimescale(session);
  if (isNew && timescale !== null) await makeHypertable(session, timescale, logger);
  const [table] = await session.rows("SELECT relkind FROM pg_class WHERE oid = 'prediction'::regclass");
  if (table?.relkind === "p") {
    if (timescale !== null && !isNew) {
      logger.info("TimescaleDB is there; this record was made without it, and keeps its partitions");
    }
    return "partitions";
  }
  if (timescale === null) {
    throw new AuroraError("STORE", "the record was made with TimescaleDB, which its database has no more", {
      op,
      hint: "Restore the database with the extension, or give the collector another one.",
    });
  }
  return "chunks";
}

/** The extension; null: the database has none. Before any other statement, which the server would end without a word of why. */
export async function findTimescale(session: SqlSession): Promise<Timescale | null> {
  const [row] = await session.rows(
    `SELECT extversion AS version, quote_ident(nspname) AS schema, current_setting('timescaledb.license', true) AS edition
     FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'timescaledb'`,
  );
  if (row === undefined) return null;
  if (row.edition === null) {
    throw new AuroraError(
      "STORE",
      "the database has the extension timescaledb, but its server has not loaded it",
      {
        op,
        hint: "Add timescaledb to shared_preload_libraries and restart the server, or use a database without the extension.",
      },
    );
  }
  return {
    version: String(row.version),
    schema: String(row.schema),
    compresses: row.edition === "timescale",
  };
}

/** Puts a hypertable in the place of the table that has just been made; leaves that where the server refuses. */
async function makeHypertable(session: SqlSession, timescale: Timescale, logger: Logger): Promise<void> {
  const { version, schema, compresses } = timescale;
  await session.exec("SAVEPOINT hypertable");
  try {
    await session.exec(
      `ALTER TABLE prediction RENAME TO prediction_partitioned;
       CREATE TABLE prediction (LIKE prediction_partitioned INCLUDING ALL);
       DROP TABLE prediction_partitioned;
       SELECT ${schema}.create_hypertable('prediction', 'day', chunk_time_interval => 1, create_default_indexes => false)`,
    );
    if (compresses) await session.exec(compression(schema));
    logger.info("predictions stand in a hypertable of TimescaleDB", { version, compresses });
  } catch (error) {
    if (!refusals.test(sqlState(error) ?? "")) throw error;
    await session.exec("ROLLBACK TO SAVEPOINT hypertable");
    logger.warn("TimescaleDB is there, but refuses a hypertable; predictions stand in partitions", { error });
  }
}

/** Of days that ended a day ago: what arrives is stored in none of them. By the extension's own worker, which no limit of a statement ends. */
const compression = (schema: string): string => `
  CREATE FUNCTION prediction_day() RETURNS integer LANGUAGE sql STABLE
    AS 'SELECT floor(extract(epoch FROM now()) / 86400)::integer';
  SELECT ${schema}.set_integer_now_func('prediction', 'prediction_day');
  ALTER TABLE prediction SET (timescaledb.compress, timescaledb.compress_segmentby = 'point',
    timescaledb.compress_orderby = 'time_ms, label');
  SELECT ${schema}.add_compression_policy('prediction', 1)`;
