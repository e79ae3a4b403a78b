/**
 * Judges the windows of one measuring point: score → decision → alerts with their explanations. Answers are taken in
 * the order in which the windows ended, whatever the engine does. Publishes nothing itself.
 */

import type { AlertEvent } from "../../core/contract/alert.ts";
import type { Decision, Explanation, OperatingState, Prediction } from "../../core/contract/prediction.ts";
import type { FeatureWindow, PointId } from "../../core/contract/stream.ts";
import { createDecider, type Decider, type DeciderParts } from "../../core/decision/decider.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { explainWindow } from "../../core/serving/explain-window.ts";
import type { LoadedBundle, StudentOutput } from "../../core/serving/loaded-bundle.ts";
import type { AlarmRegister } from "../alarms/alarm-register.ts";
import type { PointBaseline } from "./point-baseline.ts";

/** Where judgements go. */
export interface JudgeSink {
  /** One window was decided. */
  onDecision(decision: Decision, window: FeatureWindow, output: StudentOutput, bundle: LoadedBundle): void;
  /** One window could not be scored. */
  onDropped(window: FeatureWindow, error: unknown): void;
  onAlert(event: AlertEvent): void;
  /** A submitted window has been judged, well or not. */
  onSettled?(): void;
}

/** Judges one point. */
export interface PointJudge {
  /** Takes a window that was cut for `bundle`, and scores it unless its `output` is known. */
  submit(
    window: FeatureWindow,
    bundle: LoadedBundle,
    operatingState: OperatingState,
    output?: StudentOutput,
  ): void;
  /** The point had no data over this time. */
  noteMissing(fromMs: number, toMs: number): Decision;
  snapshot(): DeciderSnapshot;
  /** Resolves when every submitted window has been judged. */
  idle(): Promise<void>;
}

/** A distance between two windows above this resets the on-delay. */
const maxGapMs = 60_000;

/** Creates the judge of `point`, which starts with `bundle`; without a `baseline` no severity is stated. */
export function createPointJudge(
  point: PointId,
  bundle: LoadedBundle,
  register: AlarmRegister,
  sink: JudgeSink,
  logger: Logger,
  snapshot: DeciderSnapshot | undefined,
  baseline: PointBaseline | null = null,
): PointJudge {
  const decider: Decider = createDecider(point, deciderParts(bundle), { maxGapMs }, snapshot);
  let tail: Promise<void> = Promise.resolve();

  const judge = async (
    window: FeatureWindow,
    owner: LoadedBundle,
    operatingState: OperatingState,
    output: StudentOutput,
  ): Promise<void> => {
    if (decider.parts.model.digest !== owner.ref.digest) {
      decider.adopt(deciderParts(owner));
      const known = owner.manifest.outputs.map((output) => output.failureMode);
      for (const event of register.retire(point, known, window.toMs)) sink.onAlert(event);
    }
    const prediction: Prediction = {
      point,
      windowId: window.id,
      fromMs: window.fromMs,
      toMs: window.toMs,
      quantised: output.quantised,
      logits: output.logits,
      model: owner.ref,
      operatingState,
    };
    const condition = baseline?.update(window, prediction, owner) ?? null;
    const decided = decider.update(prediction, condition?.baseline ?? null);
    const decision: Decision = {
      ...decided,
      ...(condition === null ? {} : { severityDb: condition.severityDb }),
      ...(window.inferredOn === undefined ? {} : { inferredOn: window.inferredOn }),
    };
    sink.onDecision(decision, window, output, owner);
    const due = register.update(decision);
    if (due.length === 0) return;
    // A device that does not say what its model was given leaves nothing to explain.
    const explanations = window.features.length === 0 ? [] : await explain(owner, window.features, logger);
    for (const alert of due) {
      const event = register.announce(alert, {
        explanation: explanations[alert.output] ?? null,
        horizonHours: owner.manifest.horizonHours,
      });
      if (event !== null) sink.onAlert(event);
    }
  };

  return {
    submit: (window, owner, operatingState, known) => {
      // Until it is judged and explained, the window's bundle must not close its engine.
      owner.retain();
      const output = known === undefined ? owner.score(window) : Promise.resolve(known);
      // Rejections are taken below; without this an earlier window's wait would leave them unhandled.
      output.catch(() => {});
      tail = tail.then(async () => {
        try {
          await judge(window, owner, operatingState, await output);
        } catch (error) {
          sink.onDropped(window, error);
        } finally {
          owner.release();
          sink.onSettled?.();
        }
      });
    },
    noteMissing: (fromMs, toMs) => {
      const decision = decider.noteMissing(fromMs, toMs);
      register.update(decision);
      return decision;
    },
    snapshot: () => decider.snapshot(),
    idle: () => tail,
  };
}

async function explain(
  bundle: LoadedBundle,
  features: Float32Array,
  logger: Logger,
): Promise<readonly Explanation[]> {
  try {
    return await explainWindow(bundle, features);
  } catch (error) {
    // An alert without its reasons is better than none; its gap then says so.
    logger.error("an alert could not be explained", { error });
    return [];
  }
}

function deciderParts(bundle: LoadedBundle): DeciderParts {
  const { outputs, calibration, thresholds, baseline } = bundle.manifest;
  return { outputs, calibration, thresholds, evidence: baseline?.evidence, model: bundle.ref };
}
