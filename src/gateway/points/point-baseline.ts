/**
 * The healthy baseline of one measuring point as the gateway keeps it: learns while the machine is new, states the
 * severity of every window, and follows the models that serve. A bundle without a `baseline` section has neither.
 */
import type { Prediction } from "../../core/contract/prediction.ts";
import type { SiteBaseline } from "../../core/contract/site-baseline.ts";
import type { FeatureWindow } from "../../core/contract/stream.ts";
import {
  type BaselineEvent,
  type BaselineLearner,
  type BaselineOptions,
  type BaselineStatus,
  createBaselineLearner,
} from "../../core/decision/baseline-learner.ts";
import type { BaselineSnapshot } from "../../core/decision/baseline-snapshot.ts";
import type { BaselineSubject } from "../../core/decision/fit-site-baseline.ts";
import { isOperating } from "../../core/decision/operating-state.ts";
import { computeSeverity } from "../../core/decision/severity.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";

/** What a point is compared with, and how it compares. */
export interface PointCondition {
  /** Null while none is ready for the model that serves. */
  readonly baseline: SiteBaseline | null;
  /** dB above the baseline; null: nothing is known of this window, or there is no baseline yet. */
  readonly severityDb: number | null;
}

/** Follows one point. */
export interface PointBaseline {
  /** Judges a scored window of `owner` by what was learnt before it, then learns of it. */
  update(window: FeatureWindow, prediction: Prediction, owner: LoadedBundle): PointCondition;
  /** Null: the bundle knows no baselines. */
  readonly status: BaselineStatus | null;
  /** Of the last window that said anything; null before, and while the machine stands. */
  readonly severityDb: number | null;
  /** Null: nothing to keep. */
  snapshot(): BaselineSnapshot | null;
}

/** What it is made of. */
export interface PointBaselineOptions {
  readonly options: BaselineOptions;
  /** Of the last run. */
  readonly snapshot: BaselineSnapshot | undefined;
  readonly onEvent: (event: BaselineEvent) => void;
  /** The snapshot is worth writing down. */
  readonly onProgress: () => void;
}

/** A learner that is killed forgets this much of the data's time at most. */
const saveEveryMs = 900_000;

/** Creates the baseline of a point that starts with `first`. */
export function createPointBaseline(first: LoadedBundle, made: PointBaselineOptions): PointBaseline {
  let learner: BaselineLearner | null = createLearner(first, made.snapshot);
  let digest = first.ref.digest;
  let severityDb: number | null = null;
  let savedMs = Number.NaN;

  function createLearner(bundle: LoadedBundle, snapshot?: BaselineSnapshot): BaselineLearner | null {
    const subject = describeSubject(bundle);
    return subject === null ? null : createBaselineLearner(subject, made.options, snapshot);
  }
  const tell = (event: BaselineEvent | null): void => {
    if (event === null) return;
    made.onEvent(event);
    made.onProgress();
  };
  const follow = (owner: LoadedBundle): void => {
    if (digest === owner.ref.digest) return;
    digest = owner.ref.digest;
    const subject = describeSubject(owner);
    if (subject === null) learner = null;
    else if (learner === null) learner = createLearner(owner);
    else tell(learner.adopt(subject));
  };

  return {
    get status() {
      return learner?.status ?? null;
    },
    get severityDb() {
      return severityDb;
    },
    update(window, prediction, owner) {
      follow(owner);
      const spec = owner.manifest.baseline;
      const { levels, shaftRpm } = window;
      if (learner === null || spec === undefined || levels === undefined) {
        return { baseline: null, severityDb: null };
      }
      const baseline = learner.current;
      // Above another machine's level, which is all that the bundle knows, would mislead whoever looks at this one.
      const value =
        baseline !== null && isOperating(prediction.operatingState)
          ? computeSeverity(levels, shaftRpm, spec, baseline)
          : Number.NaN;
      severityDb = Number.isFinite(value) ? value : null;
      tell(learner.update(prediction, levels, shaftRpm));
      if (learner.status.state === "learning" && !(Math.abs(window.toMs - savedMs) < saveEveryMs)) {
        // The first window of a run has nothing to save yet.
        if (!Number.isNaN(savedMs)) made.onProgress();
        savedMs = window.toMs;
      }
      return { baseline, severityDb };
    },
    snapshot: () => learner?.snapshot() ?? null,
  };
}

function describeSubject({ manifest, ref }: LoadedBundle): BaselineSubject | null {
  const { baseline: spec, outputs, calibration, thresholds } = manifest;
  return spec === undefined ? null : { spec, outputs, calibration, thresholds, model: ref };
}
