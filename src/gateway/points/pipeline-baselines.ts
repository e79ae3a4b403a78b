/** The healthy baselines of all points of a pipeline: created by the configuration, kept by the store. */
import type { GatewayConfig, PointConfig } from "../../core/contract/config/gateway-config.ts";
import type { PointId } from "../../core/contract/stream.ts";
import type { BaselineEvent, BaselineStatus } from "../../core/decision/baseline-learner.ts";
import type { LoadedBundle } from "../../core/serving/loaded-bundle.ts";
import type { BaselineStore } from "./baseline-store.ts";
import { createPointBaseline, type PointBaseline } from "./point-baseline.ts";

/** Where the baseline of a point stands. */
export interface PointStatus {
  readonly point: PointId;
  /** Null: its bundle knows no baselines. */
  readonly status: BaselineStatus | null;
  /** Of its last window, dB. */
  readonly severityDb: number | null;
}

/** All baselines of a pipeline. */
export interface PipelineBaselines {
  create(point: PointId, config: PointConfig, bundle: LoadedBundle): PointBaseline;
  readonly statuses: readonly PointStatus[];
  /** Writes down how far all of them are. */
  save(): void;
}

/** Creates none yet. Without a store every run learns anew. */
export function createPipelineBaselines(
  { minWindows, minHours }: GatewayConfig["commissioning"],
  store: BaselineStore | undefined,
  onEvent: (point: PointId, event: BaselineEvent) => void,
): PipelineBaselines {
  const all = new Map<string, { readonly point: PointId; readonly baseline: PointBaseline }>();
  const keep = (name: string): void => {
    const snapshot = all.get(name)?.baseline.snapshot() ?? null;
    if (snapshot !== null) store?.write(name, snapshot);
  };
  return {
    create(point, config, bundle) {
      const name = `${point.turbine}/${point.component}`;
      const baseline = createPointBaseline(bundle, {
        options: { epoch: config.baselineEpoch, minWindows, minDurationMs: minHours * 3_600_000 },
        snapshot: store?.read(name),
        onEvent: (event) => onEvent(point, event),
        onProgress: () => keep(name),
      });
      all.set(name, { point, baseline });
      return baseline;
    },
    get statuses() {
      return [...all.values()].map(({ point, baseline: { status, severityDb } }) => {
        return { point, status, severityDb };
      });
    },
    save: () => {
      for (const name of all.keys()) keep(name);
    },
  };
}
