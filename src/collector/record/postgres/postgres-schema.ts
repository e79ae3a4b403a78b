/**
 * Tables of the fleet's record in PostgreSQL, and how an older database becomes the newest. Holds no query. What comes in
 * masses (predictions, events) is partitioned by the day (UTC, counted since 1970) on which it arrived.
 */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { Logger } from "../../../core/platform/logger.ts";
import type { PostgresDatabase, SqlSession } from "./postgres-database.ts";
import { createdbCommand } from "./postgres-errors.ts";
import { findTimescale, type PredictionDays, settlePredictionDays } from "./postgres-timescale.ts";
import { beginUsual } from "./postgres-transaction.ts";

/** One step a version; a step that has been released is never changed. All times are epoch milliseconds. Names sort by their bytes, as everywhere in the house. */
const migrations: readonly string[] = [
  `
  CREATE TABLE uplink_progress (
    gateway text COLLATE "C" NOT NULL, boot_id text COLLATE "C" NOT NULL, lane text COLLATE "C" NOT NULL,
    sequence bigint, received_ms bigint NOT NULL,
    PRIMARY KEY (gateway, boot_id, lane)
  ) WITH (fillfactor = 50);
  CREATE TABLE gateway (
    gateway text COLLATE "C" PRIMARY KEY, online boolean, version text, config_json text,
    last_seen_ms bigint NOT NULL, health_json text, health_ms bigint,
    clock_told_ms bigint NOT NULL DEFAULT 0
  ) WITH (fillfactor = 50);
  CREATE TABLE turbine (
    site text COLLATE "C" NOT NULL, turbine text COLLATE "C" NOT NULL, gateway text COLLATE "C",
    last_seen_ms bigint NOT NULL, state_json text,
    PRIMARY KEY (site, turbine)
  ) WITH (fillfactor = 50);
  CREATE TABLE point (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, site text COLLATE "C" NOT NULL,
    turbine text COLLATE "C" NOT NULL, component text COLLATE "C" NOT NULL,
    UNIQUE (site, turbine, component)
  );
  CREATE TABLE alarm (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, site text COLLATE "C" NOT NULL,
    turbine text COLLATE "C" NOT NULL, component text COLLATE "C" NOT NULL, failure_mode text COLLATE "C" NOT NULL,
    active boolean NOT NULL, first_ms bigint NOT NULL, last_ms bigint NOT NULL, last_event text NOT NULL
  );
  CREATE INDEX alarm_of_mode ON alarm (site, turbine, component, failure_mode, id);
  CREATE INDEX alarm_by_time ON alarm (active, last_ms, id);
  CREATE TABLE alert_event (
    site text COLLATE "C" NOT NULL, turbine text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
    alarm bigint NOT NULL REFERENCES alarm (id), transition text NOT NULL, time_ms bigint NOT NULL,
    received_ms bigint NOT NULL, probability double precision NOT NULL, risk double precision, json text NOT NULL,
    PRIMARY KEY (site, turbine, id)
  );
  CREATE INDEX alert_event_of_alarm ON alert_event (alarm, time_ms);
  CREATE TABLE prediction_label (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, model_version text COLLATE "C" NOT NULL,
    failure_modes text[] COLLATE "C" NOT NULL,
    UNIQUE (model_version, failure_modes)
  );
  -- scores: of each failure mode the mean probability, then of each the greatest; where they are known, the risks likewise.
  CREATE TABLE prediction (
    day integer NOT NULL, point integer NOT NULL, time_ms bigint NOT NULL, label integer NOT NULL,
    windows integer NOT NULL, shaft_rpm double precision, learning boolean, scores double precision[] NOT NULL,
    PRIMARY KEY (point, time_ms, label, day)
  ) PARTITION BY RANGE (day);
  CREATE SEQUENCE event_id;
  CREATE TABLE event (
    day integer NOT NULL, id bigint NOT NULL DEFAULT nextval('event_id'), gateway text COLLATE "C" NOT NULL,
    time_ms bigint NOT NULL, received_ms bigint NOT NULL, believed_ms bigint NOT NULL, name text COLLATE "C" NOT NULL,
    subject text NOT NULL, detail text NOT NULL
  ) PARTITION BY RANGE (day);
  CREATE INDEX event_by_belief ON event (believed_ms, id);
  -- Confirmed outcomes are events that are kept longer.
  CREATE TABLE outcome (
    id bigint PRIMARY KEY DEFAULT nextval('event_id'), gateway text COLLATE "C" NOT NULL, time_ms bigint NOT NULL,
    received_ms bigint NOT NULL, believed_ms bigint NOT NULL, name text COLLATE "C" NOT NULL, subject text NOT NULL,
    detail text NOT NULL
  );
  CREATE INDEX outcome_by_belief ON outcome (believed_ms, id);
  CREATE VIEW any_event AS
    SELECT id, gateway, time_ms, believed_ms, name, subject, detail FROM event
    UNION ALL SELECT id, gateway, time_ms, believed_ms, name, subject, detail FROM outcome;
  CREATE TABLE model_update (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gateway text COLLATE "C" NOT NULL, time_ms bigint NOT NULL,
    received_ms bigint NOT NULL, believed_ms bigint NOT NULL, model_name text NOT NULL, from_version text NOT NULL,
    to_version text NOT NULL, step text NOT NULL, detail text NOT NULL
  );
  CREATE INDEX model_update_by_belief ON model_update (believed_ms, id);
  CREATE INDEX model_update_by_receipt ON model_update (received_ms);
  CREATE TABLE quarantine (
    topic text COLLATE "C" NOT NULL, reason text COLLATE "C" NOT NULL, messages bigint NOT NULL,
    first_ms bigint NOT NULL, last_ms bigint NOT NULL, detail text NOT NULL, sample bytea NOT NULL,
    PRIMARY KEY (topic, reason)
  );
  -- What a gateway, a turbine and a point occupy. A failure mode is heard of anew at most once a day.
  CREATE INDEX turbine_of_gateway ON turbine (gateway);
  CREATE INDEX turbine_unclaimed ON turbine (site) WHERE gateway IS NULL;
  CREATE TABLE point_mode (
    point integer NOT NULL, failure_mode text COLLATE "C" NOT NULL, heard_ms bigint NOT NULL,
    PRIMARY KEY (point, failure_mode)
  );
  CREATE TABLE gateway_use (
    gateway text COLLATE "C" NOT NULL, class text NOT NULL, day integer NOT NULL, records integer NOT NULL,
    PRIMARY KEY (gateway, class)
  ) WITH (fillfactor = 50);
  CREATE TABLE lease (name text PRIMARY KEY, holder text NOT NULL, until timestamptz NOT NULL);
  `,
  // As in SQLite, where each column of them is explained by its use; drift_gateway is written by older collectors alone.
  `
  CREATE TABLE drift_period (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, point integer NOT NULL, model_digest text COLLATE "C" NOT NULL,
    from_ms bigint NOT NULL, period_ms bigint NOT NULL, model_name text NOT NULL, model_version text NOT NULL,
    gateway text COLLATE "C" NOT NULL, first_ms bigint NOT NULL, last_ms bigint NOT NULL, reports bigint NOT NULL,
    late_reports bigint NOT NULL, assessed boolean NOT NULL, received_ms bigint NOT NULL, sketches bytea NOT NULL,
    UNIQUE (point, model_digest, from_ms, period_ms)
  ) WITH (fillfactor = 70);
  CREATE INDEX drift_period_by_time ON drift_period (from_ms, point);
  CREATE INDEX drift_period_open ON drift_period (from_ms) WHERE NOT assessed;
  CREATE INDEX drift_period_open_of_gateway ON drift_period (gateway) WHERE NOT assessed;
  CREATE INDEX drift_period_of_gateway ON drift_period (gateway, from_ms);
  CREATE INDEX drift_period_waiting ON drift_period (point, model_digest, from_ms) WHERE NOT assessed;
  CREATE INDEX drift_period_late ON drift_period (late_reports) WHERE late_reports > 0;
  CREATE TABLE drift_cell (
    period bigint NOT NULL REFERENCES drift_period (id) ON DELETE CASCADE, slot integer NOT NULL,
    load_name text COLLATE "C" NOT NULL, moments bytea NOT NULL,
    PRIMARY KEY (period, slot, load_name)
  );
  CREATE TABLE drift_gateway (
    gateway text COLLATE "C" PRIMARY KEY, from_ms bigint NOT NULL, received_ms bigint NOT NULL
  ) WITH (fillfactor = 50);
  CREATE TABLE drift_reference (
    point integer NOT NULL, model_digest text COLLATE "C" NOT NULL, period_ms bigint NOT NULL, until_ms bigint NOT NULL,
    renewed_ms bigint, json text NOT NULL,
    PRIMARY KEY (point, model_digest)
  );
  CREATE TABLE drift_renewal (point integer PRIMARY KEY, time_ms bigint NOT NULL);
  CREATE TABLE drift_verdict (
    point integer NOT NULL, model_digest text COLLATE "C" NOT NULL, from_ms bigint NOT NULL, to_ms bigint NOT NULL,
    level text NOT NULL, json text NOT NULL,
    PRIMARY KEY (point, model_digest, from_ms, to_ms)
  );
  CREATE INDEX drift_verdict_by_time ON drift_verdict (from_ms, point, level, to_ms);
  CREATE TABLE drift_unpublished (from_ms bigint NOT NULL, to_ms bigint NOT NULL, PRIMARY KEY (from_ms, to_ms));
  CREATE TABLE drift_state (
    point integer PRIMARY KEY, model_digest text COLLATE "C" NOT NULL, level text NOT NULL, since_ms bigint NOT NULL,
    from_ms bigint NOT NULL, stable_periods integer NOT NULL
  );
  CREATE TABLE drift_model (model_digest text COLLATE "C" PRIMARY KEY, from_ms bigint NOT NULL);
  `,
  // Which raw evidence there is; its samples are files.
  `
  CREATE TABLE evidence (
    id text COLLATE "C" PRIMARY KEY, kind text NOT NULL, gateway text NOT NULL, site text NOT NULL, turbine text NOT NULL,
    component text NOT NULL, from_ms bigint NOT NULL, to_ms bigint NOT NULL, stored_ms bigint NOT NULL,
    samples integer NOT NULL, bytes bigint NOT NULL, npy_sha256 text NOT NULL, model_json text NOT NULL,
    said_json text NOT NULL, alert text, request text
  );
  CREATE INDEX evidence_by_time ON evidence (stored_ms, id);
  CREATE INDEX evidence_of_turbine ON evidence (site, turbine, stored_ms);
  CREATE INDEX evidence_of_alert ON evidence (alert) WHERE alert IS NOT NULL;
  `,
  // Rows that sum up those of a day of arrival. scores: as of predictions, all four; then the lowest means, then the windows of known risk.
  `
  CREATE TABLE prediction_summary (
    day integer NOT NULL, point integer NOT NULL, from_ms bigint NOT NULL, row_ms integer NOT NULL,
    label integer NOT NULL, time_ms bigint NOT NULL, rows bigint NOT NULL, windows bigint NOT NULL,
    shaft_rpm double precision, rpm_rows bigint NOT NULL, learning boolean, scores double precision[] NOT NULL,
    PRIMARY KEY (point, from_ms, row_ms, label, day)
  ) PARTITION BY RANGE (row_ms, day);
  `,
  // When two gateways under one id were last heard of.
  "ALTER TABLE gateway ADD COLUMN cloned_ms bigint",
  // When a turbine's state was taken back.
  "ALTER TABLE turbine ADD COLUMN unwatched_ms bigint",
  // Which event of an alarm came after which, whatever any clock said. Those that are there stay as they are, however many: theirs is 0.
  `
  CREATE SEQUENCE alert_arrival;
  ALTER TABLE alert_event ADD COLUMN arrival bigint NOT NULL DEFAULT 0;
  ALTER TABLE alert_event ALTER COLUMN arrival SET DEFAULT nextval('alert_arrival');
  DROP INDEX alert_event_of_alarm;
  CREATE INDEX alert_event_of_alarm ON alert_event (alarm, arrival, received_ms);
  `,
  // When a gateway was told to be gone.
  "ALTER TABLE gateway ADD COLUMN offline_ms bigint",
  // An alarm's state after a step of its life; null: of a step of before, which is not read again.
  "ALTER TABLE alert_event ADD COLUMN state text",
  // What a state says of an alarm that its events do not; of one that no event told of the latest event is ''.
  `
  ALTER TABLE alarm ADD COLUMN said text;
  CREATE INDEX alarm_standing ON alarm (site, turbine) WHERE active;
  `,
  // When a gateway last spoke of a turbine after another, and which do so by turns.
  "ALTER TABLE turbine ADD COLUMN twinned_ms bigint, ADD COLUMN twins_json text",
  // Whether a gateway's clock was behind when it last said the time.
  "ALTER TABLE gateway ADD COLUMN behind boolean NOT NULL DEFAULT false",
  // All renewals of a point, by the names that its gateway gives it: it may be renewed before its first report comes. Those in
  // drift_renewal, which older collectors alone write, count as well; what they noted of clocks, by a shorter time, does not.
  `
  CREATE TABLE baseline_renewal (
    gateway text COLLATE "C" NOT NULL, turbine text COLLATE "C" NOT NULL, component text COLLATE "C" NOT NULL,
    time_ms bigint NOT NULL,
    PRIMARY KEY (turbine, component, time_ms, gateway), UNIQUE (gateway, time_ms, turbine, component)
  );
  CREATE INDEX drift_period_of_point ON drift_period (point, from_ms, gateway) WHERE period_ms > 0;
  UPDATE gateway SET behind = false WHERE behind;
  `,
  // Which alert an event names (null: none), and who sent an alert (null: not known). In "outcome" lie all events that are evidence.
  `
  ALTER TABLE event ADD COLUMN alert text COLLATE "C"; ALTER TABLE outcome ADD COLUMN alert text COLLATE "C";
  CREATE INDEX event_by_alert ON event (alert) WHERE alert IS NOT NULL;
  CREATE INDEX outcome_by_alert ON outcome (alert) WHERE alert IS NOT NULL;
  ALTER TABLE alert_event ADD COLUMN gateway text COLLATE "C";
  `,
];

/** Of advisory locks: whoever changes the tables holds it. */
export const schemaLock = 4_109_182_001;
/** Whoever thins predictions holds it: two would take the same rows. */
export const thinningLock = 4_109_182_002;
/** Nobody who stores waits for longer behind a table that is to be changed while somebody else reads it for long. */
const lockPatienceMs = 20_000;
const oldestServer = 150_000;

/** Whoever changes tables has the server look this often whether it is still there: it would change them for nobody, and hold them. */
const clientCheckMs = 5_000;
// However large the tables are, and however long another process changes them. Not every server can look for its client.
const begin = `${beginUsual}; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
  DO $$ BEGIN PERFORM set_config('client_connection_check_interval', '${clientCheckMs}', true);
  EXCEPTION WHEN invalid_parameter_value THEN NULL; END $$`;

/**
 * Brings a database to the newest schema; of several processes that start together one at a time does a step, and the others wait. A step
 * that is done stays done, whatever becomes of the next. Resolves with what its days of predictions are.
 * @throws AuroraError STORE when a newer collector has written it, or the server is none that can be used
 */
export async function migratePostgres(database: PostgresDatabase, logger: Logger): Promise<PredictionDays> {
  await checkServer(database);
  await findTimescale(database);
  /** Null: there are more steps. */
  const step = async (session: SqlSession): Promise<PredictionDays | null> => {
    await takeSchemaLock(session, logger);
    await session.exec(`SET LOCAL lock_timeout = ${lockPatienceMs}`);
    await session.exec("CREATE TABLE IF NOT EXISTS schema_step (version integer NOT NULL)");
    const [row] = await session.rows("SELECT COALESCE(MAX(version), 0) AS version FROM schema_step");
    const version = Number(row?.version);
    if (version > migrations.length) {
      throw new AuroraError("STORE", `schema version ${version}, this collector knows ${migrations.length}`, {
        op: "open the record's database",
        hint: "run the newer collector, or give this one another database",
      });
    }
    if (version > 0 && version < migrations.length) {
      logger.info("tables of an older collector are changed; in a large record this may take minutes", {
        from: version,
        to: migrations.length,
      });
    }
    const isNew = version === 0;
    // Where nothing is there yet, all at once: there is nothing that would take long.
    const reached = isNew ? migrations.length : Math.min(version + 1, migrations.length);
    for (let next = version; next < reached; next++) {
      await session.exec(migrations[next]!);
      await session.run("INSERT INTO schema_step (version) VALUES ($1)", [next + 1]);
    }
    return reached < migrations.length ? null : settlePredictionDays(session, { isNew, logger });
  };
  for (;;) {
    const days = await database.transaction(step, { begin, answerMs: dayMs });
    if (days !== null) return days;
  }
}

async function takeSchemaLock(session: SqlSession, logger: Logger): Promise<void> {
  const [free] = await session.rows("SELECT pg_try_advisory_xact_lock($1) AS taken", [schemaLock]);
  if (free?.taken === true) return;
  logger.info("waiting for another process that is changing the tables");
  await session.rows("SELECT pg_advisory_xact_lock($1)", [schemaLock]);
}

async function checkServer(session: SqlSession): Promise<void> {
  const [row] = await session.rows(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding",
  );
  const version = Number(row?.version);
  const op = "open the record's database";
  if (version < oldestServer) {
    const hint = "Upgrade the server.";
    throw new AuroraError("STORE", `PostgreSQL 15 or later is needed, this is ${version}`, { op, hint });
  }
  if (row?.encoding !== "UTF8") {
    throw new AuroraError("STORE", `the database's encoding is ${String(row?.encoding)}, it must be UTF8`, {
      op,
      hint: `Create it anew: \`${createdbCommand}\`.`,
    });
  }
}
