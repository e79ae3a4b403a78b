/**
 * Assesses each period of each point once, when there is nothing more to wait for, and then reads the points together.
 * Shares its thread with the uplink, or with the page: it gives way several times a point. What it has stored is whole, whenever it is killed.
 */

import type { CollectorConfig } from "../../core/contract/config/collector-config.ts";
import type { DaySummary } from "../../core/drift/day-summary.ts";
import { graceOf } from "../../core/drift/day-summary.ts";
import { createDriftTask, type DriftTask } from "../../core/drift/drift-task.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { latencyBucketsSeconds, type Metrics } from "../../core/platform/metrics.ts";
import { takeTurns } from "../../core/platform/take-turns.ts";
import type { AssessedPeriod, DriftPeriod } from "../record/drift-record.ts";
import type { FleetRecord } from "../record/fleet-record.ts";
import { assessPeriod, leaveUnassessed } from "./assess-period.ts";
import type { FleetSource } from "./fleet-source.ts";
import { publishPeriod } from "./publish-period.ts";

interface DriftJobOptions {
  readonly record: FleetRecord;
  readonly models: FleetSource["models"];
  readonly config: CollectorConfig["drift"];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface DriftJob {
  /** How often it should be run, ms. */
  readonly everyMs: number;
  /** Assesses what is due and publishes what is complete. Rejects with AuroraError STORE; what was stored until then stays. */
  run(): Promise<DriftRun>;
  /** Ends a run after the point that it is at. */
  stop(): void;
}

/** What a run has done. */
export interface DriftRun {
  /** Verdicts stored. */
  readonly verdicts: number;
  /** Periods that were read together. */
  readonly periods: number;
  /** Events written. */
  readonly events: number;
}

const longestWaitMs = 15_000;
/** Periods that are looked up at once: each look goes through all that are open. */
const dueAtOnce = 2_000;
const unpublishedAtOnce = 100;

/** Creates the job; nothing runs yet. */
export function createDriftJob(options: DriftJobOptions): DriftJob {
  const { record, config, clock, timers, logger } = options;
  const periodMs = config.periodSeconds * 1_000;
  const graceMs = graceOf({ periodMs });
  const accounts = createDriftAccounts(options.metrics, record);
  let stopped = false;
  const pause = (): Promise<void> => new Promise((resolve) => timers.after(0, resolve));
  const assess = createAssessment(options, pause);
  const publishing = { record, falseShare: config.fleetFalseShare, pause, clock, logger };

  /** Assesses until nothing is due any more; gives the moment of which that is true. */
  const assessAll = async (): Promise<{ readonly verdicts: number; readonly lookedMs: number }> => {
    for (let verdicts = 0; ; ) {
      const lookedMs = clock.nowMs();
      const due = await record.duePeriods({ nowMs: lookedMs, graceMs, limit: dueAtOnce });
      let stored = 0;
      for (const period of due) {
        if (stopped) return { verdicts: verdicts + stored, lookedMs };
        const startMs = clock.monotonicMs();
        const step = await assess(period);
        if (step !== null && (await storeStep(options, period, step))) {
          accounts.verdicts.add(1, { level: step.verdict.level });
          stored++;
        }
        accounts.assessment.observe((clock.monotonicMs() - startMs) / 1_000);
        await pause();
      }
      verdicts += stored;
      // What is due and cannot be stored would be due for ever.
      if (stored === 0) return { verdicts, lookedMs };
    }
  };
  /** When periods of which something is open are read together again, by their start: not with each point that comes. */
  const againMs = new Map<number, number>();
  /** @param nowMs all that was due then has been assessed, and nothing that has come to be due since */
  const publishAll = async (nowMs: number): Promise<Omit<DriftRun, "verdicts">> => {
    let [periods, events] = [0, 0];
    for (const period of await record.unpublishedPeriods(unpublishedAtOnce)) {
      const { awaited, open } = await record.periodProgress(period);
      // After the grace what is still open comes late, and nobody waits for it.
      const isLate = nowMs >= period.toMs + graceMs;
      const isComplete = open === 0 && (awaited === 0 || isLate);
      const mayGoOn = isLate && nowMs >= (againMs.get(period.fromMs) ?? nowMs);
      if (stopped || !(isComplete || mayGoOn)) continue;
      if (againMs.size >= unpublishedAtOnce) againMs.clear();
      againMs.delete(period.fromMs);
      if (!isComplete) againMs.set(period.fromMs, nowMs + graceMs);
      const told = await publishPeriod(period, { ...publishing, nowMs });
      for (const { name } of told) accounts.events.add(1, { name });
      periods++;
      events += told.length;
      await pause();
    }
    return { periods, events };
  };
  return {
    everyMs: Math.min(longestWaitMs, periodMs / 20),
    run: async () => {
      const startMs = clock.monotonicMs();
      const { verdicts, lookedMs } = await assessAll();
      const published = await publishAll(lookedMs);
      accounts.run.set((clock.monotonicMs() - startMs) / 1_000);
      return { verdicts, ...published };
    },
    stop: () => {
      stopped = true;
    },
  };
}

/** Reads what a period is assessed by, and assesses it; null when there is nothing to assess any more. */
function createAssessment(
  options: DriftJobOptions,
  pause: () => Promise<void>,
): (period: DriftPeriod) => Promise<AssessedPeriod | null> {
  const { record, clock, logger } = options;
  const tasks = createTasks(options);
  return async (period) => {
    const { previousDigest } = period;
    const summary = await readSummary(options, period);
    if (summary === null) return null;
    if (summary === "damaged")
      return leaveUnassessed({ period, summary: nothingHeard(period) }, damagedWords);
    await pause();
    const stored = await record.driftReference(period);
    const previous =
      stored !== null || previousDigest === null
        ? null
        : await record.driftReference({ ...period, modelDigest: previousDigest });
    await pause();
    try {
      const evidence = { period, summary, task: tasks(period.modelDigest), stored, previous };
      return await takeTurns(assessPeriod(evidence), { pause, clock });
    } catch (error) {
      // A fault of ours: it costs one period of one point, and not all that come after it.
      logger.error("a period of drift could not be assessed", { ...period, error });
      return leaveUnassessed(
        { period, summary },
        "the assessment itself failed; the collector's log says why",
      );
    } finally {
      await pause();
    }
  };
}

const damagedWords = "what was heard of it does not hold together; the collector's log says why";

/** Null when it was assessed already; what cannot be read costs this period, and not all that come after it. */
async function readSummary(
  { record, logger }: DriftJobOptions,
  period: DriftPeriod,
): Promise<DaySummary | "damaged" | null> {
  try {
    return await record.periodSummary(period);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    logger.error("a period of drift cannot be read", { ...period, error });
    return "damaged";
  }
}

/** Stores what became of a period; one that cannot be stored as it is stays unassessed. Resolves with false when it was before. */
async function storeStep(
  { record, logger }: DriftJobOptions,
  period: DriftPeriod,
  step: AssessedPeriod,
): Promise<boolean> {
  try {
    return await record.storeVerdict(step);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    logger.error("a verdict of drift cannot be stored", { ...period, error });
    return record.storeVerdict(leaveUnassessed({ period, summary: nothingHeard(period) }, damagedWords));
  }
}

function nothingHeard({ fromMs, toMs }: DriftPeriod): DaySummary {
  return { fromMs, periodMs: toMs - fromMs, features: [] };
}

/** The task of each model that is known here, made at its first use. */
function createTasks({ models, config }: DriftJobOptions): (modelDigest: string) => DriftTask | null {
  const made = new Map<string, DriftTask>();
  return (modelDigest) => {
    const held = made.get(modelDigest);
    if (held !== undefined) return held;
    const model = models.get(modelDigest);
    if (model === undefined) return null;
    const task = createDriftTask(model.reference, {
      falsePerDay: config.falsePerPointDay,
      warningsPerDay: config.warningsPerPointDay,
      learnDays: config.learnDays,
    });
    made.set(modelDigest, task);
    return task;
  };
}

function createDriftAccounts(metrics: Metrics, record: FleetRecord) {
  metrics.gauge(
    { name: "drift_open_periods", help: "Periods of points that wait to be assessed" },
    async () => (await record.driftBacklog()).openPeriods,
  );
  metrics.gauge(
    {
      name: "drift_late_reports",
      help: "Kept drift reports that came after their period was assessed",
    },
    async () => (await record.driftBacklog()).lateReports,
  );
  return {
    verdicts: metrics.counter({
      name: "drift_verdicts_total",
      help: "Periods of points that were assessed, by level",
      labels: ["level"],
    }),
    events: metrics.counter({
      name: "drift_events_total",
      help: "What people were told of drift",
      labels: ["name"],
    }),
    assessment: metrics.histogram(
      { name: "drift_assessment_seconds", help: "Time of one point's period, reading and storing included" },
      latencyBucketsSeconds,
    ),
    run: metrics.gauge({ name: "drift_run_seconds", help: "Time of the last run over all that was due" }),
  };
}
