/**
 * When people are told of a point's drift: when it begins, when it gets worse and when it ends, and not every period anew.
 * A step is a pure function of what stands and of one verdict.
 */

import type { DriftVerdict, FeatureShift } from "../../core/contract/drift-verdict.ts";
import { namePoint } from "../../core/contract/name-point.ts";
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import { nameDriftDay } from "../../core/drift/drift-day.ts";
import type { DriftState } from "../record/drift-record.ts";

/** Stable periods in a row after which what stood has ended. */
const stablePeriodsToEnd = 3;

/** A state, and what is to be told of the way to it; null: nothing. */
export interface ToldDrift {
  readonly state: DriftState;
  readonly event: EventRecord | null;
}

/**
 * Takes one verdict of a point.
 * @param before null: nothing was ever said of the point
 * @param survives does the verdict survive the budget of the fleet?
 */
export function tellDrift(before: DriftState | null, verdict: DriftVerdict, survives: boolean): ToldDrift {
  const fresh = beginState(verdict);
  if (before === null) return takeVerdict(fresh, verdict, survives);
  if (verdict.fromMs < before.fromMs) return { state: before, event: null };
  if (before.modelDigest === verdict.modelDigest) return takeVerdict(before, verdict, survives);
  const next = takeVerdict(fresh, verdict, survives);
  if (next.event !== null || before.level === "stable") return next;
  return { ...next, event: describeEnd(verdict, before, "another model serves") };
}

function takeVerdict(before: DriftState, verdict: DriftVerdict, survives: boolean): ToldDrift {
  const { level, fromMs } = verdict;
  const seen = { ...before, fromMs };
  switch (level) {
    case "warning":
    case "drift": {
      const state = { ...seen, stablePeriods: 0 };
      const isWorse = before.level === "stable" || (before.level === "warning" && level === "drift");
      if (!survives || !isWorse) return { state, event: null };
      const sinceMs = before.level === "stable" ? fromMs : before.sinceMs;
      return { state: { ...state, level, sinceMs }, event: describeDrift(verdict) };
    }
    case "stable": {
      // The same period may be read again when another point of it came late.
      const isAnother = fromMs > before.fromMs || before.stablePeriods === 0;
      const state = { ...seen, stablePeriods: before.stablePeriods + (isAnother ? 1 : 0) };
      if (before.level === "stable" || state.stablePeriods < stablePeriodsToEnd)
        return { state, event: null };
      const ended = { ...state, level: "stable" as const, sinceMs: fromMs };
      const why = `${stablePeriodsToEnd} periods in a row were as usual`;
      return { state: ended, event: describeEnd(verdict, before, why) };
    }
    case "learning": {
      if (before.level === "stable") return { state: seen, event: null };
      // Nothing is known any more of what it stood against: a repair, or a reference that cannot be read.
      const ended = { ...seen, level: "stable" as const, sinceMs: fromMs, stablePeriods: 0 };
      return { state: ended, event: describeEnd(verdict, before, "what is usual is learnt anew") };
    }
    case "paused":
    case "insufficient":
      return { state: seen, event: null };
    default:
      return level satisfies never;
  }
}

function beginState({ site, turbine, component, modelDigest, fromMs }: DriftVerdict): DriftState {
  return {
    site,
    turbine,
    component,
    modelDigest,
    level: "stable",
    sinceMs: fromMs,
    fromMs,
    stablePeriods: 0,
  };
}

function describeDrift(verdict: DriftVerdict): EventRecord {
  const { level, cause, shifts, pValue } = verdict;
  const parts = [
    nameDriftDay(verdict),
    cause === null ? null : cause.title,
    shifts[0] === undefined ? null : describeShift(shifts[0]),
    pValue === null ? null : `p = ${pValue.toPrecision(2)}`,
  ];
  return {
    kind: "event",
    timeMs: verdict.toMs,
    name: `drift.${level}`,
    subject: namePoint(verdict),
    detail: parts.filter((part) => part !== null).join("; "),
  };
}

function describeEnd(verdict: DriftVerdict, before: DriftState, why: string): EventRecord {
  return {
    kind: "event",
    timeMs: verdict.toMs,
    name: "drift.ended",
    subject: namePoint(verdict),
    detail: `${before.level} since ${new Date(before.sinceMs).toISOString()} has ended: ${why}`,
  };
}

function describeShift({ name, aspect, reference, current, deviations, sinceMs }: FeatureShift): string {
  const size = `${Math.abs(deviations).toFixed(1)} times what is usual from day to day`;
  const since = new Date(sinceMs).toISOString().slice(0, 10);
  return `${name}: ${aspect} ${reference.toPrecision(4)} → ${current.toPrecision(4)} (${size}) since ${since}`;
}
