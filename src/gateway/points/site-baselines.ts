/**
 * The healthy baselines of a site's measuring points: learnt while a machine is new, followed from model to model, kept
 * over restarts in one entry a point, so that a kill costs one point's progress at most. Against them stands the
 * severity of every window. A bundle without a `baseline` section has neither.
 */
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import type { Prediction } from "../../core/contract/prediction.ts";
import type { SiteBaseline } from "../../core/contract/site-baseline.ts";
import type { FeatureWindow, PointId } from "../../core/contract/stream.ts";
import {
  type BaselineEvent,
  type BaselineLearner,
  createBaselineLearner,
} from "../../core/decision/baseline-learner.ts";
import { type BaselineSnapshot, baselineSnapshotSchema } from "../../core/decision/baseline-snapshot.ts";
import type { BaselineSubject } from "../../core/decision/fit-site-baseline.ts";
import { isOperating } from "../../core/decision/operating-state.ts";
import { computeSeverity } from "../../core/decision/severity.ts";
import { hourMs } from "../../core/maths/durations.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { PointCondition } from "../alarms/state-publisher.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

/** What a window is held against, and how it compares. */
export interface WindowCondition {
  /** Null while none is ready for the model that serves. */
  readonly baseline: SiteBaseline | null;
  /** dB above the baseline; null: nothing is known of this window, or there is no baseline yet. */
  readonly severityDb: number | null;
}

export interface PointBaseline {
  /** Compares a scored window of `bundle` with what was learnt before it, then learns of it. */
  update(window: FeatureWindow, prediction: Prediction, bundle: LoadedBundle): WindowCondition;
  readonly condition: Omit<PointCondition, "point">;
  /** Writes down how far it is. */
  save(): void;
}

export interface SiteBaselines {
  /** Creates the baseline of a point that starts with `bundle`, new or as the last run left it. */
  create(point: PointId, config: PointConfig, bundle: LoadedBundle): PointBaseline;
  readonly conditions: readonly PointCondition[];
  /** Writes down how far all of them are. */
  save(): void;
}

export interface SiteBaselinesOptions {
  readonly commissioning: GatewayConfig["commissioning"];
  readonly state: StateStore;
  readonly logger: Logger;
  /** `lost`: what the last run kept cannot be read, and is learnt anew. */
  onEvent(point: PointId, kind: BaselineEvent["kind"] | "lost", detail: string): void;
}

/** A learner that is killed forgets this much of the data's time at most. */
const saveEveryMs = 900_000;

/** Creates the baselines of a site without points. */
export function createSiteBaselines(options: SiteBaselinesOptions): SiteBaselines {
  const all: { readonly point: PointId; readonly baseline: PointBaseline }[] = [];
  return {
    create: (point, config, bundle) => {
      const baseline = createPointBaseline(point, { ...options, epoch: config.baselineEpoch, bundle });
      all.push({ point, baseline });
      return baseline;
    },
    get conditions() {
      return all.map(({ point, baseline }) => ({ point, ...baseline.condition }));
    },
    save: () => {
      for (const { baseline } of all) baseline.save();
    },
  };
}

function createPointBaseline(
  point: PointId,
  options: SiteBaselinesOptions & { readonly epoch: number; readonly bundle: LoadedBundle },
): PointBaseline {
  const { epoch, commissioning, state } = options;
  const { minWindows, minHours } = commissioning;
  const key = `baseline/${point.turbine}/${point.component}`;
  const kept = readKept(state, {
    key,
    schema: baselineSnapshotSchema,
    logger: options.logger,
    onLost: () => options.onEvent(point, "lost", "what was kept cannot be read; it is learnt anew"),
  });
  let learner = createLearner(options.bundle, kept);
  let { digest } = options.bundle.ref;
  let severityDb: number | null = null;
  let savedMs = Number.NaN;

  function createLearner(bundle: LoadedBundle, snapshot?: BaselineSnapshot): BaselineLearner | null {
    const subject = describeSubject(bundle);
    const limits = { epoch, minWindows, minDurationMs: minHours * hourMs };
    return subject === null ? null : createBaselineLearner(subject, limits, snapshot);
  }
  const save = (): void => {
    if (learner !== null) state.set(key, JSON.stringify(learner.snapshot()));
  };
  const tell = (event: BaselineEvent | null): void => {
    if (event === null) return;
    options.onEvent(point, event.kind, event.detail);
    save();
  };
  const follow = (bundle: LoadedBundle): void => {
    if (digest === bundle.ref.digest) return;
    digest = bundle.ref.digest;
    const subject = describeSubject(bundle);
    if (subject === null) learner = null;
    else if (learner === null) learner = createLearner(bundle);
    else tell(learner.adopt(subject));
  };

  return {
    get condition() {
      return { status: learner?.status ?? null, severityDb };
    },
    update: (window, prediction, bundle) => {
      follow(bundle);
      const spec = bundle.manifest.baseline;
      const { levels, shaftRpm } = window;
      if (learner === null || spec === undefined || levels === undefined) {
        return { baseline: null, severityDb: null };
      }
      const baseline = learner.current;
      // Above another machine's level, which is all that the bundle knows, would mislead whoever looks at this one.
      const value =
        baseline !== null && isOperating(prediction.operatingState)
          ? computeSeverity({ levels, shaftRpm }, spec, baseline)
          : Number.NaN;
      severityDb = Number.isFinite(value) ? value : null;
      tell(learner.update(prediction, levels, shaftRpm));
      if (learner.status.state === "learning" && !(Math.abs(window.toMs - savedMs) < saveEveryMs)) {
        // The first window of a run has nothing to save yet.
        if (!Number.isNaN(savedMs)) save();
        savedMs = window.toMs;
      }
      return { baseline, severityDb };
    },
    save,
  };
}

function describeSubject({ manifest, ref }: LoadedBundle): BaselineSubject | null {
  const { baseline: spec, outputs, calibration, thresholds } = manifest;
  return spec === undefined ? null : { spec, outputs, calibration, thresholds, model: ref };
}
