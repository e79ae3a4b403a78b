/**
 * The watches of a site's measuring points, with their healthy baselines kept over restarts: one entry a point, so that
 * a kill costs one point's progress at most. What a watch says of its baseline is told here; deciders and alarms are kept
 * elsewhere, together (`snapshots.ts`). Decides nothing itself.
 */
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import type { Decision } from "../../core/contract/prediction.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { BaselineEvent } from "../../core/decision/baseline-learner.ts";
import { baselineSnapshotSchema } from "../../core/decision/baseline-snapshot.ts";
import type { DeciderSnapshot } from "../../core/decision/decider-snapshot.ts";
import {
  createPointWatch,
  defaultMaxGapMs,
  type PointWatch,
  selectWatchParts,
  type WatchedWindow,
} from "../../core/decision/point-watch.ts";
import { hourMs } from "../../core/maths/durations.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { PointCondition } from "../alarms/state-publisher.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

/** What a point starts with. */
interface PointStart {
  readonly config: Pick<PointConfig, "baselineEpoch">;
  /** The bundle that serves first. */
  readonly bundle: LoadedBundle;
  /** The decider of the last run. */
  readonly decider: DeciderSnapshot | undefined;
}

/** A point's watch; what it says of its baseline is told, and kept. */
export interface KeptWatch extends Pick<PointWatch, "model" | "noteMissing"> {
  /** Decides a scored window, and learns of it. */
  update(window: WatchedWindow): Decision;
  /** Another bundle serves, from before its first window. */
  adopt(bundle: LoadedBundle): void;
  readonly condition: Omit<PointCondition, "point">;
  /** Of the decider. */
  snapshot(): DeciderSnapshot;
  /** Writes down how far the baseline is. */
  save(): void;
}

export interface SiteBaselines {
  /** Creates the watch of a point, new or as the last run left it. */
  create(point: PointId, start: PointStart): KeptWatch;
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
  const all: { readonly point: PointId; readonly watch: KeptWatch }[] = [];
  return {
    create: (point, start) => {
      const watch = createKeptWatch(point, start, options);
      all.push({ point, watch });
      return watch;
    },
    get conditions() {
      return all.map(({ point, watch }) => ({ point, ...watch.condition }));
    },
    save: () => {
      for (const { watch } of all) watch.save();
    },
  };
}

function createKeptWatch(point: PointId, start: PointStart, options: SiteBaselinesOptions): KeptWatch {
  const { state, commissioning } = options;
  const key = `baseline/${point.turbine}/${point.component}`;
  const baseline = readKept(state, {
    key,
    schema: baselineSnapshotSchema,
    logger: options.logger,
    onLost: () => options.onEvent(point, "lost", "what was kept cannot be read; it is learnt anew"),
  });
  const watch = createPointWatch({
    point,
    parts: selectWatchParts(start.bundle.manifest, start.bundle.ref),
    options: {
      epoch: start.config.baselineEpoch,
      minWindows: commissioning.minWindows,
      minDurationMs: commissioning.minHours * hourMs,
      maxGapMs: defaultMaxGapMs,
    },
    snapshot: { decider: start.decider, baseline },
  });
  let savedMs = Number.NaN;

  const save = (): void => {
    const { baseline: progress } = watch.snapshot();
    if (progress !== undefined) state.set(key, JSON.stringify(progress));
  };
  const tell = (event: BaselineEvent | null): void => {
    if (event === null) return;
    options.onEvent(point, event.kind, event.detail);
    save();
  };

  return {
    get model() {
      return watch.model;
    },
    get condition() {
      return { status: watch.status, severityDb: watch.severityDb };
    },
    update: (window) => {
      const { decision, event } = watch.update(window);
      tell(event);
      const { toMs } = window.prediction;
      if (watch.status?.state === "learning" && !(Math.abs(toMs - savedMs) < saveEveryMs)) {
        // The first window of a run has nothing to save yet.
        if (!Number.isNaN(savedMs)) save();
        savedMs = toMs;
      }
      return decision;
    },
    noteMissing: (fromMs, toMs) => watch.noteMissing(fromMs, toMs),
    adopt: (bundle) => tell(watch.adopt(selectWatchParts(bundle.manifest, bundle.ref)).event),
    snapshot: () => watch.snapshot().decider,
    save,
  };
}
