/**
 * One point under the light watch for drift: its reports become days, and each day is held against the point's own days
 * before it. Publishes nothing. A day that is over is assessed by steps, when whoever asks has time for it; until then the point
 * takes nothing else.
 */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import type { ModelRef } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { DriftReport } from "../../core/contract/uplink-record.ts";
import { assessDayByStep } from "../../core/drift/assess-day.ts";
import type { DaySummary } from "../../core/drift/day-summary.ts";
import { graceOf } from "../../core/drift/day-summary.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { createDriftTask, type DriftTask } from "../../core/drift/drift-task.ts";
import { addToDay, findDayOf } from "../../core/drift/merge-day.ts";
import { beginSiteReference, carryColumns, type SiteReference } from "../../core/drift/site-reference.ts";
import { dayMs, hourMs } from "../../core/maths/durations.ts";
import type { Steps } from "../../core/maths/steps.ts";
import { type PackedDay, packDay, unpackDay } from "./packed-day.ts";
import { type PackedReference, packReference, unpackReference } from "./packed-reference.ts";

/** A bundle as far as a point's days need it. */
export interface DriftModel {
  readonly ref: ModelRef;
  readonly reference: DriftReference;
  /** Its features say under what conditions a turbine runs, where the reference itself does not say what they are. */
  readonly isNormalBehaviour: boolean;
}

/** Why a report was not taken. */
export const driftRefusals = ["no-time", "future", "late", "other-model", "not-fitting"] as const;
export type DriftRefusal = (typeof driftRefusals)[number];

/** How days are assessed. */
export interface DriftRules {
  readonly periodMs: number;
  /** Above 0, to 0.05. */
  readonly falsePerDay: number;
  /** 5 to 90. */
  readonly learnDays: number;
}

/** Now, by both clocks. */
interface Moment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** What a point's days stand on. */
export interface DriftGround<R = PackedReference> {
  readonly model: ModelRef;
  readonly reference: R;
}

export interface DriftPoint {
  readonly point: PointId;
  /** Null before the first report. */
  readonly ground: DriftGround | null;
  /** The day that is being heard. */
  readonly day: PackedDay | null;
  /** The day that is over and has not been assessed. */
  readonly ended: PackedDay | null;
  /**
   * Takes a report, which may show that a day is over. While one is, call `assess` before.
   * @param modelOf the bundle that serves under a name
   */
  take(report: DriftReport, moment: Moment, modelOf: (name: string) => DriftModel | null): TakenReport;
  /** Time has passed: a day may be over, or one in which nothing came. */
  advance(monotonicMs: number): void;
  /**
   * Assesses the day that is over, and goes on with what was learnt of it; null: nothing is known to hold it against. The day is over
   * with, whatever comes of it. @throws RangeError for a day that does not hold together
   */
  assess(): Steps<DriftVerdict | null>;
  /** Lets its days go. */
  renew(): void;
}

export interface TakenReport {
  /** Null: it was taken. */
  readonly refused: { readonly reason: DriftRefusal; readonly detail: string } | null;
  /** Another model has begun; its levels go on, or there are none. */
  readonly isRelearning: boolean;
  /** Its days were let go: they lay in the future. */
  readonly isLost: boolean;
}

/** A report of a time further ahead is of a wrong clock. */
const farAheadMs = dayMs;
/** 2020-01-01: a clock that says that it is earlier has not been set. */
const earliestNowMs = 1_577_836_800_000;
/** So many times as many warnings as false verdicts. */
const warningShare = 10;

/** Creates the watch of a point, new or as the last run left it. */
export function createDriftPoint(
  point: PointId,
  rules: DriftRules,
  kept: { readonly ground: DriftGround<SiteReference> | null; readonly day: DaySummary | null },
): DriftPoint {
  const { periodMs } = rules;
  const graceMs = graceOf(rules);
  let ground: DriftGround | null = kept.ground && groundOn(kept.ground.model, kept.ground.reference);
  let day: PackedDay | null = kept.day && packDay(kept.day);
  let ended: PackedDay | null = null;
  let task: DriftTask | null = null;
  /** The data's own time at the last report, and when that was. */
  let heard: { readonly toMs: number; readonly monotonicMs: number } | null = null;

  const assessEnded = function* (over: PackedDay): Steps<DriftVerdict | null> {
    if (ground === null || task === null) return null;
    const { model } = ground;
    const before = unpackReference(ground.reference);
    yield;
    const { verdict, reference } = yield* assessDayByStep(task, before, unpackDay(over));
    yield;
    ground = groundOn(model, reference);
    const { name, version, digest } = model;
    const of = { modelName: name, modelVersion: version, modelDigest: digest };
    return { ...point, ...of, ...verdict, cause: null };
  };

  /** Makes sure that the report's model is the one whose days are held; false: its bundle does not serve. */
  const adopt = (report: DriftReport, modelOf: (name: string) => DriftModel | null): boolean => {
    if (task !== null && ground?.model.digest === report.modelDigest) return true;
    const model = modelOf(report.modelName);
    if (model === null || model.ref.digest !== report.modelDigest) return false;
    task = createTask(model, rules);
    if (ground?.model.digest === model.ref.digest) return true;
    const levels = task.columns.filter(({ role }) => role === "level");
    const reference =
      ground === null ? beginSiteReference() : carryColumns(unpackReference(ground.reference), levels);
    ground = groundOn(model.ref, reference);
    // The day of a change is the new model's: half a day of each would be compared with whole ones.
    day = null;
    return true;
  };

  /** A clock that was far ahead and was set right again must not make everything late for years; true: days were let go. */
  const forgetFuture = (nowMs: number): boolean => {
    if (day !== null && day.fromMs > nowMs + farAheadMs) day = null;
    const lastMs = ground?.reference.lastMs ?? null;
    if (ground === null || lastMs === null || lastMs <= nowMs + farAheadMs) return false;
    ground = groundOn(ground.model, beginSiteReference());
    return true;
  };

  return {
    point,
    get ground() {
      return ground;
    },
    get day() {
      return day;
    },
    get ended() {
      return ended;
    },
    take: (report, { nowMs, monotonicMs }, modelOf) => {
      let isLost = false;
      const refuse = (reason: DriftRefusal, detail: string): TakenReport => {
        return { refused: { reason, detail }, isRelearning: false, isLost };
      };
      if (nowMs < earliestNowMs) return refuse("no-time", "the clock has not been set");
      if (report.toMs > nowMs + farAheadMs) {
        return refuse("future", `it ends ${describeHours(report.toMs - nowMs)} from now`);
      }
      const before = ground?.model.digest;
      if (!adopt(report, modelOf)) return refuse("other-model", "its bundle does not serve any more");
      isLost = forgetFuture(nowMs);
      try {
        const fromMs = findDayOf(report, periodMs);
        const lastMs = Math.max(ground?.reference.lastMs ?? -1, day === null ? -1 : day.fromMs - 1);
        if (fromMs <= lastMs) return refuse("late", "its day has been assessed, or a later one has begun");
        const isNext = day !== null && fromMs > day.fromMs;
        const next = packDay(addToDay(day === null || isNext ? null : unpackDay(day), report, periodMs));
        if (isNext) ended = day;
        day = next;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return refuse("not-fitting", error.message);
      }
      heard = { toMs: report.toMs, monotonicMs };
      const isRelearning = before !== undefined && before !== report.modelDigest;
      return { refused: null, isRelearning, isLost };
    },
    advance: (monotonicMs) => {
      // Of a day of the last run it is not known how much has gone: it lasts at most its length from now.
      if (heard === null && day !== null) heard = { toMs: day.fromMs, monotonicMs };
      // Nor is it known what to hold it against before a report says so.
      if (heard === null || ground === null || task === null || ended !== null) return;
      const nowMs = heard.toMs + monotonicMs - heard.monotonicMs;
      const { lastMs } = ground.reference;
      if (day !== null) {
        if (nowMs > day.fromMs + periodMs + graceMs) [ended, day] = [day, null];
      } else if (lastMs !== null && nowMs > lastMs + 2 * periodMs + graceMs) {
        ended = packDay({ fromMs: lastMs + periodMs, periodMs, features: [] });
      }
    },
    assess: function* () {
      if (ended === null) return null;
      try {
        return yield* assessEnded(ended);
      } finally {
        ended = null;
      }
    },
    renew: () => {
      [day, ended, heard] = [null, null, null];
      if (ground !== null) ground = groundOn(ground.model, beginSiteReference());
    },
  };
}

function groundOn(model: ModelRef, reference: SiteReference): DriftGround {
  return { model, reference: packReference(reference) };
}

function createTask({ reference, isNormalBehaviour }: DriftModel, rules: DriftRules): DriftTask {
  const saysRoles = reference.features.some(({ role }) => role !== undefined);
  const features = reference.features.slice(0, reference.featureCount);
  return createDriftTask(reference, {
    falsePerDay: rules.falsePerDay,
    warningsPerDay: warningShare * rules.falsePerDay,
    learnDays: rules.learnDays,
    ...(isNormalBehaviour && !saysRoles ? { conditions: features.map(({ name }) => name) } : {}),
  });
}

function describeHours(durationMs: number): string {
  return `${(durationMs / hourMs).toFixed(0)} hours`;
}
