/**
 * A measuring point's own reference, whatever its bundle knows of one: severity against it, learning, another model,
 * renewal by an operator, and what people are told of it. Raises nothing, and never reads the clock.
 */
import type { BaselineStanding } from "../../contract/baseline-report.ts";
import type { BaselineSpec } from "../../contract/bundle/baseline-spec.ts";
import type { Calibration, OutputClass } from "../../contract/bundle/manifest.ts";
import type { ModelRef, Prediction } from "../../contract/prediction.ts";
import type { SiteBaseline } from "../../contract/site-baseline.ts";
import { isOperating } from "../operating-state.ts";
import {
  type BaselineEvent,
  type BaselineLearner,
  type BaselineStatus,
  createBaselineLearner,
} from "./baseline-learner.ts";
import type { BaselineRenewal, BaselineSnapshot } from "./baseline-snapshot.ts";
import { describeBaseline } from "./describe-baseline.ts";
import type { BaselineSubject } from "./fit-site-baseline.ts";
import { computeSeverity } from "./severity.ts";

/** What of a bundle decides. */
export interface WatchParts {
  readonly outputs: readonly OutputClass[];
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /** Absent: nothing is learnt on site, and no severity is stated. */
  readonly baseline?: BaselineSpec | undefined;
  readonly model: ModelRef;
}

/** What an installation decides about learning. */
export interface ReferenceOptions {
  /** Counted up by an operator: a baseline of another epoch is learnt again. */
  readonly epoch: number;
  /** Windows that a baseline rests on; the bundle's own minimum is a lower bound. */
  readonly minWindows: number;
  /** Time of data that a baseline spans, ms. */
  readonly minDurationMs: number;
}

/** A window as the student has scored it. */
export interface WatchedWindow {
  readonly prediction: Prediction;
  /** dB, one a level of the bundle's baseline section; NaN: not heard. Absent: not measured. */
  readonly levels?: Float32Array | undefined;
  readonly shaftRpm: number;
  /** What the student was given; absent or empty: not known. */
  readonly features?: Float32Array | undefined;
}

export interface OwnReference {
  /** Of the baseline; null: the bundle knows none. */
  readonly status: BaselineStatus | null;
  /** Of the last window, dB above the point's own baseline; null: not known. */
  readonly severityDb: number | null;
  /** How far the baseline is, and why, for people. */
  readonly standing: BaselineStanding;
  /** Features of this machine's healthy windows, for the model that serves; the same list as long as they are the same. */
  readonly healthyRows: readonly (readonly number[])[];
  /** Measures the severity of a window; returns the baseline that it is to be held against. */
  compare(window: WatchedWindow): SiteBaseline | null;
  /** Learns of a window; the event is for an operator. */
  learn(window: WatchedWindow): BaselineEvent | null;
  /** Another model serves, from before its first window. */
  adopt(parts: WatchParts): BaselineEvent | null;
  /**
   * The baseline is let go and learnt anew from the next window on, after a repair for one. Null: the bundle knows no
   * baselines, and nothing has changed. `letGo` is the version of the baseline that was in use, 0 for none.
   */
  renew(order: Omit<BaselineRenewal, "count">): { readonly letGo: number } | null;
  /** Undefined: the bundle knows no baselines. */
  snapshot(): BaselineSnapshot | undefined;
}

const noRows: readonly (readonly number[])[] = [];

/** Creates the reference of a point, new or from a snapshot. */
export function createOwnReference(
  parts: WatchParts,
  options: ReferenceOptions,
  kept: BaselineSnapshot | undefined,
): OwnReference {
  const renewal = kept?.renewal ?? null;
  const state: State = { ...begin(parts, options, kept), renewal };
  return {
    get status() {
      return state.learner?.status ?? null;
    },
    get severityDb() {
      return state.severityDb;
    },
    get standing() {
      return describeState(state, options);
    },
    get healthyRows() {
      const baseline = state.learner?.current ?? null;
      return (baseline?.model?.digest === state.parts.model.digest && baseline.featureRows) || noRows;
    },
    compare: (window) => {
      // Without levels a window says nothing of how loud the machine is: it is neither compared nor learnt.
      const baseline = window.levels === undefined ? null : (state.learner?.current ?? null);
      state.severityDb = measureSeverity(window, state.parts.baseline, baseline);
      return baseline;
    },
    learn: ({ prediction, levels, shaftRpm, features }) => {
      const { learner } = state;
      if (learner === null || levels === undefined) return null;
      const before = learner.status.windows;
      const event = learner.update({ prediction, levels, shaftRpm, features });
      if (learner.status.windows > before) state.lastMs = prediction.toMs;
      return event;
    },
    adopt: (next) => {
      const subject = toSubject(next);
      if (subject === null || state.learner === null) {
        Object.assign(state, begin(next, options, undefined));
        return null;
      }
      Object.assign(state, { parts: next, lastMs: null });
      return state.learner.adopt(subject);
    },
    renew: (order) => {
      const progress = state.learner?.snapshot();
      if (progress === undefined) return null;
      // What a learner was told in another epoch it forgets, but for the count of its versions.
      Object.assign(state, begin(state.parts, options, { ...progress, epoch: options.epoch + 1 }));
      state.renewal = { count: (state.renewal?.count ?? 0) + 1, ...order };
      return { letGo: progress.baseline?.version ?? 0 };
    },
    snapshot: () => {
      const progress = state.learner?.snapshot();
      return progress === undefined || state.renewal === null
        ? progress
        : { ...progress, renewal: state.renewal };
    },
  };
}

interface Beginning {
  parts: WatchParts;
  /** Null: the bundle knows no baselines. */
  learner: BaselineLearner | null;
  severityDb: number | null;
  /** End of the last window that was learnt in this run. */
  lastMs: number | null;
}

interface State extends Beginning {
  renewal: BaselineRenewal | null;
}

function begin(
  parts: WatchParts,
  options: ReferenceOptions,
  snapshot: BaselineSnapshot | undefined,
): Beginning {
  const subject = toSubject(parts);
  const learner = subject === null ? null : createBaselineLearner(subject, options, snapshot);
  return { parts, learner, severityDb: null, lastMs: null };
}

function describeState(state: State, { minWindows, minDurationMs }: ReferenceOptions): BaselineStanding {
  const { parts, learner, severityDb, lastMs, renewal } = state;
  return describeBaseline({
    model: parts.model,
    learner: learner && { status: learner.status, current: learner.current, snapshot: learner.snapshot() },
    wanted: { windows: Math.max(minWindows, parts.baseline?.minWindows ?? 0), durationMs: minDurationMs },
    lastMs,
    severityDb,
    renewal,
  });
}

/** dB of a window above `baseline`; null: not known. */
function measureSeverity(
  { prediction, levels, shaftRpm }: WatchedWindow,
  spec: BaselineSpec | undefined,
  baseline: SiteBaseline | null,
): number | null {
  // Above another machine's level, which is all that the bundle knows, would mislead whoever looks at this one.
  if (baseline === null || spec === undefined || levels === undefined) return null;
  if (!isOperating(prediction.operatingState)) return null;
  const value = computeSeverity({ levels, shaftRpm }, spec, baseline);
  return Number.isFinite(value) ? value : null;
}

function toSubject({ baseline, outputs, model }: WatchParts): BaselineSubject | null {
  return baseline === undefined ? null : { spec: baseline, outputs, model };
}
