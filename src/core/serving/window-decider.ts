/**
 * Decides the windows of one measuring point: score → decision → alerts with their explanations. Answers are taken in
 * the order in which the windows ended, whatever the engine does. The watch decides; nothing is published here.
 */

import type { AlertEvent } from "../contract/alert.ts";
import type { BearingOrders } from "../contract/bundle/bearing.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { Decision, Prediction } from "../contract/prediction.ts";
import type { FeatureWindow, PointId } from "../contract/stream.ts";
import type { AlarmRegister } from "../decision/alarms/alarm-register.ts";
import { listFailureModes } from "../decision/decider.ts";
import type { PointWatch } from "../decision/point-watch.ts";
import type { WatchedWindow } from "../decision/reference/own-reference.ts";
import { createHumModeFinder, type HumModeFinder } from "../explain/hum-modes.ts";
import type { Logger } from "../platform/logger.ts";
import { createAlertReasons } from "./alert-reasons.ts";
import type { LoadedBundle, ScoredWindow, StudentOutput } from "./loaded-bundle.ts";
import type { DueWindow } from "./measuring-point.ts";

/** Where decisions and alerts go, in their order. */
export interface DecisionSink {
  /** `scored` is null when the point had no data. */
  onDecision(decision: Decision, scored: ScoredWindow | null): void;
  onAlert(event: AlertEvent): void;
}

/** A point's watch, whoever keeps it and what it says of its baseline. */
interface DecidingWatch extends Pick<PointWatch, "model" | "healthyRows" | "noteMissing" | "outlook"> {
  /** Decides a scored window, and learns of it. */
  update(window: WatchedWindow): Decision;
  /** Another bundle serves, from before its first window. */
  adopt(bundle: LoadedBundle): void;
}

/** What a window that waits to be decided covers, epoch ms. */
export type WaitingWindow = Pick<FeatureWindow, "fromMs" | "toMs">;

export interface WindowDeciderOptions {
  readonly point: PointId;
  readonly bearing: BearingOrders;
  readonly watch: DecidingWatch;
  readonly register: AlarmRegister;
  /** Counts the windows of a turbine that were decided, and those that could not be. */
  readonly quality: {
    processed(turbine: string): void;
    dropped(turbine: string, window: WaitingWindow): void;
  };
  /** Counts the windows that wait to be decided. */
  readonly load: { begin(window: WaitingWindow): void; end(window: WaitingWindow): void };
  readonly logger: Logger;
  readonly sink: DecisionSink;
}

export interface WindowDecider {
  /** Takes a window, and scores it unless its output is known. */
  submit(due: DueWindow): void;
  /** The point had no data over this time; comes after what was submitted before, and at once where nothing waits. */
  noteMissing(fromMs: number, toMs: number): void;
  /** Does something that belongs after what was submitted and noted before. */
  inTurn(task: () => void): void;
  /** Resolves when every submitted window has been decided, or could not be. */
  idle(): Promise<void>;
}

/** Creates the decider of a point; goes on where its watch stands. */
export function createWindowDecider(options: WindowDeciderOptions): WindowDecider {
  const { point, bearing, watch, register, quality, load, logger, sink } = options;
  const reasons = createAlertReasons({ bearing, watch, logger });
  const findHumModes = createBundleHum(bearing);
  let tail: Promise<void> = Promise.resolve();
  /** Pieces of work in the tail. */
  let waiting = 0;
  /** Model whose unknown failure modes have been retired. */
  let retiredFor: string | null = null;

  const decide = async (due: DueWindow, output: StudentOutput): Promise<void> => {
    const { window, bundle, operatingState } = due;
    if (watch.model.digest !== bundle.ref.digest) watch.adopt(bundle);
    if (retiredFor !== bundle.ref.digest) {
      // Also the first time: the run before may have ended with a model that knew other modes.
      const { outputs, baseline } = bundle.manifest;
      const known = listFailureModes({ outputs, hasLevels: baseline !== undefined });
      for (const event of register.retire(point, known, window.toMs)) sink.onAlert(event);
      retiredFor = bundle.ref.digest;
    }
    const prediction: Prediction = {
      point,
      windowId: window.id,
      fromMs: window.fromMs,
      toMs: window.toMs,
      quantised: output.quantised,
      logits: output.logits,
      model: bundle.ref,
      operatingState,
    };
    const { levels, shaftRpm, features } = window;
    const humModes = findHumModes(bundle.manifest, window);
    const decided = watch.update({ prediction, levels, shaftRpm, features, humModes });
    const { inferredOn } = window;
    const decision: Decision = inferredOn === undefined ? decided : { ...decided, inferredOn };
    quality.processed(point.turbine);
    const scored: ScoredWindow = { window, output, bundle, powerKw: due.powerKw };
    sink.onDecision(decision, scored);
    reasons.note(scored);
    const alerts = register.update(decision);
    if (alerts.length === 0) return;
    // Before the wait: later windows must not change what is said of this one.
    const { outlook } = watch;
    const contexts = await reasons.give(alerts, scored);
    for (const [index, alert] of alerts.entries()) {
      const event = register.announce(alert, { ...contexts[index]!, outlook });
      if (event !== null) sink.onAlert(event);
    }
  };

  const inTurn = (task: () => void): void => {
    if (waiting === 0) {
      task();
      return;
    }
    waiting++;
    tail = tail.then(() => {
      waiting--;
      task();
    });
  };

  return {
    submit: (due) => {
      const { window, bundle } = due;
      load.begin(window);
      // Until the window is decided and explained, its bundle must not close its engine.
      bundle.retain();
      const output = due.output === undefined ? bundle.score(window) : Promise.resolve(due.output);
      // Rejections are taken below; without this an earlier window's wait would leave them unhandled.
      output.catch(() => {});
      waiting++;
      tail = tail.then(async () => {
        try {
          await decide(due, await output);
        } catch (error) {
          quality.dropped(point.turbine, window);
          logger.error("a window could not be decided", { window: window.id, error });
        } finally {
          waiting--;
          bundle.release();
          load.end(window);
        }
      });
    },
    noteMissing: (fromMs, toMs) =>
      inTurn(() => {
        const decision = watch.noteMissing(fromMs, toMs);
        register.update(decision);
        sink.onDecision(decision, null);
      }),
    inTurn,
    idle: () => tail,
  };
}

/** Finds what only hum speaks for, whichever bundle serves. */
function createBundleHum(
  bearing: BearingOrders,
): (manifest: Manifest, window: FeatureWindow) => ReturnType<HumModeFinder> {
  let known: { readonly manifest: Manifest; readonly find: HumModeFinder } | null = null;
  return (manifest, window) => {
    if (known?.manifest !== manifest) known = { manifest, find: createHumModeFinder(manifest, bearing) };
    return known.find(window);
  };
}
