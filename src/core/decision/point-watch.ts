/**
 * What one measuring point decides of its windows: the learner of its own healthy baseline, the severity above it and the
 * decider, joined in one order. A gateway and a replay of recordings decide by this one. Scores nothing, keeps nothing,
 * raises no alert: what must outlive a restart is the caller's to store, as plain JSON in two parts.
 *
 *   prediction ─┬─▶ severity ─┐ against what was learnt before this window
 *               ├─▶ decider ──┴─▶ decision
 *               └─▶ learner ────▶ event (ready, unsteady, relearning), for the windows after it
 */
import type { BaselineSpec } from "../contract/bundle/baseline-spec.ts";
import type { Calibration, Manifest, OutputClass, Threshold } from "../contract/bundle/manifest.ts";
import type { Decision, ModelRef, Prediction } from "../contract/prediction.ts";
import type { PointId } from "../contract/stream.ts";
import {
  type BaselineEvent,
  type BaselineLearner,
  type BaselineStatus,
  createBaselineLearner,
} from "./baseline-learner.ts";
import type { BaselineSnapshot } from "./baseline-snapshot.ts";
import { createDecider, type Decider } from "./decider.ts";
import type { DeciderSnapshot } from "./decider-snapshot.ts";
import type { BaselineSubject } from "./fit-site-baseline.ts";
import { isOperating } from "./operating-state.ts";
import { computeSeverity } from "./severity.ts";

/** What of a bundle decides. */
export interface WatchParts {
  readonly outputs: readonly OutputClass[];
  /** One an output. */
  readonly calibration: readonly Calibration[];
  /** One an output. */
  readonly thresholds: readonly Threshold[];
  /** Absent: nothing is learnt on site, and no severity is stated. */
  readonly baseline?: BaselineSpec | undefined;
  readonly model: ModelRef;
}

/** What an installation decides. */
interface PointWatchOptions {
  /** Counted up by an operator: a baseline of another epoch is learnt again. */
  readonly epoch: number;
  /** Windows that a baseline rests on; the bundle's own minimum is a lower bound. */
  readonly minWindows: number;
  /** Time of data that a baseline spans, ms. */
  readonly minDurationMs: number;
  /** A distance between two windows' ends above this, forwards or backwards, resets the streaks. */
  readonly maxGapMs: number;
}

/** {@link PointWatchOptions.maxGapMs} of a point that is heard all the time. */
export const defaultMaxGapMs = 60_000;

interface PointWatchSetup {
  readonly point: PointId;
  /** Of the bundle that serves first. */
  readonly parts: WatchParts;
  readonly options: PointWatchOptions;
  /** State of an earlier watch, to go on with; a part that was lost begins anew. */
  readonly snapshot?: {
    readonly decider?: DeciderSnapshot | undefined;
    readonly baseline?: BaselineSnapshot | undefined;
  };
}

/** What a watch keeps over a restart. The parts are stored apart: the decider's together with the alarms. */
interface PointWatchSnapshot {
  readonly decider: DeciderSnapshot;
  /** Undefined: the bundle knows no baselines. */
  readonly baseline: BaselineSnapshot | undefined;
}

/** A window as the student has scored it. */
export interface WatchedWindow {
  readonly prediction: Prediction;
  /** dB, one a level of the bundle's baseline section; NaN: not heard. Absent: not measured. */
  readonly levels?: Float32Array | undefined;
  readonly shaftRpm: number;
}

export interface PointWatch {
  /** The model whose predictions are taken. */
  readonly model: ModelRef;
  /** Of the baseline; null: the bundle knows none. */
  readonly status: BaselineStatus | null;
  /** Of the last window, dB above the point's own baseline; null: not known. */
  readonly severityDb: number | null;
  /** Failure modes that are active, with the start of their streak. */
  readonly active: Decider["active"];
  /**
   * One window further. Throws when the prediction is of another point or model: these are bugs of the caller.
   * The event is of the baseline, for an operator.
   */
  update(window: WatchedWindow): { readonly decision: Decision; readonly event: BaselineEvent | null };
  /** The point has no data over this time: information unavailable. Alarms stay, streaks do not. */
  noteMissing(fromMs: number, toMs: number): Decision;
  /**
   * Goes on with another model, from before its first prediction. `unknown` are the failure modes that were active and
   * that it does not know: no evidence can clear them.
   */
  adopt(parts: WatchParts): { readonly unknown: readonly string[]; readonly event: BaselineEvent | null };
  snapshot(): PointWatchSnapshot;
}

/** Creates the watch of a point, new or from a snapshot. */
export function createPointWatch(setup: PointWatchSetup): PointWatch {
  const { point, options, snapshot } = setup;
  let { parts } = setup;
  const { maxGapMs } = options;
  const decider = createDecider(point, toDeciderParts(parts), { maxGapMs, snapshot: snapshot?.decider });
  let learner = createLearner(parts, options, snapshot?.baseline);
  let severityDb: number | null = null;

  /** Of this window, by the baseline that was learnt before it. */
  const measureSeverity = ({ prediction, levels, shaftRpm }: WatchedWindow): number | null => {
    const baseline = learner?.current ?? null;
    const { baseline: spec } = parts;
    // Above another machine's level, which is all that the bundle knows, would mislead whoever looks at this one.
    if (baseline === null || spec === undefined || levels === undefined) return null;
    if (!isOperating(prediction.operatingState)) return null;
    const value = computeSeverity({ levels, shaftRpm }, spec, baseline);
    return Number.isFinite(value) ? value : null;
  };

  return {
    get model() {
      return parts.model;
    },
    get status() {
      return learner?.status ?? null;
    },
    get severityDb() {
      return severityDb;
    },
    get active() {
      return decider.active;
    },
    update: (window) => {
      const { prediction, levels, shaftRpm } = window;
      // Without levels a window says nothing of how loud the machine is: it is neither compared nor learnt.
      const isHeard = learner !== null && levels !== undefined;
      const decided = decider.update(prediction, isHeard ? learner?.current : null);
      severityDb = measureSeverity(window);
      const event = isHeard ? (learner?.update(prediction, levels, shaftRpm) ?? null) : null;
      return { decision: { ...decided, severityDb }, event };
    },
    noteMissing: (fromMs, toMs) => decider.noteMissing(fromMs, toMs),
    adopt: (next) => {
      parts = next;
      const unknown = decider.adopt(toDeciderParts(next));
      const subject = toSubject(next);
      if (subject !== null && learner !== null) return { unknown, event: learner.adopt(subject) };
      learner = createLearner(next, options, undefined);
      severityDb = null;
      return { unknown, event: null };
    },
    snapshot: () => ({ decider: decider.snapshot(), baseline: learner?.snapshot() }),
  };
}

/** The parts of a bundle that a watch needs. */
export function selectWatchParts(
  manifest: Pick<Manifest, "outputs" | "calibration" | "thresholds" | "baseline">,
  model: ModelRef,
): WatchParts {
  const { outputs, calibration, thresholds, baseline } = manifest;
  return { outputs, calibration, thresholds, baseline, model };
}

function toDeciderParts({ outputs, calibration, thresholds, baseline, model }: WatchParts): Decider["parts"] {
  return { outputs, calibration, thresholds, evidence: baseline?.evidence, model };
}

function createLearner(
  parts: WatchParts,
  options: PointWatchOptions,
  snapshot: BaselineSnapshot | undefined,
): BaselineLearner | null {
  const subject = toSubject(parts);
  return subject === null ? null : createBaselineLearner(subject, options, snapshot);
}

function toSubject({
  baseline,
  outputs,
  calibration,
  thresholds,
  model,
}: WatchParts): BaselineSubject | null {
  return baseline === undefined ? null : { spec: baseline, outputs, calibration, thresholds, model };
}
