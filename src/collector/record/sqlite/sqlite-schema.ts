/** Tables of the fleet's record in SQLite, and how an older file becomes the newest. Holds no query. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { FeatureSketch } from "../../../core/contract/uplink-record.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import { packSketches } from "../drift-blobs.ts";

/** One step a version; a step that has been released is never changed. All times are epoch milliseconds. */
const migrations: readonly (string | ((database: SqliteDatabase) => void))[] = [
  `
  CREATE TABLE uplink_progress (
    gateway TEXT NOT NULL, boot_id TEXT NOT NULL, lane TEXT NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (gateway, boot_id, lane)
  ) WITHOUT ROWID;
  CREATE TABLE gateway (
    gateway TEXT PRIMARY KEY, online INTEGER, version TEXT, config_json TEXT, last_seen_ms INTEGER NOT NULL,
    health_json TEXT, health_ms INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE turbine (
    site TEXT NOT NULL, turbine TEXT NOT NULL, gateway TEXT, last_seen_ms INTEGER NOT NULL, state_json TEXT,
    PRIMARY KEY (site, turbine)
  ) WITHOUT ROWID;
  CREATE TABLE point (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, turbine TEXT NOT NULL, component TEXT NOT NULL,
    UNIQUE (site, turbine, component)
  );
  CREATE TABLE alert_event (
    id TEXT PRIMARY KEY, alarm INTEGER NOT NULL REFERENCES alarm (id), transition TEXT NOT NULL,
    time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, json TEXT NOT NULL
  );
  CREATE INDEX alert_event_of_alarm ON alert_event (alarm, time_ms);
  CREATE TABLE alarm (
    id INTEGER PRIMARY KEY, site TEXT NOT NULL, turbine TEXT NOT NULL, component TEXT NOT NULL,
    failure_mode TEXT NOT NULL, active INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    last_event TEXT NOT NULL
  );
  CREATE INDEX alarm_of_mode ON alarm (site, turbine, component, failure_mode, last_ms);
  CREATE INDEX alarm_by_time ON alarm (active, last_ms);
  CREATE TABLE prediction (
    point INTEGER NOT NULL, failure_mode TEXT NOT NULL, time_ms INTEGER NOT NULL, windows INTEGER NOT NULL,
    mean REAL NOT NULL, max REAL NOT NULL, shaft_rpm REAL, model_version TEXT NOT NULL,
    PRIMARY KEY (point, time_ms, failure_mode)
  ) WITHOUT ROWID;
  CREATE TABLE drift (
    point INTEGER NOT NULL, day TEXT NOT NULL, model_digest TEXT NOT NULL, model_name TEXT NOT NULL,
    model_version TEXT NOT NULL, feature INTEGER NOT NULL, sketch_json TEXT NOT NULL, reports INTEGER NOT NULL,
    from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    PRIMARY KEY (day, point, model_digest, feature)
  ) WITHOUT ROWID;
  CREATE TABLE event (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,
    name TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL
  );
  CREATE INDEX event_by_time ON event (time_ms);
  CREATE TABLE model_update (
    id INTEGER PRIMARY KEY, gateway TEXT NOT NULL, time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,
    model_name TEXT NOT NULL, from_version TEXT NOT NULL, to_version TEXT NOT NULL, step TEXT NOT NULL,
    detail TEXT NOT NULL
  );
  CREATE INDEX model_update_by_time ON model_update (time_ms);
  CREATE TABLE quarantine (
    topic TEXT NOT NULL, reason TEXT NOT NULL, messages INTEGER NOT NULL, first_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL, detail TEXT NOT NULL, sample BLOB NOT NULL,
    PRIMARY KEY (topic, reason)
  ) WITHOUT ROWID;
  `,
  // Null: not known, as in all rows of before.
  `
  ALTER TABLE prediction ADD COLUMN mean_risk REAL;
  ALTER TABLE prediction ADD COLUMN max_risk REAL;
  ALTER TABLE prediction ADD COLUMN learning INTEGER;
  `,
  // `period_ms` 0: a whole day, put together from shorter periods that have been assessed.
  `
  CREATE TABLE drift_period (
    id INTEGER PRIMARY KEY, point INTEGER NOT NULL, model_digest TEXT NOT NULL, from_ms INTEGER NOT NULL,
    period_ms INTEGER NOT NULL, model_name TEXT NOT NULL, model_version TEXT NOT NULL, gateway TEXT NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, reports INTEGER NOT NULL, late_reports INTEGER NOT NULL,
    assessed INTEGER NOT NULL, sketches BLOB NOT NULL,
    UNIQUE (point, model_digest, from_ms, period_ms)
  );
  CREATE INDEX drift_period_by_time ON drift_period (from_ms);
  CREATE INDEX drift_period_open ON drift_period (assessed, from_ms) WHERE assessed = 0;
  CREATE INDEX drift_period_of_gateway ON drift_period (gateway, from_ms);
  CREATE TABLE drift_cell (
    period INTEGER NOT NULL REFERENCES drift_period (id), slot INTEGER NOT NULL, load_name TEXT NOT NULL,
    moments BLOB NOT NULL,
    UNIQUE (period, slot, load_name)
  );
  CREATE TABLE drift_gateway (gateway TEXT PRIMARY KEY, from_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE drift_reference (
    point INTEGER NOT NULL, model_digest TEXT NOT NULL, period_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
    renewed_ms INTEGER, json TEXT NOT NULL,
    UNIQUE (point, model_digest)
  );
  CREATE TABLE drift_renewal (point INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL);
  CREATE TABLE drift_verdict (
    point INTEGER NOT NULL, model_digest TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    level TEXT NOT NULL, json TEXT NOT NULL,
    UNIQUE (point, model_digest, from_ms, to_ms)
  );
  CREATE INDEX drift_verdict_by_time ON drift_verdict (from_ms, point, level);
  CREATE TABLE drift_unpublished (from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, PRIMARY KEY (from_ms, to_ms)) WITHOUT ROWID;
  CREATE TABLE drift_state (
    point INTEGER PRIMARY KEY, model_digest TEXT NOT NULL, level TEXT NOT NULL, since_ms INTEGER NOT NULL,
    from_ms INTEGER NOT NULL, stable_periods INTEGER NOT NULL
  );
  `,
  moveDriftDays,
  // When its last report arrived, by the clock of here. Every table that is read often is read from an index alone: rows are large.
  `
  ALTER TABLE drift_period ADD COLUMN received_ms INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX drift_period_waiting ON drift_period (point, model_digest, from_ms) WHERE assessed = 0;
  CREATE INDEX drift_period_late ON drift_period (late_reports) WHERE late_reports > 0;
  DROP INDEX drift_verdict_by_time;
  CREATE INDEX drift_verdict_by_time ON drift_verdict (from_ms, point, level, to_ms);
  CREATE TABLE drift_model (model_digest TEXT PRIMARY KEY, from_ms INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO drift_model SELECT model_digest, MIN(from_ms) FROM drift_period GROUP BY model_digest;
  `,
  // An event's id is its turbine's own, and its step in the life of the alarm is read without its JSON.
  `
  CREATE TABLE turbine_alert (
    site TEXT NOT NULL, turbine TEXT NOT NULL, id TEXT NOT NULL, alarm INTEGER NOT NULL REFERENCES alarm (id),
    transition TEXT NOT NULL, time_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, probability REAL NOT NULL,
    risk REAL, json TEXT NOT NULL,
    UNIQUE (site, turbine, id)
  );
  INSERT INTO turbine_alert
    SELECT site, turbine, alert_event.id, alarm, transition, time_ms, received_ms,
      COALESCE(json_extract(json, '$.data.probability'), 0), json_extract(json, '$.data.risk'), json
    FROM alert_event JOIN alarm ON alarm.id = alert_event.alarm ORDER BY alert_event.rowid;
  DROP TABLE alert_event;
  ALTER TABLE turbine_alert RENAME TO alert_event;
  CREATE INDEX alert_event_of_alarm ON alert_event (alarm, time_ms);
  `,
  // What a gateway, a turbine and a point occupy. A failure mode is heard of anew at most once a day.
  `
  CREATE INDEX turbine_of_gateway ON turbine (gateway);
  ALTER TABLE uplink_progress ADD COLUMN seen_ms INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE point_mode (
    point INTEGER NOT NULL, failure_mode TEXT NOT NULL, heard_ms INTEGER NOT NULL, PRIMARY KEY (point, failure_mode)) WITHOUT ROWID;
  CREATE TABLE gateway_use (
    gateway TEXT NOT NULL, class TEXT NOT NULL, day INTEGER NOT NULL, records INTEGER NOT NULL,
    PRIMARY KEY (gateway, class)
  ) WITHOUT ROWID;
  `,
  // By arrival, and by times that can be right (`clock-rules.ts`). Few predictions are ahead of their arrival.
  `
  ALTER TABLE prediction ADD COLUMN received_ms INTEGER;
  CREATE INDEX prediction_ahead ON prediction (received_ms) WHERE received_ms < time_ms;
  ALTER TABLE gateway ADD COLUMN clock_told_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE event ADD COLUMN believed_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE model_update ADD COLUMN believed_ms INTEGER NOT NULL DEFAULT 0;
  UPDATE event SET believed_ms = CASE
    WHEN time_ms BETWEEN received_ms - 2592000000 AND received_ms + 3600000 THEN time_ms ELSE received_ms END;
  UPDATE model_update SET believed_ms = CASE
    WHEN time_ms BETWEEN received_ms - 2592000000 AND received_ms + 3600000 THEN time_ms ELSE received_ms END;
  UPDATE alert_event SET time_ms = received_ms
    WHERE time_ms NOT BETWEEN received_ms - 2592000000 AND received_ms + 3600000;
  UPDATE alarm SET
    first_ms = (SELECT MIN(time_ms) FROM alert_event WHERE alert_event.alarm = alarm.id),
    last_ms = (SELECT time_ms FROM alert_event WHERE alert_event.site = alarm.site
      AND alert_event.turbine = alarm.turbine AND alert_event.id = alarm.last_event)
    WHERE id IN (SELECT alarm FROM alert_event);
  DROP INDEX event_by_time;
  DROP INDEX model_update_by_time;
  CREATE INDEX event_by_belief ON event (believed_ms);
  CREATE INDEX event_by_arrival ON event (received_ms);
  CREATE INDEX model_update_by_belief ON model_update (believed_ms);
  `,
  // Which raw evidence there is; its samples are files.
  `
  CREATE TABLE evidence (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, gateway TEXT NOT NULL, site TEXT NOT NULL, turbine TEXT NOT NULL,
    component TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, stored_ms INTEGER NOT NULL,
    samples INTEGER NOT NULL, bytes INTEGER NOT NULL, npy_sha256 TEXT NOT NULL, model_json TEXT NOT NULL,
    said_json TEXT NOT NULL, alert TEXT, request TEXT
  );
  CREATE INDEX evidence_by_time ON evidence (stored_ms, id);
  CREATE INDEX evidence_of_turbine ON evidence (site, turbine, stored_ms);
  CREATE INDEX evidence_of_alert ON evidence (alert) WHERE alert IS NOT NULL;
  `,
  // Rows that sum up those that arrived on a day (UTC, counted since 1970). Few begin after the day of their arrival.
  `
  CREATE TABLE prediction_summary (
    point INTEGER NOT NULL, from_ms INTEGER NOT NULL, row_ms INTEGER NOT NULL, failure_mode TEXT NOT NULL,
    model_version TEXT NOT NULL, day INTEGER NOT NULL, time_ms INTEGER NOT NULL, rows INTEGER NOT NULL,
    windows INTEGER NOT NULL, mean REAL NOT NULL, max REAL NOT NULL, min REAL NOT NULL, shaft_rpm REAL,
    rpm_rows INTEGER NOT NULL, mean_risk REAL, max_risk REAL, risk_windows INTEGER NOT NULL, learning INTEGER,
    PRIMARY KEY (point, from_ms, row_ms, failure_mode, model_version, day)
  ) WITHOUT ROWID;
  CREATE INDEX prediction_summary_ahead ON prediction_summary (row_ms, day) WHERE from_ms >= (day + 1) * 86400000;
  `,
  // When two gateways under one id were last heard of.
  "ALTER TABLE gateway ADD COLUMN cloned_ms INTEGER",
  // Whether a point has gone on to a later period is read from its own; and the first that are due are found without a look at all.
  `
  DROP TABLE drift_gateway;
  DROP INDEX drift_period_open;
  CREATE INDEX drift_period_open ON drift_period (from_ms, point, first_ms, period_ms) WHERE assessed = 0;
  `,
  // How many points a period waits for is counted without a look at what their references hold.
  "CREATE INDEX drift_reference_of_point ON drift_reference (point, until_ms, period_ms)",
  // When a turbine's state was taken back.
  "ALTER TABLE turbine ADD COLUMN unwatched_ms INTEGER",
  // The events of an alarm in the order in which they came, which is that of their rows.
  "DROP INDEX alert_event_of_alarm; CREATE INDEX alert_event_of_alarm ON alert_event (alarm)",
  // When a gateway was told to be gone.
  "ALTER TABLE gateway ADD COLUMN offline_ms INTEGER",
  // An alarm's state after a step of its life; null: of a step of before, which is not read again.
  "ALTER TABLE alert_event ADD COLUMN state TEXT",
  // What a state says of an alarm that its events do not; of one that no event told of the latest event is ''.
  `
  ALTER TABLE alarm ADD COLUMN said TEXT;
  CREATE INDEX alarm_standing ON alarm (site, turbine) WHERE active = 1;
  `,
  // When a gateway last spoke of a turbine after another, and which do so by turns.
  "ALTER TABLE turbine ADD COLUMN twinned_ms INTEGER; ALTER TABLE turbine ADD COLUMN twins_json TEXT",
  // Whether a gateway's clock was behind when it last said the time.
  "ALTER TABLE gateway ADD COLUMN behind INTEGER NOT NULL DEFAULT 0",
  // All renewals of a point, by the names that its gateway gives it: it may be renewed before its first report comes. And what
  // older collectors noted of clocks, by a shorter time, does not count.
  `
  CREATE TABLE baseline_renewal (
    gateway TEXT NOT NULL, turbine TEXT NOT NULL, component TEXT NOT NULL, time_ms INTEGER NOT NULL,
    PRIMARY KEY (turbine, component, time_ms, gateway), UNIQUE (gateway, time_ms, turbine, component)
  ) WITHOUT ROWID; CREATE INDEX drift_period_of_point ON drift_period (point, from_ms, gateway) WHERE period_ms > 0;
  INSERT OR IGNORE INTO baseline_renewal SELECT gateway, turbine, component, time_ms
    FROM drift_renewal JOIN point ON point.id = point JOIN turbine USING (site, turbine) WHERE gateway IS NOT NULL;
  DROP TABLE drift_renewal; UPDATE gateway SET behind = 0;
  `,
  // Which alert an event names (null: none), and which gateway sent an alert (null: not known).
  `
  DROP INDEX event_by_arrival; CREATE INDEX event_by_arrival ON event (received_ms, name);
  ALTER TABLE event ADD COLUMN alert TEXT; CREATE INDEX event_by_alert ON event (alert) WHERE alert IS NOT NULL;
  ALTER TABLE alert_event ADD COLUMN gateway TEXT;
  `,
];

/** Moves the days of before, which were one row of JSON a column, to their new table. They had no moments: none is assessed. */
function moveDriftDays(database: SqliteDatabase): void {
  const days = database.prepare("SELECT DISTINCT day, point, model_digest FROM drift");
  const columnsOf = "SELECT * FROM drift WHERE day = ? AND point = ? AND model_digest = ? ORDER BY feature";
  const read = database.prepare(columnsOf);
  const insert = database.prepare(
    `INSERT INTO drift_period (point, model_digest, from_ms, period_ms, model_name, model_version, gateway, first_ms,
       last_ms, reports, late_reports, assessed, sketches) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, 0, 1, ?)`,
  );
  for (const { day, point, model_digest } of days.all()) {
    const columns = read.all(day!, point!, model_digest!);
    const sketches = columns.map((row) => JSON.parse(String(row.sketch_json)) as FeatureSketch);
    const of = (name: string): number[] => columns.map((row) => Number(row[name]));
    const { model_name, model_version } = columns[0]!;
    insert.run(
      point!,
      model_digest!,
      Date.parse(String(day)),
      dayMs,
      model_name!,
      model_version!,
      Math.min(...of("from_ms")),
      Math.max(...of("to_ms")),
      Math.max(...of("reports")),
      packSketches(sketches),
    );
  }
  database.exec("DROP TABLE drift");
}

const versionOf = (database: SqliteDatabase): number =>
  Number(database.prepare("PRAGMA user_version").get()?.user_version ?? 0);

/** Was the database written by an older collector? Then its steps may take minutes, in which nothing else of its thread runs. */
export function isOfOlderSchema(database: SqliteDatabase): boolean {
  const version = versionOf(database);
  return version > 0 && version < migrations.length;
}

/**
 * Brings an open database to the newest schema, or to the one of a given number of steps.
 * @throws AuroraError STORE when a newer collector has written it
 */
export function migrateDatabase(database: SqliteDatabase, steps: number = migrations.length): void {
  const version = versionOf(database);
  if (version > migrations.length) {
    throw new AuroraError("STORE", `schema version ${version}, this collector knows ${migrations.length}`, {
      op: "open collector database",
      subject: database.path,
      hint: "run the newer collector, or give this one another database",
    });
  }
  for (let next = version; next < steps; next++) {
    database.transaction(() => {
      const step = migrations[next]!;
      if (typeof step === "string") database.exec(step);
      else step(database);
      database.exec(`PRAGMA user_version = ${next + 1}`);
    });
  }
}
