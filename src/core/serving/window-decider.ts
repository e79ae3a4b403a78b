/**
 * Decides the windows of one measuring point: score → decision → alerts with their explanations. Answers are taken in
 * the order in which the windows ended, whatever the engine does. The watch decides; nothing is published here.
 */

import type { AlertEvent } from "../contract/alert.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import { scadaModes } from "../contract/bundle/normal-behaviour.ts";
import type { Decision, Prediction } from "../contract/prediction.ts";
import { type FeatureWindow, isSamePoint, type PointId } from "../contract/stream.ts";
import type { AlarmRegister } from "../decision/alarms/alarm-register.ts";
import { listFailureModes } from "../decision/heard-parts.ts";
import { isOperating } from "../decision/operating-state.ts";
import type { PointWatch } from "../decision/point-watch.ts";
import type { WatchedWindow } from "../decision/reference/own-reference.ts";
import { createForeignWatch, type ForeignWatch } from "../explain/foreign-watch.ts";
import type { Logger } from "../platform/logger.ts";
import { type AlertReasons, createAlertReasons } from "./alert-reasons.ts";
import { digestScoring } from "./digest-scoring.ts";
import type { LoadedBundle, ScoredWindow, StudentOutput } from "./loaded-bundle.ts";
import type { DueWindow } from "./measuring-point.ts";
import type { HeardMachine } from "./spec-cutter.ts";

/** Where decisions and alerts go, in their order. */
export interface DecisionSink {
  /** `scored` is null when the point had no data. */
  onDecision(decision: Decision, scored: ScoredWindow | null): void;
  /** Those of one order come together. */
  onAlerts(events: readonly AlertEvent[]): void;
}

/** A point's watch, whoever keeps it and what it says of its baseline. */
interface DecidingWatch
  extends Pick<PointWatch, "model" | "healthyRows" | "noteMissing" | "outlook" | "deafness"> {
  /** Decides a scored window, and learns of it. */
  update(window: WatchedWindow): Decision;
  /** Another bundle serves, from before its first window. */
  adopt(bundle: LoadedBundle): void;
}

/** What a window that waits to be decided covers, epoch ms. */
export type WaitingWindow = Pick<FeatureWindow, "fromMs" | "toMs">;

export interface WindowDeciderOptions extends HeardMachine {
  readonly point: PointId;
  readonly watch: DecidingWatch;
  readonly register: AlarmRegister;
  /** Has another component of the turbine the same bearing? One's fault is heard at the other. */
  readonly isLike: (component: string) => boolean;
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

interface WindowDecider {
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
  return new Decider(options);
}

class Decider implements WindowDecider {
  readonly #options: WindowDeciderOptions;
  readonly #reasons: AlertReasons;
  #tail: Promise<void> = Promise.resolve();
  /** Pieces of work in the tail. */
  #waiting = 0;
  /** Model whose unknown failure modes have been retired. */
  #retiredFor: string | null = null;
  /** Finds what only foreign lines speak for, of bundles that score as the one that serves. */
  #foreignOf = "";
  #foreign: ForeignWatch | null = null;

  constructor(options: WindowDeciderOptions) {
    this.#options = options;
    this.#reasons = createAlertReasons(options);
  }

  submit(due: DueWindow): void {
    const { window, bundle } = due;
    this.#options.load.begin(window);
    // Until the window is decided and explained, its bundle must not close its engine.
    bundle.retain();
    const output = due.output === undefined ? bundle.score(window) : Promise.resolve(due.output);
    // Rejections are taken later; without this an earlier window's wait would leave them unhandled.
    output.catch(() => {});
    this.#waiting++;
    this.#tail = this.#tail.then(() => this.#decideInTurn(due, output));
  }

  noteMissing(fromMs: number, toMs: number): void {
    this.inTurn(() => {
      const { watch, sink } = this.#options;
      sink.onDecision(watch.noteMissing(fromMs, toMs), null);
    });
  }

  inTurn(task: () => void): void {
    if (this.#waiting === 0) {
      task();
      return;
    }
    this.#waiting++;
    this.#tail = this.#tail.then(() => {
      this.#waiting--;
      try {
        task();
      } catch (error) {
        // What comes after it is decided all the same.
        this.#options.logger.error("a step between two windows failed", { error });
      }
    });
  }

  idle(): Promise<void> {
    return this.#tail;
  }

  async #decideInTurn(due: DueWindow, output: Promise<StudentOutput>): Promise<void> {
    const { window, bundle } = due;
    const { point, quality, logger, load } = this.#options;
    try {
      await this.#decide(due, await output);
    } catch (error) {
      quality.dropped(point.turbine, window);
      logger.error("a window could not be decided", { window: window.id, error });
    } finally {
      this.#waiting--;
      bundle.release();
      load.end(window);
    }
  }

  async #decide(due: DueWindow, output: StudentOutput): Promise<void> {
    const { point, watch, register, quality, sink, isLike } = this.#options;
    const { window, bundle, operatingState } = due;
    if (watch.model.digest !== bundle.ref.digest) watch.adopt(bundle);
    if (this.#retiredFor !== bundle.ref.digest) {
      // Also the first time: the run before may have ended with a model that knew other modes.
      // What SCADA values say of the same component is not this model's to end.
      const known = [...listFailureModes(bundle.manifest), ...scadaModes];
      const retired = register.retire({
        isOver: (alarm) => isSamePoint(alarm.point, point) && !known.includes(alarm.failureMode),
        atMs: window.toMs,
        reason: `${bundle.ref.name} ${bundle.ref.version}, which serves now, does not know this failure mode`,
      });
      if (retired.length > 0) sink.onAlerts(retired);
      this.#retiredFor = bundle.ref.digest;
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
    const { levels, shaftRpm, features, isPooled } = window;
    const foreign = this.#knowForeign(bundle.manifest);
    const heard = { levels, shaftRpm, features, isPooled, ...foreign.update(window) };
    const decided = watch.update({ prediction, ...heard });
    if (isOperating(operatingState) && !watch.deafness.isQuiet) foreign.noteHeard();
    const { inferredOn } = window;
    const decision: Decision = inferredOn === undefined ? decided : { ...decided, inferredOn };
    quality.processed(point.turbine);
    const scored: ScoredWindow = { window, output, bundle, powerKw: due.powerKw };
    sink.onDecision(decision, scored);
    this.#reasons.note(scored);
    const alerts = register.update(decision);
    if (alerts.length === 0) return;
    // Before the wait: later windows must not change what is said of this one.
    const { outlook } = watch;
    const likeAlarms = register
      .list(point.site, point.turbine)
      .filter(({ component }) => component !== point.component && isLike(component));
    const contexts = await this.#reasons.give(alerts, scored, likeAlarms);
    for (const [index, alert] of alerts.entries()) {
      const event = register.announce(alert, { ...contexts[index]!, outlook });
      if (event !== null) sink.onAlerts([event]);
    }
  }

  #knowForeign(manifest: Manifest): ForeignWatch {
    const scoring = digestScoring(manifest);
    if (this.#foreignOf === scoring && this.#foreign !== null) return this.#foreign;
    this.#foreignOf = scoring;
    this.#foreign = createForeignWatch(manifest, this.#options.bearing);
    return this.#foreign;
  }
}
