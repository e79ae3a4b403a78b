/**
 * The watch of a replayed point: decides as a gateway's does, tells what it says of its level, its alarms and its baseline, and is
 * renewed where a manifest says so.
 */
import type { AlertEvent } from "../../../core/contract/alert.ts";
import type { Decision } from "../../../core/contract/prediction.ts";
import type { PointId } from "../../../core/contract/stream.ts";
import type { AlarmRegister } from "../../../core/decision/alarms/alarm-register.ts";
import {
  describeDeafSensor,
  describeRenewal,
  describeRenewalReason,
  retireFoundHealthy,
} from "../../../core/decision/alarms/renewal.ts";
import { createPointWatch, type PointWatch } from "../../../core/decision/point-watch.ts";
import type { BaselineEvent, BaselineStatus } from "../../../core/decision/reference/baseline-status.ts";
import type { WatchedWindow } from "../../../core/decision/reference/own-reference.ts";
import { hourMs } from "../../../core/maths/durations.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { selectWatchParts } from "../../../core/serving/select-watch-parts.ts";
import type { HeardMachine } from "../../../core/serving/spec-cutter.ts";
import type { WindowDeciderOptions } from "../../../core/serving/window-decider.ts";
import type { HeardLevel } from "./deaf-spans.ts";
import type { ReplayRenewal } from "./replay-renewals.ts";
import type { ReplayedGateway } from "./replayed-gateway.ts";

/** News of a baseline; `renewed`: it was let go as a manifest says, `renewal-refused`: a gateway would not have let it go. */
interface ReplayedBaselineEvent extends Pick<BaselineEvent, "detail"> {
  readonly kind: BaselineEvent["kind"] | "renewed" | "renewal-refused";
}

/** Of the point's own reference; why it learns nothing is told only while it learns. */
export type ReplayedStatus = BaselineStatus & Pick<PointWatch, "whyItLearnsNothing" | "lastingRise">;

/** Who hears of what a watch says. */
export interface WatchSink {
  onAlerts(events: readonly AlertEvent[]): void;
  /** Of the point's own reference, after the window that ended at `atMs`. */
  onBaseline(atMs: number, status: ReplayedStatus, event: ReplayedBaselineEvent | null): void;
  /** Of a window, held against the point's own reference; `foreignModes` as its decider heard them. */
  onLevel(window: HeardLevel & Pick<Decision, "modes"> & Pick<WatchedWindow, "foreignModes">): void;
  /** Of the alarms that stand after the window that begins at `fromMs`. */
  onHeld(fromMs: number, held: PointWatch["held"]): void;
}

export interface ReplayedWatchOptions extends HeardMachine {
  readonly point: PointId;
  readonly bundle: LoadedBundle;
  readonly gateway: ReplayedGateway;
  /** False alarms a year that this point may raise, > 0: its share of its turbine's. */
  readonly falsePerYear: number;
  readonly register: AlarmRegister;
  readonly sink: WatchSink;
}

/** Tells its sink what it says. */
export interface ReplayedWatch extends Readonly<WindowDeciderOptions["watch"]> {
  /** As `aurora baseline renew` does at that time; between two windows. Returns whether a gateway would have. */
  renew(renewal: ReplayRenewal): boolean;
}

/** Who renews. */
const by = "the manifest";

/** The watch of a point that was never heard of. */
export function openReplayedWatch(options: ReplayedWatchOptions): ReplayedWatch {
  const { point, bundle, gateway, register, sink } = options;
  const { minWindows, minHours } = gateway.commissioning;
  const watch = createPointWatch({
    point,
    parts: selectWatchParts(bundle.manifest, bundle.ref, options.bearing),
    options: {
      epoch: 0,
      minWindows,
      minDurationMs: minHours * hourMs,
      falsePerYear: options.falsePerYear,
      faultPrior: gateway.alarms.faultPrior,
      stopDb: gateway.alarms.stopDb,
    },
  });
  const tell = (atMs: number, event: ReplayedBaselineEvent | null): void => {
    const { status, lastingRise } = watch;
    if (status === null) return;
    const whyItLearnsNothing = status.state === "learning" ? watch.whyItLearnsNothing : null;
    sink.onBaseline(atMs, { ...status, whyItLearnsNothing, lastingRise }, event);
  };
  return {
    get model() {
      return watch.model;
    },
    get healthyRows() {
      return watch.healthyRows;
    },
    get outlook() {
      return watch.outlook;
    },
    get deafness() {
      return watch.deafness;
    },
    update: (window) => {
      const { decision, event } = watch.update(window);
      const { fromMs, toMs, modes } = decision;
      const { severity, deafness } = watch;
      const { isDeaf, quietWindows } = deafness;
      const { foreignModes } = window;
      sink.onLevel({ fromMs, toMs, severity, isDeaf, quietWindows, modes, foreignModes });
      if (watch.active.length > 0) sink.onHeld(fromMs, watch.held);
      tell(toMs, event);
      return decision;
    },
    noteMissing: (fromMs, toMs) => watch.noteMissing(fromMs, toMs),
    adopt: ({ ref }) => {
      throw new Error(`a replay has one bundle, and now ${ref.name}@${ref.version}`);
    },
    renew: ({ atMs, reason, found }) => {
      const foundHealthy = found === "healthy";
      const why = describeRenewalReason(found, reason);
      if (foundHealthy && watch.deafness.isDeaf) {
        const detail = `${why}: its sensor ${describeDeafSensor(watch.severity.db)}`;
        tell(atMs, { kind: "renewal-refused", detail });
        return false;
      }
      const renewed = watch.renew({ atMs, by, reason, ...(foundHealthy ? { foundHealthy } : {}) });
      if (renewed === null) return false;
      if (foundHealthy) {
        const { failureModes } = watch;
        sink.onAlerts(register.retire(retireFoundHealthy({ point, failureModes }, { by, reason, atMs })));
      }
      tell(atMs, { kind: "renewed", detail: describeRenewal(by, why, renewed.letGo) });
      return true;
    },
  };
}
