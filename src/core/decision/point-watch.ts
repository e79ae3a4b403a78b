/**
 * What one measuring point decides of its windows: the learner of its own healthy baseline, the severity above it and the
 * decider, joined in one order. A gateway and a replay of recordings decide by this one. Scores nothing, keeps nothing,
 * raises no alert: what must outlive a restart is the caller's to store, as plain JSON in two parts.
 *
 *   prediction ─┬─▶ severity ─┐ against what was learnt before this window
 *               ├─▶ decider ──┴─▶ decision
 *               └─▶ learner ────▶ event (ready, unsteady, relearning), for the windows after it
 */
import type { AlertOutlook } from "../contract/alert.ts";
import type { Decision, ModelRef } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import type { PointId } from "../contract/stream.ts";
import { describeUnlearning, explainFainterLoad } from "./alarm-reason.ts";
import { createDecider, type Decider } from "./decider.ts";
import type { DeciderSnapshot } from "./decider-snapshot.ts";
import { listFailureModes } from "./heard-parts.ts";
import { findLastingRise, type LastingRise } from "./lasting-rise.ts";
import { chooseStopDb, createOutlook, type Outlook, tellOutlook } from "./outlook/outlook.ts";
import type { OutlookSnapshot } from "./outlook/outlook-snapshot.ts";
import type { BaselineSnapshot } from "./reference/baseline-snapshot.ts";
import type { BaselineEvent, BaselineOptions } from "./reference/baseline-status.ts";
import {
  createOwnReference,
  type OwnReference,
  type WatchedWindow,
  type WatchParts,
} from "./reference/own-reference.ts";
import { computeHealthySpread, isHeard } from "./reference/severity.ts";
import { describeScoring, givesSameScores } from "./scoring-model.ts";

/** What an installation decides. */
interface PointWatchOptions extends BaselineOptions {
  /** False alarms a year that this point may raise, > 0. */
  readonly falsePerYear: number;
  /** Share of components with a fault at any time, 0 to 0.5. */
  readonly faultPrior: number;
  /** Where the machine must stop, dB above its baseline; null or absent: chosen from the baseline. */
  readonly stopDb?: number | null;
  /** A baseline is fitted when `settle` is called, or before the next window: decisions are the same. Default: with its last window. */
  readonly settlesLater?: boolean;
}

interface PointWatchSetup {
  readonly point: PointId;
  /** Of the bundle that serves first. */
  readonly parts: WatchParts;
  readonly options: PointWatchOptions;
  /** State of an earlier watch, to go on with; a part that was lost begins anew. */
  readonly snapshot?: {
    readonly decider?: DeciderSnapshot | undefined;
    readonly baseline?: BaselineSnapshot | undefined;
    readonly outlook?: OutlookSnapshot | undefined;
  };
}

/** What a watch keeps over a restart. The parts are stored apart: the decider's together with the alarms. */
interface PointWatchSnapshot {
  readonly decider: DeciderSnapshot;
  /** Undefined: the bundle knows no baselines. */
  readonly baseline: BaselineSnapshot | undefined;
  /** Undefined: there is no baseline that a severity could have a trend against. */
  readonly outlook: OutlookSnapshot | undefined;
}

/** A decision, and what is new of the baseline. */
interface WatchedDecision {
  readonly decision: Decision;
  readonly event: BaselineEvent | null;
}

export interface PointWatch
  extends Pick<
      OwnReference,
      "status" | "isLearnt" | "deafness" | "severity" | "standing" | "healthyRows" | "isDue" | "settle"
    >,
    Pick<Decider, "active" | "held" | "noteMissing"> {
  /** The model whose predictions are taken. */
  readonly model: ModelRef;
  /** Why nothing could be learnt of the machine now, without a full stop; null: it looks healthy. */
  readonly whyItLearnsNothing: string | null;
  /** A kind that rose above the own reference and stays, without an alarm; null: none does. */
  readonly lastingRise: LastingRise | null;
  /** When the machine must stop, or why that cannot be said. */
  readonly outlook: AlertOutlook;
  /** Those that alarms of the model can be of, and the level's. */
  readonly failureModes: readonly string[];
  /**
   * One window further. Throws when the prediction is of another point or model: these are bugs of the caller.
   * The event is of the baseline, for an operator; with `settlesLater` it may be of an earlier window.
   */
  update(window: WatchedWindow): WatchedDecision;
  /** Goes on with another model, from before its first prediction: in a run without one as it was kept of that model. */
  adopt(parts: WatchParts): BaselineEvent | null;
  /**
   * As {@link OwnReference.renew}. Evidence that has gathered against the old baseline goes with it, with the next
   * window; alarms do not: each ends by its own rule, unless somebody has found the machine healthy.
   */
  readonly renew: OwnReference["renew"];
  snapshot(): PointWatchSnapshot;
  /** The decider's part of it, which is written down far more often. */
  deciderSnapshot(): DeciderSnapshot;
}

/** Creates the watch of a point, new or from a snapshot. */
export function createPointWatch(setup: PointWatchSetup): PointWatch {
  return new MachineWatch(setup);
}

class MachineWatch implements PointWatch {
  readonly #options: PointWatchOptions;
  readonly #point: PointId;
  #decider: Decider;
  /** What an earlier decider kept, until a window says which model serves, and of which machine. */
  #keptDecider: DeciderSnapshot | undefined;
  readonly #own: OwnReference;
  #outlook: Outlook | null = null;
  #keptOutlook: OutlookSnapshot | undefined;

  constructor({ point, parts, options, snapshot }: PointWatchSetup) {
    this.#options = options;
    this.#point = point;
    this.#own = createOwnReference(parts, options, snapshot?.baseline);
    this.#keptDecider = snapshot?.decider;
    this.#decider = this.#openDecider(parts);
    this.#keptOutlook = snapshot?.outlook;
  }

  get model(): ModelRef {
    return this.#decider.parts.model;
  }

  get status(): OwnReference["status"] {
    return this.#own.status;
  }

  get isLearnt(): boolean {
    return this.#own.isLearnt;
  }

  get severity(): OwnReference["severity"] {
    return this.#own.severity;
  }

  get deafness(): OwnReference["deafness"] {
    return this.#own.deafness;
  }

  get standing(): OwnReference["standing"] {
    const { whyItLearnsNothing } = this;
    const { standing } = this.#own;
    if (standing.learning === null || whyItLearnsNothing === null) return standing;
    return { ...standing, why: `${standing.why}; ${whyItLearnsNothing}` };
  }

  get whyItLearnsNothing(): string | null {
    return this.#decider.isSuspicious ? describeUnlearning(this.held[0]) : null;
  }

  get lastingRise(): LastingRise | null {
    return findLastingRise(this.#decider.signals, this.#decider.parts);
  }

  get healthyRows(): OwnReference["healthyRows"] {
    return this.#own.healthyRows;
  }

  get isDue(): boolean {
    return this.#own.isDue;
  }

  settle(): BaselineEvent | null {
    return this.#own.settle();
  }

  get outlook(): AlertOutlook {
    const outlook = this.#outlook;
    if (outlook === null) return { cannotSay: "how loud this machine is when healthy is not known" };
    const told = tellOutlook(outlook.forecast(), outlook.reference.stopDb);
    const { unknown } = this.#own.severity;
    if (unknown === null || !("cannotSay" in told)) return told;
    return { cannotSay: `${told.cannotSay}, as far as that is known: ${unknown}` };
  }

  get failureModes(): readonly string[] {
    return listFailureModes(this.#decider.parts);
  }

  get active(): Decider["active"] {
    return this.#decider.active;
  }

  get held(): PointWatch["held"] {
    const { isQuieter, isFaint } = this.#own.deafness;
    return isQuieter && !isFaint ? explainFainterLoad(this.#decider.held) : this.#decider.held;
  }

  update(window: WatchedWindow): WatchedDecision {
    const own = this.#own;
    const decider = this.#decider;
    this.#keptDecider = undefined;
    const late = own.settle();
    // Held against what was learnt before it, then learnt itself.
    const baseline = own.compare(window);
    const { doubted, isVouched } = own;
    const { db: severityDb, atLeastDb, unknown } = own.severity;
    // What is faint is no trend of a machine that runs, nor is what its other load takes off.
    const { isFaint, isQuieter } = own.deafness;
    const isQuiet = isQuieter || own.deafness.isQuiet;
    const trendDb = isQuiet ? null : severityDb;
    if (baseline !== null && isHeard(baseline)) this.#follow(baseline, trendDb, window.prediction.toMs);
    else this.#outlook = null;
    if (baseline === null) this.#keptOutlook = undefined;
    const isRepeated = window.prediction.windowId === decider.lastWindowId;
    const { prediction, shaftRpm, foreignModes, humModes, steadyModes, isPooled } = window;
    const heard = { shaftRpm, foreignModes, humModes, steadyModes, isPooled, isFaint, isQuiet };
    const { isStanding } = own;
    const reference = { baseline, doubted, severityDb, atLeastDb, isVouched, isStanding, ...heard };
    const { windowId, fromMs, toMs, operatingState, model, modes } = decider.update(prediction, reference);
    // What may be a fault is not learnt as healthy.
    if (!decider.isSuspicious && !isRepeated) own.learn(window);
    const event = this.#options.settlesLater === true ? late : own.settle();
    // Key by key: a spread makes an object of a shape of its own.
    return {
      decision: {
        point: this.#point,
        windowId,
        fromMs,
        toMs,
        operatingState,
        model,
        modes,
        severityDb,
        severityUnknown: unknown,
        stopDb: severityDb === null ? null : (this.#outlook?.reference.stopDb ?? null),
        isLearning: (baseline?.model ?? null) === null,
      },
      event,
    };
  }

  noteMissing(fromMs: number, toMs: number): Decision {
    return this.#decider.noteMissing(fromMs, toMs);
  }

  adopt(next: WatchParts): BaselineEvent | null {
    // What looks like a fault of the machine now is not what somebody has looked at, where it is learnt anew.
    const isSame = givesSameScores(describeScoring(this.#decider.parts), next);
    if (!isSame && this.#decider.isSuspicious) this.#own.stopVouching();
    if (this.#keptDecider === undefined) this.#decider.adopt(next);
    else this.#decider = this.#openDecider(next);
    return this.#own.adopt(next);
  }

  renew(order: Parameters<OwnReference["renew"]>[0]): ReturnType<OwnReference["renew"]> {
    const renewed = this.#own.renew(order);
    if (renewed === null) return null;
    this.#keptDecider = undefined;
    this.#decider.forget({ foundHealthy: order.foundHealthy === true });
    this.#outlook = null;
    this.#keptOutlook = undefined;
    return renewed;
  }

  deciderSnapshot(): DeciderSnapshot {
    return this.#keptDecider ?? this.#decider.snapshot();
  }

  snapshot(): PointWatchSnapshot {
    return {
      decider: this.deciderSnapshot(),
      baseline: this.#own.snapshot(),
      outlook: this.#outlook?.snapshot() ?? this.#keptOutlook,
    };
  }

  /** As it was kept, of another model its alarms alone. */
  #openDecider(parts: WatchParts): Decider {
    const options = { ...this.#options, snapshot: this.#keptDecider };
    const decider = createDecider(this.#point, parts, options);
    // What gathered was of other lines, or of another machine: alarms alone stand on.
    if (this.#own.isOtherMachine) decider.forget({ foundHealthy: false });
    return decider;
  }

  /** Against the levels in use: the outlook goes on, or another begins, which knows what was kept of the same ones. */
  #follow(baseline: SiteBaseline, severityDb: number | null, toMs: number): void {
    const { epoch, stopDb } = this.#options;
    // Another model's margins make another version of the same levels: the trend of what was heard of them goes on.
    const name = `${epoch}/${baseline.levelsVersion ?? baseline.version}`;
    if (this.#outlook?.reference.baseline !== name) {
      const spreadDb = computeHealthySpread(baseline);
      const reference = { baseline: name, spreadDb, stopDb: stopDb ?? chooseStopDb(spreadDb) };
      this.#outlook = createOutlook(reference, { snapshot: this.#keptOutlook });
    }
    this.#keptOutlook = undefined;
    this.#outlook.update({ toMs, severityDb });
  }
}
