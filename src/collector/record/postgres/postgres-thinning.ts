/**
 * Thins predictions in PostgreSQL, a day of arrival after the other: a step takes some rows out of the day's partition and adds
 * them to longer rows of the same day, in one transaction; the partition that has become empty is dropped. Longer rows of a day
 * have a partition of their own, so that they leave like all others, by their day.
 */
import type { PredictionRecord } from "../prediction-record.ts";
import { numberOrNull } from "../record-rules.ts";
import {
  mergeThinnedRows,
  type SentRow,
  startOfRow,
  startThinnedRow,
  type ThinnedRow,
} from "../thinned-row.ts";
import type { PostgresDatabase, PostgresRow, SqlSession } from "./postgres-database.ts";
import {
  type DayPartition,
  dayNumber,
  isTableThere,
  type PostgresPartitions,
} from "./postgres-partitions.ts";
import { thinningLock } from "./postgres-schema.ts";
import { transpose } from "./postgres-values.ts";

/** After every point. */
const lastPoint = 2_147_483_647;
/**
 * Planned with the values: TimescaleDB finds by them which rows of a compressed chunk it needs, of which there may be more than
 * it usually allows a statement when many of a point have arrived. A server without it takes its setting as a name that says nothing.
 */
const planning = `SET LOCAL plan_cache_mode = force_custom_plan;
  SET LOCAL timescaledb.max_tuples_decompressed_per_dml_transaction = 0`;
/** Rows of a step: some 40 ms of this thread's time on a slow core, with three failure modes. */
const usualRows = 4_000;

/** Creates the step that the port names. */
export function createPostgresThinning(
  database: PostgresDatabase,
  partitions: PostgresPartitions,
  stepRows: number = usualRows,
): PredictionRecord["thinPredictions"] {
  let place: Place | null = null;
  /** Empty, but read for long when they were to be dropped: looked at again in the next run. */
  const left = new Set<string>();
  return async ({ receivedBeforeMs, rowMs }) => {
    const beforeDay = dayNumber(receivedBeforeMs);
    if (place === null || place.partition.day >= beforeDay || place.partition.rowMs >= rowMs) {
      const due = await partitions.shorterThan(rowMs, beforeDay);
      const partition = due.find(({ name }) => !left.has(name));
      place = partition === undefined ? null : { partition, point: 0, timeMs: 0 };
    }
    if (place === null) {
      left.clear();
      return { rows: 0, isDone: true };
    }
    const start: Place = place;
    const { partition } = start;
    await partitions.prepareSummaries(rowMs, partition.day);
    const step = await database.transaction((session) =>
      thinRows(session, start, { rowMs, limit: stepRows }),
    );
    place = step.place;
    if (step.rows === 0 && !(await partitions.dropEmpty(partition))) left.add(partition.name);
    return { rows: step.rows, isDone: false };
  };
}

/** Takes rows and adds them to longer ones; says how far it is, null: at the end. */
async function thinRows(
  session: SqlSession,
  start: Place,
  { rowMs, limit }: { readonly rowMs: number; readonly limit: number },
): Promise<{ readonly rows: number; readonly place: Place | null }> {
  const { partition } = start;
  await session.exec(planning);
  await session.rows("SELECT pg_advisory_xact_lock($1)", [thinningLock]);
  // Another process was here.
  if (!(await isTableThere(session, partition.name))) return { rows: 0, place: null };
  const taken = await takeRows(session, start, limit);
  if (taken.length === 0) return { rows: 0, place: null };
  const again = partition.rowMs > 0 ? new Set() : await findSentAgain(session, partition.day, taken);
  const sums = new Map<string, LongerRow>();
  for (const row of taken) if (!again.has(nameRow(row))) addTo(sums, row, rowMs);
  await storeSums(session, sums, { rowMs, day: partition.day });
  const last = taken.reduce((a, b) => (a.point > b.point || (a.point === b.point && a.at >= b.at) ? a : b));
  return { rows: taken.length, place: { partition, point: last.point, timeMs: last.at } };
}

/** How far a partition's rows have been taken: what is before is gone, but its entries in the index may still be there. */
interface Place {
  readonly partition: DayPartition;
  readonly point: number;
  readonly timeMs: number;
}

/** A row with its parts: of the row itself (whose scores say nothing), then of each of its failure modes. */
interface TakenRow {
  readonly point: number;
  /** Its time, or where it begins when it sums up others. */
  readonly at: number;
  readonly label: number;
  readonly parts: readonly ThinnedRow[];
}

interface LongerRow {
  readonly point: number;
  readonly fromMs: number;
  readonly label: number;
  parts: readonly ThinnedRow[];
}

/** Takes rows by their keys: one of a compressed chunk has no place (`ctid`) by which it could be named. */
async function takeRows(session: SqlSession, start: Place, limit: number): Promise<TakenRow[]> {
  const from = start.partition;
  const at = from.rowMs === 0 ? "time_ms" : "from_ms";
  const [last] = await session.rows(
    `SELECT point, ${at} AS at FROM ${from.name} WHERE point >= $1 AND (point, ${at}) >= ($1, $2)
     ORDER BY point, ${at} OFFSET $3 LIMIT 1`,
    [start.point, start.timeMs, limit - 1],
  );
  const rows = await session.rows(
    `DELETE FROM ${from.name} AS taken
     WHERE point BETWEEN $1 AND $3 AND (point, ${at}) >= ($1, $2) AND (point, ${at}) <= ($3, $4)
     RETURNING taken.*, (SELECT cardinality(failure_modes) FROM prediction_label WHERE id = label) AS modes`,
    [
      start.point,
      start.timeMs,
      Number(last?.point ?? lastPoint),
      Number(last?.at ?? Number.MAX_SAFE_INTEGER),
    ],
  );
  return rows.map((row) => ({
    point: Number(row.point),
    at: Number(row[at]),
    label: Number(row.label),
    parts: readParts(row, from.rowMs === 0),
  }));
}

function nameRow({ point, at, label }: Omit<TakenRow, "parts">): string {
  return `${point} ${at} ${label}`;
}

/** Rows that arrived once more on a later day, as which they will be counted. */
async function findSentAgain(
  session: SqlSession,
  day: number,
  taken: readonly TakenRow[],
): Promise<ReadonlySet<unknown>> {
  const spans = new Map<number, [first: number, last: number]>();
  for (const { point, at } of taken) {
    const [first, last] = spans.get(point) ?? [at, at];
    spans.set(point, [Math.min(first, at), Math.max(last, at)]);
  }
  const rows = await session.rows(
    `SELECT later.* FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS span (point, first, last)
     CROSS JOIN LATERAL (
       SELECT prediction.point, time_ms, label FROM prediction
       WHERE prediction.point = span.point AND time_ms BETWEEN first AND last AND day > $4 OFFSET 0) AS later`,
    [
      ...transpose(
        [...spans].map(([point, span]) => [point, ...span]),
        3,
      ),
      day,
    ],
  );
  return new Set(
    rows.map(({ point, time_ms, label }) =>
      nameRow({ point: Number(point), at: Number(time_ms), label: Number(label) }),
    ),
  );
}

function addTo(sums: Map<string, LongerRow>, row: TakenRow, rowMs: number): void {
  const { point, label } = row;
  const fromMs = startOfRow(row.at, rowMs);
  const key = nameRow({ point, at: fromMs, label });
  const sum = sums.get(key);
  if (sum === undefined) sums.set(key, { point, fromMs, label, parts: row.parts });
  else sum.parts = mergeParts(sum.parts, row.parts);
}

function mergeParts(a: readonly ThinnedRow[], b: readonly ThinnedRow[]): ThinnedRow[] {
  return a.map((part, index) => mergeThinnedRows(part, b[index]!));
}

/** Adds the sums to those that are there. Nobody else does so meanwhile. */
async function storeSums(
  session: SqlSession,
  sums: ReadonlyMap<string, LongerRow>,
  { rowMs, day }: Pick<DayPartition, "rowMs" | "day">,
): Promise<void> {
  const rows = [...sums.values()];
  const there = await session.rows(
    `SELECT found.*, (SELECT cardinality(failure_modes) FROM prediction_label WHERE id = found.label) AS modes
     FROM unnest($1::int[], $2::bigint[], $3::int[]) AS named (point, from_ms, label)
     CROSS JOIN LATERAL (
       SELECT * FROM prediction_summary AS summary WHERE summary.point = named.point
         AND summary.from_ms = named.from_ms AND summary.label = named.label AND row_ms = $4 AND day = $5 OFFSET 0) AS found`,
    [
      ...transpose(
        rows.map(({ point, fromMs, label }) => [point, fromMs, label]),
        3,
      ),
      rowMs,
      day,
    ],
  );
  for (const row of there) {
    const key = nameRow({ point: Number(row.point), at: Number(row.from_ms), label: Number(row.label) });
    const sum = sums.get(key)!;
    sum.parts = mergeParts(readParts(row, false), sum.parts);
  }
  await session.run(
    `INSERT INTO prediction_summary
       (day, point, from_ms, row_ms, label, time_ms, rows, windows, shaft_rpm, rpm_rows, learning, scores)
     SELECT $1, point, from_ms, $2, label, time_ms, rows, windows, shaft_rpm, rpm_rows, learning,
       scores::double precision[]
     FROM unnest($3::int[], $4::bigint[], $5::int[], $6::bigint[], $7::bigint[], $8::bigint[], $9::float8[],
       $10::bigint[], $11::boolean[], $12::text[])
       AS sum (point, from_ms, label, time_ms, rows, windows, shaft_rpm, rpm_rows, learning, scores)
     ON CONFLICT (point, from_ms, row_ms, label, day) DO UPDATE SET time_ms = excluded.time_ms, rows = excluded.rows,
       windows = excluded.windows, shaft_rpm = excluded.shaft_rpm, rpm_rows = excluded.rpm_rows,
       learning = excluded.learning, scores = excluded.scores`,
    [
      day,
      rowMs,
      ...transpose(
        rows.map(({ point, fromMs, label, parts }) => {
          const [{ timeMs, rows: sent, windows, shaftRpm, rpmRows, isLearning }] = parts as [ThinnedRow];
          return [
            point,
            fromMs,
            label,
            timeMs,
            sent,
            windows,
            shaftRpm,
            rpmRows,
            isLearning,
            writeScores(parts),
          ];
        }),
        10,
      ),
    ],
  );
}

/**
 * The parts of a row. Its scores are blocks of one score a mode: means, maxima, mean and highest risks, then those that
 * {@link writeScores} adds.
 */
function readParts(row: PostgresRow, isSent: boolean): ThinnedRow[] {
  const scores = row.scores as readonly (number | null)[];
  const modes = Number(row.modes);
  const [timeMs, windows, shaftRpm] = [Number(row.time_ms), Number(row.windows), numberOrNull(row.shaft_rpm)];
  const isLearning = row.learning as boolean | null;
  const parts: ThinnedRow[] = [];
  for (let mode = -1; mode < modes; mode++) {
    const score = (block: number): number | null =>
      mode < 0 ? null : (scores[block * modes + mode] ?? null);
    const sent: SentRow = {
      timeMs,
      windows,
      mean: score(0) ?? 0,
      max: score(1) ?? 0,
      shaftRpm,
      meanRisk: score(2),
      maxRisk: score(3),
      isLearning,
    };
    const part = startThinnedRow(sent);
    if (isSent) {
      parts.push(part);
      continue;
    }
    const summed = { rows: Number(row.rows), rpmRows: Number(row.rpm_rows) };
    parts.push({ ...part, ...summed, min: score(4) ?? 0, riskWindows: score(5) ?? 0 });
  }
  return parts;
}

/** All scores of all modes, block by block. */
function writeScores([, ...modes]: readonly ThinnedRow[]): string {
  const blocks = [
    modes.map(({ mean }) => mean),
    modes.map(({ max }) => max),
    modes.map(({ meanRisk }) => meanRisk),
    modes.map(({ maxRisk }) => maxRisk),
    modes.map(({ min }) => min),
    modes.map(({ riskWindows }) => riskWindows),
  ];
  return `{${blocks
    .flat()
    .map((score) => score ?? "NULL")
    .join(",")}}`;
}
