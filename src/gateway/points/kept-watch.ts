/**
 * A measuring point's watch with its healthy baseline, kept over restarts under keys of its own. What it says of its baseline is
 * told; when that is written down others decide. Decides nothing itself.
 */
import { z } from "zod";
import type {
  PointBaselineReport,
  RenewalReply,
  RenewalRequest,
} from "../../core/contract/baseline-report.ts";
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { Decision, ModelRef } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { RetirementOrder } from "../../core/decision/alarms/alarm-register.ts";
import {
  describeRenewal,
  describeRenewalReason,
  retireFoundHealthy,
} from "../../core/decision/alarms/renewal.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import { outlookSnapshotSchema } from "../../core/decision/outlook/outlook-snapshot.ts";
import { createPointWatch, type PointWatch } from "../../core/decision/point-watch.ts";
import {
  baselineSnapshotSchema,
  describeOtherMargins,
  isOtherShaft,
} from "../../core/decision/reference/baseline-snapshot.ts";
import type { BaselineEvent } from "../../core/decision/reference/baseline-status.ts";
import type { WatchedWindow } from "../../core/decision/reference/own-reference.ts";
import type { ModelOutcome } from "../../core/drift/outcome-event.ts";
import { hourMs } from "../../core/maths/durations.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import { selectWatchParts } from "../../core/serving/select-watch-parts.ts";
import type { WindowDeciderOptions } from "../../core/serving/window-decider.ts";
import type { PointCondition } from "../alarms/component-tracker.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import { createConfirmedOutcomes } from "./confirmed-outcomes.ts";
import type { DueFits } from "./due-fits.ts";
import { baselineKey, outcomeKey, outlookKey } from "./watch-keys.ts";

/** What a point starts with. */
export interface PointStart {
  readonly config: Pick<PointConfig, "baselineEpoch" | "bearing" | "speedRatio">;
  /** The bundle that serves first. */
  readonly bundle: LoadedBundle;
  /** The decider of the last run. */
  readonly decider: DeciderSnapshot | undefined;
}

/** A point's watch; what it says of its baseline is told, and kept. */
export interface KeptWatch extends Readonly<WindowDeciderOptions["watch"]> {
  readonly condition: Omit<PointCondition, "point">;
  readonly report: PointBaselineReport;
  /** Lets the baseline go, and tells it; null: the bundle knows none. */
  renew(order: RenewalOrder): RenewalReply | null;
  /** Of the decider. */
  snapshot(): DeciderSnapshot;
  /** Under which the state keeps it. */
  readonly keys: readonly string[];
  /** It has come further than what is written down, by an event or by much. */
  readonly isDue: boolean;
  /** How far the baseline is, by the keys of the state under which it is written down; nothing is due then. */
  takeProgress(): Readonly<Record<string, string>>;
}

/** Who lets a baseline go, when and why. */
export interface RenewalOrder extends RenewalRequest {
  readonly atMs: number;
}

export interface KeptWatchOptions {
  readonly commissioning: GatewayConfig["commissioning"];
  /** False alarms a year that a point may raise, > 0: its share of its turbine's. */
  falsePerPointYear(point: PointId): number;
  /** `alarms.faultPrior`. */
  readonly faultPrior: number;
  /** `alarms.stopDb`; absent: null. */
  readonly stopDb?: number | null;
  readonly state: StateStore;
  readonly logger: Logger;
  /**
   * `lost`: what the last run kept cannot be read, and is learnt anew; `renewed`: an operator wanted it; `bearing-changed`: what was
   * kept was learnt at the orders of another bearing than is configured now.
   */
  onEvent(
    point: PointId,
    kind: BaselineEvent["kind"] | "lost" | "renewed" | "bearing-changed",
    detail: string,
  ): void;
  /** A point was found healthy: ends its alarms of these failure modes, and no others of the component (of SCADA values). Absent: nobody keeps any. */
  readonly endAlarms?: (order: RetirementOrder) => void;
  /** Somebody has looked at a point's machine, of which the model had said so much until `atMs`. Absent: nobody keeps it. */
  readonly onOutcome?: (point: PointId, outcome: ModelOutcome, atMs: number) => void;
  /** Whose baseline can be fitted. */
  readonly fits: DueFits;
}

/** A learner that is killed forgets this much of the data's time, and what came until its turn to be written down. */
const saveEveryMs = 900_000;

/** Creates the watch of a point, new or as the last run left it. */
export function createKeptWatch(point: PointId, start: PointStart, options: KeptWatchOptions): KeptWatch {
  return new PersistentWatch(point, start, options);
}

class PersistentWatch implements KeptWatch {
  readonly #point: PointId;
  readonly #watch: PointWatch;
  readonly #options: KeptWatchOptions;
  readonly #config: PointStart["config"];
  /** Of the data, when what was learnt was due last; NaN: no window came in this run. */
  #dueMs = Number.NaN;
  isDue = false;
  readonly #outcomes: ReturnType<typeof createConfirmedOutcomes>;
  /** Of most machines nobody ever says what was found. */
  #keepsTold: boolean;

  constructor(point: PointId, start: PointStart, options: KeptWatchOptions) {
    this.#point = point;
    this.#watch = openWatch(point, { ...options, ...start });
    this.#options = options;
    this.#config = start.config;
    const told = readKept(options.state, {
      key: outcomeKey(point),
      schema: toldSchema(),
      logger: options.logger,
    });
    this.#keepsTold = told !== undefined;
    this.#outcomes = createConfirmedOutcomes(told ?? null, (outcome, atMs) =>
      options.onOutcome?.(point, outcome, atMs),
    );
  }

  get keys(): readonly string[] {
    return [baselineKey(this.#point), outlookKey(this.#point), outcomeKey(this.#point)];
  }

  get model(): ModelRef {
    return this.#watch.model;
  }

  get healthyRows(): PointWatch["healthyRows"] {
    return this.#watch.healthyRows;
  }

  get deafness(): KeptWatch["deafness"] {
    return this.#watch.deafness;
  }

  get condition(): KeptWatch["condition"] {
    const { status, severity, deafness, held, lastingRise } = this.#watch;
    return { status, severityDb: severity.db, isDeaf: deafness.isDeaf, held, lastingRise };
  }

  get outlook(): PointWatch["outlook"] {
    return this.#watch.outlook;
  }

  get report(): PointBaselineReport {
    const { turbine, component } = this.#point;
    return { turbine, component, ...this.#watch.standing };
  }

  update(window: WatchedWindow): Decision {
    const { decision, event } = this.#watch.update(window);
    this.#tell(event);
    this.#outcomes.note(decision);
    if (this.#watch.isDue) this.#options.fits.add(this);
    const { toMs } = window.prediction;
    // A bundle without a baseline section has nothing to write down.
    if (this.#watch.isLearnt && !(Math.abs(toMs - this.#dueMs) < saveEveryMs)) {
      // The first window of a run has nothing to save yet.
      if (!Number.isNaN(this.#dueMs)) this.isDue = true;
      this.#dueMs = toMs;
    }
    return decision;
  }

  /** Fits the baseline, where there is enough for one. */
  settle(): void {
    this.#tell(this.#watch.settle());
  }

  noteMissing(fromMs: number, toMs: number): Decision {
    return this.#watch.noteMissing(fromMs, toMs);
  }

  adopt(bundle: LoadedBundle): void {
    this.settle();
    this.#tell(this.#watch.adopt(selectWatchParts(bundle.manifest, bundle.ref, this.#config.bearing)));
    // What goes on under another name is found by it after a power cut.
    this.isDue = true;
  }

  renew(order: RenewalOrder): RenewalReply | null {
    this.settle();
    const { foundHealthy = false, foundFault = false, ...rest } = order;
    const activeAlarms = this.#watch.active.map(({ failureMode }) => failureMode);
    const renewed = this.#watch.renew(foundHealthy ? { ...rest, foundHealthy } : rest);
    if (renewed === null) return null;
    const { letGo } = renewed;
    if (foundHealthy || foundFault) this.#outcomes.confirm(foundFault);
    if (foundHealthy) {
      const { failureModes } = this.#watch;
      this.#options.endAlarms?.(retireFoundHealthy({ point: this.#point, failureModes }, order));
    }
    const { state, onEvent } = this.#options;
    // False: it waits in memory for the disk.
    const isStored = state.setAll(this.takeProgress());
    const why = describeRenewalReason(
      foundHealthy ? "healthy" : foundFault ? "fault" : undefined,
      order.reason,
    );
    onEvent(this.#point, "renewed", describeRenewal(order.by, why, letGo));
    return { point: this.report, letGo, activeAlarms, isStored };
  }

  snapshot(): DeciderSnapshot {
    return { ...this.#watch.deciderSnapshot(), speedRatio: this.#config.speedRatio };
  }

  takeProgress(): Readonly<Record<string, string>> {
    this.settle();
    const { baseline, outlook } = this.#watch.snapshot();
    this.isDue = false;
    const key = outcomeKey(this.#point);
    const { told } = this.#outcomes;
    this.#keepsTold ||= told !== null;
    return {
      ...(this.#keepsTold ? { [key]: JSON.stringify(told) } : {}),
      ...(outlook === undefined ? {} : { [outlookKey(this.#point)]: JSON.stringify(outlook) }),
      ...(baseline === undefined ? {} : { [baselineKey(this.#point)]: JSON.stringify(baseline) }),
    };
  }

  #tell(event: BaselineEvent | null): void {
    if (event === null) return;
    this.#options.onEvent(this.#point, event.kind, event.detail);
    this.isDue = true;
  }
}

const toldSchema: () => z.ZodType<boolean | null> = onDemand(() => z.boolean().nullable());

/** The watch of a point as the last run left it. */
function openWatch(point: PointId, options: KeptWatchOptions & PointStart): PointWatch {
  const { bundle, config, commissioning, state } = options;
  const baseline = readKept(state, {
    key: baselineKey(point),
    schema: baselineSnapshotSchema,
    logger: options.logger,
    onLost: () => options.onEvent(point, "lost", "what was kept cannot be read; it is learnt anew"),
  });
  const outlook = readKept(state, {
    key: outlookKey(point),
    schema: outlookSnapshotSchema,
    logger: options.logger,
    onLost: () =>
      options.onEvent(point, "lost", "what was kept of its trend cannot be read; it is followed anew"),
  });
  const parts = selectWatchParts(bundle.manifest, bundle.ref, config.bearing);
  // Of another epoch nothing stays, as an operator wanted it.
  const lost = baseline?.epoch === config.baselineEpoch ? describeOtherMargins(baseline, parts) : null;
  if (lost !== null) options.onEvent(point, lost.kind, lost.detail);
  if (baseline !== undefined && isOtherShaft(baseline, config)) {
    const detail = `its speedRatio is ${config.speedRatio ?? 1} (was ${baseline.speedRatio ?? 1} when it was learnt): the speeds are another shaft's, and all is learnt anew`;
    options.onEvent(point, "relearning", detail);
  }
  const { decider } = options;
  return createPointWatch({
    point,
    parts,
    options: {
      epoch: config.baselineEpoch,
      speedRatio: config.speedRatio,
      minWindows: commissioning.minWindows,
      minDurationMs: commissioning.minHours * hourMs,
      falsePerYear: options.falsePerPointYear(point),
      faultPrior: options.faultPrior,
      stopDb: options.stopDb ?? null,
      settlesLater: options.fits.areLater,
    },
    snapshot: { decider: decider && ofShaft(decider, config), baseline, outlook },
  });
}

/** What the speed of another shaft was when an alarm was raised says nothing of when its fault shows, whatever has become of its baseline. */
function ofShaft(decider: DeciderSnapshot, config: PointStart["config"]): DeciderSnapshot {
  if (!isOtherShaft(decider, config)) return decider;
  const signals = decider.signals.map(({ held, ...signal }) => ({
    ...signal,
    held: held && { ...held, seenRpm: undefined },
  }));
  return { ...decider, signals };
}
