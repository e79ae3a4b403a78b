/**
 * A measuring point's own reference, whatever its bundle knows of one: severity against it, learning, another model, renewal by an operator, and what people are told of it. Raises nothing, and never reads the clock.
 */
import type { BaselineStanding } from "../../contract/baseline-report.ts";
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import type { Prediction } from "../../contract/prediction.ts";
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { type ForeignModes, placeModes } from "../explained-window.ts";
import type { DeciderParts } from "../heard-parts.ts";
import { describeScoring, givesSameScores } from "../scoring-model.ts";
import { createBaselineLearner } from "./baseline-learner.ts";
import {
  type BaselineRenewal,
  type BaselineSnapshot,
  dropOtherMargins,
  isOtherBearing,
  isOtherShaft,
  renameModel,
} from "./baseline-snapshot.ts";
import type { BaselineEvent, BaselineLearner, BaselineOptions, BaselineStatus } from "./baseline-status.ts";
import { createDeafness, type Deafness } from "./deafness.ts";
import { describeBaseline } from "./describe-baseline.ts";
import type { BaselineSubject } from "./fit-site-baseline.ts";
import { type HealthyRows, noHealthyRows } from "./healthy-rows.ts";
import { createSpeedsHeard, describeSpeeds } from "./speeds-heard.ts";
import { isStandstill } from "./standstill.ts";
import {
  listUnheard,
  measureWindowSeverity,
  unknownSeverity,
  type WindowSeverity,
} from "./window-severity.ts";

/** What of a bundle decides, and is learnt by. */
export interface WatchParts extends DeciderParts {
  /** Absent: nothing is learnt on site, and no severity is stated. */
  readonly baseline?: BaselineSpec | undefined;
  /** Of the bearing, at which the model listens; absent: not known. */
  readonly orders?: readonly number[] | undefined;
}

/** A window as the student has scored it. */
export interface WatchedWindow extends ForeignModes {
  readonly prediction: Prediction;
  /** dB, one a level of the bundle's baseline section; NaN: not heard. Absent: none was, since a device sent its score alone. */
  readonly levels?: Float32Array | undefined;
  readonly shaftRpm: number;
  /** Were its features, but not its levels, heard of the snapshots before it as well? Absent: they were not. */
  readonly isPooled?: boolean | undefined;
  /** What the student was given; absent or empty: not known. */
  readonly features?: Float32Array | undefined;
}

export interface OwnReference {
  /** Of the baseline; null: the bundle knows none. */
  readonly status: BaselineStatus | null;
  /** Does the bundle know baselines? */
  readonly isLearnt: boolean;
  /** Of the last window. */
  readonly severity: WindowSeverity;
  /** How far the baseline is, and why, for people. */
  readonly standing: BaselineStanding;
  /** Features of this machine's healthy windows, for the model that serves; the same object as long as they are the same. */
  readonly healthyRows: HealthyRows;
  /** Has the sensor heard far less than the machine's own healthy level for a while, at speeds that were learnt? */
  readonly deafness: Pick<Deafness, "isDeaf" | "isQuiet" | "isQuieter" | "isFaint" | "quietWindows">;
  /** Was the last window as faint as of a machine that stands, although its speed is stated? */
  readonly isStanding: boolean;
  /** Is what was kept of another epoch, of another shaft's speeds, or of a bearing with other orders? */
  readonly isOtherMachine: boolean;
  /** Measures the severity of a window; returns the baseline that it is to be held against. */
  compare(window: WatchedWindow): SiteBaseline | null;
  /** How the machine is where that was refused as a baseline; null: it was not. */
  readonly doubted: SiteBaseline | null;
  /** Has somebody found the machine healthy as it is, whatever it looks like? */
  readonly isVouched: boolean;
  /** What is learnt from now on is refused where it looks faulty, as of any machine. */
  stopVouching(): void;
  /** Learns of a window, when nothing is due. */
  learn(window: WatchedWindow): void;
  /** Has it heard enough to fit a baseline? */
  readonly isDue: boolean;
  /** Fits what is due, before the next window at the latest; the event is for an operator. */
  settle(): BaselineEvent | null;
  /** Another model serves, from before its first window; where it gives the same scores all that was learnt goes on under its name. */
  adopt(parts: WatchParts): BaselineEvent | null;
  /**
   * The baseline is let go and learnt anew from the next window on, after a repair for one. Null: the bundle knows no baselines, and nothing has changed. `letGo` is the version of the baseline that was in use, 0 for none.
   */
  renew(order: Omit<BaselineRenewal, "count">): { readonly letGo: number } | null;
  /** Undefined: the bundle knows no baselines. */
  snapshot(): BaselineSnapshot | undefined;
}

/** Creates the reference of a point, new or from a snapshot. */
export function createOwnReference(
  parts: WatchParts,
  options: BaselineOptions,
  kept: BaselineSnapshot | undefined,
): OwnReference {
  return new Reference(parts, options, kept);
}

/** Of no configuration. */
const noEpoch = -1;

class Reference implements OwnReference {
  readonly #options: BaselineOptions;
  #parts: WatchParts;
  /** Null: the bundle knows no baselines. */
  #learner: BaselineLearner | null = null;
  #renewal: BaselineRenewal | null;
  /** What was kept of a model that scores otherwise than the one that this run begins with, until a window says which of them serves; null: it does. */
  #parked: BaselineSnapshot | null = null;
  /** What is learnt again since this run began with another model, until it is told; null: nothing, or it was. */
  #relearning: BaselineEvent | null = null;
  severity: WindowSeverity = unknownSeverity;
  readonly deafness: Deafness = createDeafness();
  readonly #speeds = createSpeedsHeard();
  isStanding = false;
  readonly isOtherMachine: boolean;

  constructor(parts: WatchParts, options: BaselineOptions, snapshot: BaselineSnapshot | undefined) {
    this.#options = options;
    this.#parts = parts;
    // Of speeds of another shaft nothing holds, as of another epoch.
    const kept = snapshot && isOtherShaft(snapshot, options) ? { ...snapshot, epoch: noEpoch } : snapshot;
    // What was found healthy was another machine, sensor or bearing.
    const isOther =
      kept !== undefined && (kept.epoch !== options.epoch || isOtherBearing(kept, parts.orders));
    this.isOtherMachine = isOther;
    this.#renewal = kept?.renewal ?? null;
    if (isOther) this.stopVouching();
    // A configuration may be wrong for one start.
    if (snapshot?.epoch === options.epoch && (isOther || !givesSameScores(snapshot, parts)))
      this.#parked = kept!;
    this.#begin(kept && dropOtherMargins(kept, parts));
  }

  get status(): BaselineStatus | null {
    const status = this.#learner?.status ?? null;
    const beyond = this.#beyond;
    return status === null || beyond === null ? status : { ...status, beyond };
  }

  get isLearnt(): boolean {
    return this.#learner !== null;
  }

  get standing(): BaselineStanding {
    const { minWindows, minDurationMs } = this.#options;
    const parts = this.#parts;
    return describeBaseline({
      model: parts.model,
      learner: this.#learner,
      wanted: { windows: Math.max(minWindows, parts.baseline?.minWindows ?? 0), durationMs: minDurationMs },
      severityDb: this.severity.db,
      renewal: this.#renewal,
      beyond: this.#beyond,
    });
  }

  /** What is not known at speeds of the last day; null: nothing is. */
  get #beyond(): string | null {
    const baseline = this.#learner?.current ?? null;
    return baseline === null ? null : describeSpeeds(this.#speeds.lastDay, baseline);
  }

  get doubted(): SiteBaseline | null {
    return this.#learner?.doubted ?? null;
  }

  get isVouched(): boolean {
    return this.#renewal?.foundHealthy === true;
  }

  stopVouching(): void {
    if (this.#renewal !== null) this.#renewal = { ...this.#renewal, foundHealthy: undefined };
  }

  get healthyRows(): HealthyRows {
    const learner = this.#learner;
    const isOfModel = learner?.current?.model?.digest === this.#parts.model.digest;
    return learner !== null && isOfModel ? learner.healthyRows : noHealthyRows;
  }

  compare(window: WatchedWindow): SiteBaseline | null {
    if (this.#parked !== null && !givesSameScores(this.#parked, this.#parts))
      this.#relearning = this.#learner?.letGo ?? null;
    this.#parked = null;
    const baseline = this.#learner?.current ?? null;
    this.severity = measureWindowSeverity(window, this.#parts.baseline, baseline);
    this.deafness.note(this.severity, baseline && this.#learner);
    const { db, unknown } = this.severity;
    const isHeard = db !== null || unknown !== null;
    if (isHeard && baseline !== null) this.#speeds.note(window.prediction.toMs, window.shaftRpm, baseline);
    this.isStanding = this.deafness.isQuiet && this.#stands(window);
    return baseline;
  }

  learn(window: WatchedWindow): void {
    const { baseline, outputs } = this.#parts;
    if (baseline === undefined) return;
    const { prediction, levels = listUnheard(baseline), shaftRpm, features, steadyModes, isPooled } = window;
    const isBeyond = this.severity.unknown !== null && !this.deafness.isFaint;
    const explained = placeModes(steadyModes, outputs);
    this.#learner?.update({ prediction, levels, shaftRpm, features, explained, isPooled, isBeyond });
  }

  get isDue(): boolean {
    return this.#learner?.isDue === true;
  }

  settle(): BaselineEvent | null {
    const event = this.#relearning ?? this.#learner?.settle() ?? null;
    this.#relearning = null;
    // What was not known at these speeds is.
    if (event?.kind === "widened") this.#speeds.clear();
    return event;
  }

  adopt(next: WatchParts): BaselineEvent | null {
    const parked = this.#parked;
    if (!givesSameScores(parked ?? describeScoring(this.#parts), next)) return this.#relearn(next);
    const event = this.settle();
    const kept = parked ?? this.snapshot();
    this.#parts = next;
    if (parked !== null) {
      // A device infers with the model that it had, whatever its gateway has been given meanwhile.
      this.#parked = null;
      this.#renewal = parked.renewal ?? null;
      if (this.isOtherMachine || isOtherBearing(parked, next.orders)) this.stopVouching();
    }
    this.#begin(kept && dropOtherMargins(kept, next));
    return event;
  }

  #relearn(next: WatchParts): BaselineEvent | null {
    this.#parts = next;
    const subject = toSubject(next, this.isVouched);
    // Before the first window, which tells it, as if this run had begun with it.
    if (this.#parked !== null) this.#begin(dropOtherMargins(this.#parked, next));
    else if (subject !== null && this.#learner !== null) return this.#learner.adopt(subject);
    else this.#begin(undefined);
    return null;
  }

  renew(order: Omit<BaselineRenewal, "count">): { readonly letGo: number } | null {
    const progress = this.#learner?.snapshot();
    if (progress === undefined) return null;
    this.#parked = null;
    this.#renewal = { count: (this.#renewal?.count ?? 0) + 1, ...order };
    // What a learner was told in another epoch it forgets, but for the count of its versions.
    this.#begin({ ...progress, epoch: this.#options.epoch + 1 });
    return { letGo: progress.baseline?.version ?? 0 };
  }

  snapshot(): BaselineSnapshot | undefined {
    // As long as nothing was heard, nothing is forgotten.
    if (this.#parked !== null)
      return this.isOtherMachine
        ? { ...this.#parked, epoch: this.#options.epoch }
        : { ...this.#parked, renewal: this.#renewal ?? undefined };
    const progress = this.#learner?.snapshot();
    if (progress === undefined) return undefined;
    const { coinciding = [], orders } = this.#parts;
    const { quietWindows } = this.deafness;
    const { speedRatio = 1 } = this.#options;
    return {
      ...progress,
      ...describeScoring(this.#parts),
      ...(orders === undefined ? {} : { orders }),
      ...(coinciding.length === 0 ? {} : { coinciding }),
      ...(speedRatio === 1 ? {} : { speedRatio }),
      ...(quietWindows === 0 ? {} : { quietWindows }),
      ...(this.#renewal === null ? {} : { renewal: this.#renewal }),
    };
  }

  #stands({ levels, shaftRpm }: WatchedWindow): boolean {
    const { baseline } = this.#parts;
    if (baseline === undefined || levels === undefined) return false;
    return isStandstill({ levels, shaftRpm }, baseline, this.#learner?.standsUpToDb ?? null);
  }

  #begin(snapshot: BaselineSnapshot | undefined): void {
    const parts = this.#parts;
    const subject = toSubject(parts, this.isVouched);
    const kept = snapshot && givesSameScores(snapshot, parts) ? renameModel(snapshot, parts.model) : snapshot;
    this.#learner = subject === null ? null : createBaselineLearner(subject, this.#options, kept);
    this.severity = unknownSeverity;
    this.#speeds.clear();
    this.deafness.begin(this.#learner?.current ? (snapshot?.quietWindows ?? 0) : 0);
  }
}

function toSubject(parts: WatchParts, isVouched: boolean): BaselineSubject | null {
  const { baseline: spec, outputs, model, coinciding } = parts;
  return spec === undefined ? null : { spec, outputs, model, coinciding, isVouched };
}
