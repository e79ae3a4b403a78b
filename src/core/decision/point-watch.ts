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
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { Decision, ModelRef } from "../contract/prediction.ts";
import type { SiteBaseline } from "../contract/site-baseline.ts";
import type { PointId } from "../contract/stream.ts";
import { createDecider, type Decider } from "./decider.ts";
import type { DeciderSnapshot } from "./decider-snapshot.ts";
import { chooseStopDb, createOutlook, type Outlook, tellOutlook } from "./outlook/outlook.ts";
import type { OutlookSnapshot } from "./outlook/outlook-snapshot.ts";
import type { BaselineEvent } from "./reference/baseline-learner.ts";
import type { BaselineSnapshot } from "./reference/baseline-snapshot.ts";
import {
  createOwnReference,
  type OwnReference,
  type ReferenceOptions,
  type WatchedWindow,
  type WatchParts,
} from "./reference/own-reference.ts";
import { computeHealthySpread } from "./reference/severity.ts";

/** What an installation decides. */
interface PointWatchOptions extends ReferenceOptions {
  /** False alarms a year that this point may raise, > 0. */
  readonly falsePerYear: number;
  /** Share of components with a fault at any time, 0 to 0.5. */
  readonly faultPrior: number;
  /** Where the machine must stop, dB above its baseline; null or absent: chosen from the baseline. */
  readonly stopDb?: number | null;
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

export interface PointWatch extends Pick<OwnReference, "status" | "severityDb" | "standing" | "healthyRows"> {
  /** The model whose predictions are taken. */
  readonly model: ModelRef;
  /** When the machine must stop, or why that cannot be said. */
  readonly outlook: AlertOutlook;
  /** Failure modes that are active, with the start of their streak. */
  readonly active: Decider["active"];
  /**
   * One window further. Throws when the prediction is of another point or model: these are bugs of the caller.
   * The event is of the baseline, for an operator.
   */
  update(window: WatchedWindow): { readonly decision: Decision; readonly event: BaselineEvent | null };
  /** The point has no data over this time: information unavailable. Alarms stay. */
  noteMissing(fromMs: number, toMs: number): Decision;
  /**
   * Goes on with another model, from before its first prediction. `unknown` are the failure modes that were active and
   * that it does not know: no evidence can clear them.
   */
  adopt(parts: WatchParts): { readonly unknown: readonly string[]; readonly event: BaselineEvent | null };
  /**
   * As {@link OwnReference.renew}. Evidence that has gathered against the old baseline goes with it, with the next
   * window; alarms do not: each ends by its own rule.
   */
  readonly renew: OwnReference["renew"];
  snapshot(): PointWatchSnapshot;
}

/** Creates the watch of a point, new or from a snapshot. */
export function createPointWatch({ point, parts, options, snapshot }: PointWatchSetup): PointWatch {
  const { falsePerYear, faultPrior } = options;
  const decider = createDecider(point, toDeciderParts(parts), {
    falsePerYear,
    faultPrior,
    snapshot: snapshot?.decider,
  });
  const own = createOwnReference(parts, options, snapshot?.baseline);
  let outlook: Outlook | null = null;
  let keptOutlook = snapshot?.outlook;
  return {
    get model() {
      return decider.parts.model;
    },
    get status() {
      return own.status;
    },
    get severityDb() {
      return own.severityDb;
    },
    get standing() {
      return own.standing;
    },
    get healthyRows() {
      return own.healthyRows;
    },
    get outlook() {
      if (outlook === null) return { cannotSay: "this machine has no healthy baseline yet" };
      return tellOutlook(outlook.forecast(), outlook.reference.stopDb);
    },
    get active() {
      return decider.active;
    },
    update: (window) => {
      // Held against what was learnt before it, then learnt itself.
      const baseline = own.compare(window);
      const { severityDb } = own;
      if (baseline !== null) {
        outlook = followOutlook(outlook, baseline, { options, snapshot: keptOutlook });
        keptOutlook = undefined;
        outlook.update({ toMs: window.prediction.toMs, severityDb });
      }
      const isRepeated = window.prediction.windowId === decider.lastWindowId;
      const decided = decider.update(window.prediction, { baseline, severityDb, shaftRpm: window.shaftRpm });
      const isLearning = (baseline?.model ?? null) === null;
      // What may be a fault is not learnt as healthy.
      const event = decider.isSuspicious || isRepeated ? null : own.learn(window);
      return { decision: { ...decided, severityDb, isLearning }, event };
    },
    noteMissing: (fromMs, toMs) => decider.noteMissing(fromMs, toMs),
    adopt: (next) => ({ unknown: decider.adopt(toDeciderParts(next)), event: own.adopt(next) }),
    renew: (order) => {
      decider.forget();
      [outlook, keptOutlook] = [null, undefined];
      return own.renew(order);
    },
    snapshot: () => ({
      decider: decider.snapshot(),
      baseline: own.snapshot(),
      outlook: outlook?.snapshot() ?? keptOutlook,
    }),
  };
}

/** The parts of a bundle that a watch needs. */
export function selectWatchParts(
  manifest: Pick<Manifest, "outputs" | "calibration" | "baseline">,
  model: ModelRef,
): WatchParts {
  const { outputs, calibration, baseline } = manifest;
  return { outputs, calibration, baseline, model };
}

/** The outlook against the levels in use: as it was, or another, which knows what `snapshot` tells of the same ones. */
function followOutlook(
  outlook: Outlook | null,
  baseline: SiteBaseline,
  {
    options,
    snapshot,
  }: { readonly options: PointWatchOptions; readonly snapshot: OutlookSnapshot | undefined },
): Outlook {
  // Another model's margins make another version of the same levels: the trend of what was heard of them goes on.
  const name = `${options.epoch}/${baseline.levelsVersion ?? baseline.version}`;
  if (outlook?.reference.baseline === name) return outlook;
  const spreadDb = computeHealthySpread(baseline);
  const reference = { baseline: name, spreadDb, stopDb: options.stopDb ?? chooseStopDb(spreadDb) };
  return createOutlook(reference, { snapshot });
}

function toDeciderParts({ outputs, calibration, baseline, model }: WatchParts): Decider["parts"] {
  return { outputs, calibration, hasLevels: baseline !== undefined, healthy: baseline?.healthy, model };
}
