/** The drift part of the record over its tables in SQLite: every step that changes something is one transaction. */

import type { SqliteDatabase } from "../../../core/platform/sqlite/sqlite-database.ts";
import type { DriftRecord } from "../drift-record.ts";
import { ownSource } from "../record-rules.ts";
import type { SqliteDrift } from "./sqlite-drift.ts";
import type { SqliteDriftDays } from "./sqlite-drift-days.ts";
import type { SqliteDriftSteps } from "./sqlite-drift-steps.ts";
import type { SqliteEvents } from "./sqlite-events.ts";
import type { SqliteMachines } from "./sqlite-machines.ts";
import type { SqliteVerdicts } from "./sqlite-verdicts.ts";

/** What drift is kept in. */
export interface DriftTables {
  readonly database: SqliteDatabase;
  readonly machines: Pick<SqliteMachines, "pointNumber">;
  readonly drift: SqliteDrift;
  readonly driftDays: SqliteDriftDays;
  readonly driftSteps: SqliteDriftSteps;
  readonly verdicts: SqliteVerdicts;
  readonly events: Pick<SqliteEvents, "putEvent">;
}

/** Creates it over prepared tables. */
export function createSqliteDriftRecord(tables: DriftTables): DriftRecord {
  const { database, drift, driftDays, driftSteps, verdicts } = tables;
  return {
    driftOfDay: async (query) => driftDays.read(query),
    newestDriftDay: async (untilDay) => driftDays.newestDay(untilDay),
    driftVerdicts: async (query) => verdicts.list(query),
    turbineVerdicts: async (query) => verdicts.ofTurbine(query),
    driftDays: async (query) => verdicts.days(query),
    newestVerdictDay: async (untilMs, filter) => verdicts.newestDay(untilMs, filter),
    duePeriods: async (query) => driftSteps.due(query),
    periodSummary: async (period) => {
      const row = driftSteps.openPeriod(period);
      return row === null ? null : drift.readSummary(row);
    },
    driftReference: async (key) => driftSteps.reference(key),
    storeVerdict: async (step) => database.transaction(() => storeVerdict(tables, step)),
    unpublishedPeriods: async (limit) => driftSteps.unpublished(limit),
    periodVerdicts: async (period) => verdicts.listPeriod(period),
    periodProgress: async (period) => driftSteps.progress(period),
    driftFleet: async () => driftSteps.fleet(),
    driftStates: async (points) => driftSteps.states(points),
    publishPeriod: async (step) => database.transaction(() => publishPeriod(tables, step)),
    driftBacklog: async () => drift.backlog(),
  };
}

function storeVerdict(
  { machines, drift, driftSteps, verdicts }: DriftTables,
  { verdict, reference, renewedMs }: Parameters<DriftRecord["storeVerdict"]>[0],
): boolean {
  const row = driftSteps.openPeriod(verdict);
  if (row === null) return false;
  const point = machines.pointNumber(verdict);
  verdicts.put(point, verdict);
  if (reference !== null) {
    const { modelDigest, fromMs, toMs } = verdict;
    driftSteps.putReference(point, modelDigest, {
      reference,
      periodMs: toMs - fromMs,
      untilMs: toMs,
      renewedMs,
    });
  }
  drift.settle(row);
  driftSteps.noteUnpublished(verdict);
  return true;
}

function publishPeriod(
  { machines, driftSteps, verdicts, events }: DriftTables,
  step: Parameters<DriftRecord["publishPeriod"]>[0],
): void {
  for (const verdict of step.verdicts) verdicts.replace(machines.pointNumber(verdict), verdict);
  for (const state of step.states) driftSteps.putState(machines.pointNumber(state), state);
  for (const event of step.events) {
    events.putEvent(event, ownSource(step.nowMs));
  }
  if (step.hasMore !== true) driftSteps.notePublished(step.period);
}
