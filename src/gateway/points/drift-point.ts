/**
 * One point under the light watch for drift: its reports become days, and each day is held against the point's own days
 * before it. Publishes nothing. A day that is over is assessed by steps, when whoever asks has time for it; until then the point
 * takes nothing else.
 */

import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import type { ModelRef } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { DriftReport } from "../../core/contract/uplink-record.ts";
import { describeScoring, givesSameScores, type ScoringModel } from "../../core/decision/scoring-model.ts";
import { assessDayByStep } from "../../core/drift/assess-day.ts";
import type { DaySummary } from "../../core/drift/day-summary.ts";
import { graceOf } from "../../core/drift/day-summary.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { createDriftTask, type DriftTask } from "../../core/drift/drift-task.ts";
import { addToDay, findDayOf } from "../../core/drift/merge-day.ts";
import { beginSiteReference, carryColumns, type SiteReference } from "../../core/drift/site-reference.ts";
import { dayMs, hourMs } from "../../core/maths/durations.ts";
import { findOrMake } from "../../core/maths/find-or-make.ts";
import type { Steps } from "../../core/maths/steps.ts";
import type { ClockMoment } from "../../core/platform/clock.ts";
import { type PackedDay, packDay, unpackDay } from "./packed-day.ts";
import { type PackedReference, packReference, unpackReference } from "./packed-reference.ts";

/** A bundle as far as a point's days need it. */
export interface DriftModel {
  readonly ref: ModelRef;
  /**
   * `digestSketching`, of scores, columns and bins: days of another model with the same are of one history. So it is in {@link DriftGround}
   * and in what is kept; a bundle's `digestScoring` never equals it.
   */
  readonly scoringDigest: string;
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

/** What a point's days stand on, with {@link DriftModel.scoringDigest}; an earlier version kept none. */
interface DriftGround<R = PackedReference> extends ScoringModel {
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
  take(report: DriftReport, moment: DriftMoment, modelOf: (name: string) => DriftModel | null): TakenReport;
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

/** When a report came. */
interface DriftMoment extends ClockMoment {
  /** Whether the collector has confirmed the calendar's clock. */
  readonly isClockConfirmed: boolean;
}

interface TakenReport {
  /** Null: it was taken. */
  readonly refused: { readonly reason: DriftRefusal; readonly detail: string } | null;
  /** A model of other scores has begun, though its report may be refused; its levels go on, or there are none. */
  readonly isRelearning: boolean;
  /** Its days were let go: they lay in the future. */
  readonly isLost: boolean;
}

/** A report of a time further ahead is of a wrong clock. */
const farAheadMs = dayMs;
/** A clock that nobody confirms, and by which a point's days lie in the future, is believed after so long: it may be behind. */
const doubtMs = dayMs;
/** So many times as many warnings as false verdicts. */
const warningShare = 10;

/** What the last run left. */
interface KeptDays {
  readonly ground: DriftGround<SiteReference> | null;
  readonly day: DaySummary | null;
}

/** Creates the watch of a point, new or as the last run left it. */
export function createDriftPoint(point: PointId, rules: DriftRules, kept: KeptDays): DriftPoint {
  return new Days(point, rules, kept);
}

/** A point's days: of a thousand points there are a thousand. */
class Days implements DriftPoint {
  readonly point: PointId;
  readonly #rules: DriftRules;
  ground: DriftGround | null;
  day: PackedDay | null;
  ended: PackedDay | null = null;
  #task: DriftTask | null = null;
  /** The data's own time at the last report, and when that was. */
  #heard: { readonly toMs: number; readonly monotonicMs: number } | null = null;

  /** Since when the clock says that its days lie in the future, monotonic; null: it does not. */
  #aheadSinceMs: number | null = null;

  constructor(point: PointId, rules: DriftRules, kept: KeptDays) {
    this.point = point;
    this.#rules = rules;
    this.ground = kept.ground && groundOn(kept.ground, kept.ground.reference);
    this.day = kept.day && packDay(kept.day);
  }

  take(
    report: DriftReport,
    { nowMs, monotonicMs, isClockConfirmed }: DriftMoment,
    modelOf: (name: string) => DriftModel | null,
  ): TakenReport {
    let isLost = false;
    let isRelearning = false;
    const refuse = (reason: DriftRefusal, detail: string): TakenReport => {
      return { refused: { reason, detail }, isRelearning, isLost };
    };
    if (nowMs < earliestClockMs) return refuse("no-time", "the clock has not been set");
    if (report.toMs > nowMs + farAheadMs) {
      return refuse("future", `it ends ${describeHours(report.toMs - nowMs)} from now`);
    }
    this.#aheadSinceMs = this.#isAhead(nowMs) ? (this.#aheadSinceMs ?? monotonicMs) : null;
    const isDoubted =
      this.#aheadSinceMs !== null && !isClockConfirmed && monotonicMs - this.#aheadSinceMs < doubtMs;
    if (isDoubted) return refuse("no-time", "its days lie in the future, and nobody confirms the clock");
    const before = this.ground;
    if (!this.#adopt(report, modelOf)) return refuse("other-model", "its bundle does not serve any more");
    isRelearning = before !== null && !givesSameScores(describeScoring(before), this.ground!);
    if (this.#aheadSinceMs !== null) isLost = this.#forgetFuture(nowMs);
    try {
      const { periodMs } = this.#rules;
      const { day } = this;
      const fromMs = findDayOf(report, periodMs);
      const lastMs = Math.max(this.ground?.reference.lastMs ?? -1, day === null ? -1 : day.fromMs - 1);
      if (fromMs <= lastMs) return refuse("late", "its day has been assessed, or a later one has begun");
      const isNext = day !== null && fromMs > day.fromMs;
      const next = packDay(addToDay(day === null || isNext ? null : unpackDay(day), report, periodMs));
      if (isNext) this.ended = day;
      this.day = next;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return refuse("not-fitting", error.message);
    }
    this.#heard = { toMs: report.toMs, monotonicMs };
    return { refused: null, isRelearning, isLost };
  }

  advance(monotonicMs: number): void {
    const { ground, day } = this;
    const { periodMs } = this.#rules;
    // Of a day of the last run it is not known how much has gone: it lasts at most its length from now.
    if (this.#heard === null && day !== null) this.#heard = { toMs: day.fromMs, monotonicMs };
    const heard = this.#heard;
    // Nor is it known what to hold it against before a report says so.
    if (heard === null || ground === null || this.#task === null || this.ended !== null) return;
    const nowMs = heard.toMs + monotonicMs - heard.monotonicMs;
    const graceMs = graceOf(this.#rules);
    const { lastMs } = ground.reference;
    if (day !== null) {
      if (nowMs > day.fromMs + periodMs + graceMs) [this.ended, this.day] = [day, null];
    } else if (lastMs !== null && nowMs > lastMs + 2 * periodMs + graceMs) {
      this.ended = packDay({ fromMs: lastMs + periodMs, periodMs, features: [] });
    }
  }

  *assess(): Steps<DriftVerdict | null> {
    if (this.ended === null) return null;
    try {
      return yield* this.#assessEnded(this.ended);
    } finally {
      this.ended = null;
    }
  }

  renew(): void {
    [this.day, this.ended, this.#heard] = [null, null, null];
    if (this.ground !== null) this.ground = groundOn(this.ground, beginSiteReference());
  }

  *#assessEnded(over: PackedDay): Steps<DriftVerdict | null> {
    const task = this.#task;
    const { ground } = this;
    if (ground === null || task === null) return null;
    const before = unpackReference(ground.reference);
    yield;
    const { verdict, reference } = yield* assessDayByStep(task, before, unpackDay(over));
    yield;
    this.ground = groundOn(ground, reference);
    const { name, version, digest } = ground.model;
    const of = { modelName: name, modelVersion: version, modelDigest: digest };
    return { ...this.point, ...of, ...verdict, cause: null };
  }

  /** Makes sure that the report's model is the one whose days are held; false: its bundle does not serve. */
  #adopt(report: DriftReport, modelOf: (name: string) => DriftModel | null): boolean {
    const { ground } = this;
    if (this.#task !== null && ground?.model.digest === report.modelDigest) return true;
    const model = modelOf(report.modelName);
    if (model === null || model.ref.digest !== report.modelDigest) return false;
    const task = shareTask(model, this.#rules);
    this.#task = task;
    const scoring: ScoringModel = { model: model.ref, scoringDigest: model.scoringDigest };
    if (ground !== null && givesSameScores(describeScoring(ground), scoring)) {
      const isKnown =
        ground.model.digest === model.ref.digest && ground.scoringDigest === scoring.scoringDigest;
      // Days and the day so far go on under its name.
      if (!isKnown) this.ground = { ...scoring, reference: ground.reference };
      return true;
    }
    const levels = task.columns.filter(({ role }) => role === "level");
    const reference =
      ground === null ? beginSiteReference() : carryColumns(unpackReference(ground.reference), levels);
    this.ground = groundOn(scoring, reference);
    // The day of a change is the new model's: half a day of each would be compared with whole ones.
    this.day = null;
    return true;
  }

  #isAhead(nowMs: number): boolean {
    const lastMs = Math.max(this.day?.fromMs ?? 0, this.ground?.reference.lastMs ?? 0);
    return lastMs > nowMs + farAheadMs;
  }

  /** A clock that was far ahead and was set right again must not make everything late for years; true: days were let go. */
  #forgetFuture(nowMs: number): boolean {
    const { ground } = this;
    if (this.day !== null && this.day.fromMs > nowMs + farAheadMs) this.day = null;
    const lastMs = ground?.reference.lastMs ?? null;
    if (ground === null || lastMs === null || lastMs <= nowMs + farAheadMs) return false;
    this.ground = groundOn(ground, beginSiteReference());
    return true;
  }
}

function groundOn({ model, scoringDigest }: ScoringModel, reference: SiteReference): DriftGround {
  return { model, scoringDigest, reference: packReference(reference) };
}

/** By the reference of a bundle, then by the rules of a gateway. */
const sharedTasks = new WeakMap<DriftReference, WeakMap<DriftRules, DriftTask>>();

/** One for all points of a bundle: it names each of its columns. */
function shareTask(model: DriftModel, rules: DriftRules): DriftTask {
  const ofReference = findOrMake(sharedTasks, model.reference, () => new WeakMap());
  return findOrMake(ofReference, rules, () => createTask(model, rules));
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
