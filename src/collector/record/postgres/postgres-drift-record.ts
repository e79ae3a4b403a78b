/** The drift part of the record over its tables in PostgreSQL: every step that changes something is one transaction. */
import { namePoint } from "../../../core/contract/name-point.ts";
import type { PointId } from "../../../core/contract/stream.ts";
import type { DriftRecord } from "../drift-record.ts";
import { ownSource } from "../record-rules.ts";
import type { PostgresDatabase } from "./postgres-database.ts";
import {
  newestDriftDay,
  readDriftBacklog,
  readDriftDays,
  readDriftSummary,
  settleDriftPeriod,
} from "./postgres-drift.ts";
import {
  listDuePeriods,
  listUnpublished,
  lockOpenPeriod,
  notePublished,
  noteUnpublished,
  putReference,
  putState,
  readDriftFleet,
  readProgress,
  readReference,
  readStates,
} from "./postgres-drift-steps.ts";
import { inOneEra, rememberByEra } from "./postgres-era.ts";
import { putEvents } from "./postgres-events.ts";
import { createPointNumbers } from "./postgres-machines.ts";
import type { PostgresPartitions } from "./postgres-partitions.ts";
import {
  listDriftDays,
  listPeriodVerdicts,
  listTurbineVerdicts,
  listVerdicts,
  newestVerdictDay,
  putVerdict,
  replaceVerdict,
} from "./postgres-verdicts.ts";

/** Creates it over a migrated database. */
export function createPostgresDriftRecord(
  database: PostgresDatabase,
  partitions: PostgresPartitions,
): DriftRecord {
  const recallPoints = rememberByEra(database, createPointNumbers);
  return {
    driftOfDay: (query) => readDriftDays(database, query),
    newestDriftDay: (untilDay) => newestDriftDay(database, untilDay),
    driftVerdicts: (query) => listVerdicts(database, query),
    turbineVerdicts: (query) => listTurbineVerdicts(database, query),
    driftDays: (query) => listDriftDays(database, query),
    newestVerdictDay: (untilMs, filter = {}) => newestVerdictDay(database, untilMs, filter),
    duePeriods: (query) => listDuePeriods(database, query),
    periodSummary: (key) =>
      database.transaction(async (session) => {
        const open = await lockOpenPeriod(session, key);
        return open === null ? null : readDriftSummary(session, open.period);
      }),
    driftReference: (key) => readReference(database, key),
    storeVerdict: (step) =>
      database.transaction(async (session) => {
        const { verdict, reference, renewedMs } = step;
        const open = await lockOpenPeriod(session, verdict);
        if (open === null) return false;
        const { modelDigest, fromMs, toMs } = verdict;
        await putVerdict(session, open.point, verdict);
        if (reference !== null) {
          const learnt = { reference, periodMs: toMs - fromMs, untilMs: toMs, renewedMs };
          await putReference(session, { ...learnt, point: open.point, modelDigest });
        }
        await settleDriftPeriod(session, open.period);
        await noteUnpublished(session, verdict);
        return true;
      }),
    unpublishedPeriods: (limit) => listUnpublished(database, limit),
    periodVerdicts: (period) => listPeriodVerdicts(database, period),
    periodProgress: (period) => readProgress(database, period),
    driftFleet: () => readDriftFleet(database),
    driftStates: (points) => readStates(database, points),
    publishPeriod: (step) =>
      inOneEra(database, async (held) => {
        const points = recallPoints();
        await partitions.prepare(step.nowMs, ["event"]);
        const numbers = await points.find([...step.verdicts, ...step.states]);
        const numberOf = (point: PointId): number => numbers.get(namePoint(point))!;
        await held.transaction(async (session) => {
          for (const verdict of step.verdicts) await replaceVerdict(session, numberOf(verdict), verdict);
          for (const state of step.states) await putState(session, numberOf(state), state);
          const source = ownSource(step.nowMs);
          await putEvents(
            session,
            step.events.map((event) => [event, source]),
          );
          if (step.hasMore !== true) await notePublished(session, step.period);
        });
      }),
    driftBacklog: () => readDriftBacklog(database),
  };
}
