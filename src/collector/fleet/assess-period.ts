/**
 * What becomes of one point's period: held against the point's own reference, or why it is not. Waits for nothing and stores
 * nothing; a period that cannot be assessed has a verdict that says so, and teaches nothing.
 */
import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import { assessDayByStep, type DayVerdict } from "../../core/drift/assess-day.ts";
import type { DaySummary } from "../../core/drift/day-summary.ts";
import type { DriftTask } from "../../core/drift/drift-task.ts";
import {
  beginSiteReference,
  carryColumns,
  type SiteReference,
  siteReferenceSchema,
} from "../../core/drift/site-reference.ts";
import { countValues } from "../../core/drift/sketcher.ts";
import type { Steps } from "../../core/maths/steps.ts";
import type { AssessedPeriod, DriftPeriod, StoredReference } from "../record/drift-record.ts";

/** All that a period is assessed by. */
interface PeriodEvidence {
  readonly period: DriftPeriod;
  readonly summary: DaySummary;
  /** Null: the bundle of the model is not known here. */
  readonly task: DriftTask | null;
  /** Of this point and model; null before the first period. */
  readonly stored: StoredReference | null;
  /** Of the model that served this point before; null: there is none. */
  readonly previous: StoredReference | null;
}

/** Assesses a period, a step at a time. */
export function* assessPeriod(evidence: PeriodEvidence): Steps<AssessedPeriod> {
  const { period, summary, task, stored } = evidence;
  const { renewedMs } = period;
  const leaveReference = (reason: string): AssessedPeriod => leaveUnassessed(evidence, reason);
  if (task === null) {
    return leaveReference(
      "the bundle of this model is not known here; name its folder under registry.publish: that counts from then on, and this period is not assessed later",
    );
  }
  if (stored !== null && stored.untilMs > period.fromMs) {
    return leaveReference("it came after a later period had been assessed");
  }
  if (renewedMs !== null && renewedMs > period.fromMs) {
    const { verdict } = leaveReference("its own reference was renewed within this period");
    return { verdict: { ...verdict, level: "learning" }, reference: beginSiteReference(), renewedMs };
  }
  const reference = chooseReference(evidence);
  yield;
  try {
    const assessed = yield* assessDayByStep(task, reference, summary);
    const verdict = completeVerdict(period, assessed.verdict);
    return { verdict, reference: assessed.reference, renewedMs: beganWith(evidence) };
  } catch (error) {
    if (error instanceof RangeError) return leaveReference(`it does not hold together: ${error.message}`);
    throw error;
  }
}

/** The verdict of a period that was not assessed, and teaches nothing. @param reason why, in words */
export function leaveUnassessed(
  { period, summary }: Pick<PeriodEvidence, "period" | "summary">,
  reason: string,
): AssessedPeriod {
  const verdict = completeVerdict(period, {
    fromMs: period.fromMs,
    toMs: period.toMs,
    level: "insufficient",
    reason,
    pValue: null,
    rows: countRows(summary),
    referenceDays: 0,
    shifts: [],
    distances: [],
  });
  return { verdict, reference: null, renewedMs: null };
}

/** The renewal that what is learnt begins with: the latest that is known. The gateway of this period may not know of the one before. */
function beganWith({ period, stored, previous }: PeriodEvidence): number | null {
  const latestMs = Math.max(period.renewedMs ?? 0, (stored ?? previous)?.renewedMs ?? 0);
  return latestMs > 0 ? latestMs : null;
}

/** What is known of the point, as far as it still says something of this period. */
function chooseReference({ period, task, stored, previous }: PeriodEvidence): SiteReference {
  const periodMs = period.toMs - period.fromMs;
  // A renewal that the other model's reference began with is no reason to begin once more.
  if ((period.renewedMs ?? 0) > ((stored ?? previous)?.renewedMs ?? 0)) return beginSiteReference();
  if (stored !== null) {
    return (stored.periodMs === periodMs ? readReference(stored) : null) ?? beginSiteReference();
  }
  const carried = previous !== null && previous.periodMs === periodMs ? readReference(previous) : null;
  if (carried === null || task === null) return beginSiteReference();
  // Features and scores of another model are other quantities; a level in dB is the same.
  const levels = carryColumns(
    carried,
    task.columns.filter(({ role }) => role === "level"),
  );
  // The other model may have had a part of this very period.
  return levels.lastMs !== null && levels.lastMs >= period.fromMs ? { ...levels, lastMs: null } : levels;
}

/** The reference as it was stored; null for one that this version does not read: it is learnt anew. */
function readReference({ reference }: StoredReference): SiteReference | null {
  const read = siteReferenceSchema().safeParse(reference);
  return read.success ? read.data : null;
}

function completeVerdict(period: DriftPeriod, verdict: DayVerdict): DriftVerdict {
  const { site, turbine, component, modelName, modelVersion, modelDigest } = period;
  return { site, turbine, component, modelName, modelVersion, modelDigest, ...verdict, cause: null };
}

function countRows({ features }: DaySummary): number {
  return Math.max(0, ...features.map(({ sketch }) => countValues(sketch) + sketch.invalid));
}
