/** Everything that can be asked of the fleet: one set of answers for the page and for the API. Writes nothing. */

import { dayMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { AlarmQuery, AlarmView } from "../record/alert-store.ts";
import type { CollectorStore } from "../record/collector-store.ts";
import { dayOf } from "../record/drift-store.ts";
import type { EventView, Page, UpdateView } from "../record/event-store.ts";
import type { GatewayView } from "../record/gateway-store.ts";
import type { PredictionSeries } from "../record/prediction-store.ts";
import type { QuarantineView } from "../record/quarantine-store.ts";
import { describeDrift, type PointDriftView } from "./drift-view.ts";
import type { ModelCatalogue } from "./model-catalogue.ts";
import { describeTurbine, type TurbineView } from "./turbine-view.ts";

/** A list that may go on. */
export interface Listing<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** A gateway, and whether it is silent. */
export interface GatewayStatusView extends GatewayView {
  /** Online by its own word and heard of lately. */
  readonly reachable: boolean;
}

/** A model that is in use or known. */
export interface ModelView {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  /** Words of its bundle, or null when the bundle is not known here. */
  readonly title: string | null;
  /** `<site>/<turbine>` that said they run it. */
  readonly turbines: readonly string[];
}

/** Which predictions. */
export interface PredictionQuery {
  readonly site: string;
  readonly turbine: string;
  readonly component?: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  /** Largest number of steps a series. */
  readonly steps: number;
}

/** Predictions of one point, with the probability at which its model raises an alarm. */
export interface PredictionView extends PredictionSeries {
  /** One a failure mode; null where the bundle is not known here. */
  readonly thresholds: readonly (number | null)[];
}

/** The answers. */
export interface FleetView {
  readonly nowMs: number;
  /** Where a turbine's charts end: now, or its newest prediction where a device's clock runs up to a day ahead. */
  latestMs(site: string, turbine: string): number;
  turbines(): readonly TurbineView[];
  gateways(): readonly GatewayStatusView[];
  alarms(query: AlarmQuery): Listing<AlarmView>;
  predictions(query: PredictionQuery): {
    readonly bucketMs: number;
    readonly series: readonly PredictionView[];
  };
  /** @param query.day default: the newest day of which there is anything, or today */
  drift(query: {
    readonly day?: string | undefined;
    readonly site?: string | undefined;
    readonly turbine?: string | undefined;
  }): {
    readonly day: string;
    readonly points: readonly PointDriftView[];
  };
  models(): readonly ModelView[];
  /** Title of a failure mode in words for people; the mode itself when no bundle says. */
  titleOf(failureMode: string): string;
  events(page: Page): Listing<EventView>;
  updates(page: Page): Listing<UpdateView>;
  quarantine(limit: number): Listing<QuarantineView>;
}

/** Creates the view of a store. */
export function createFleetView(options: {
  readonly store: CollectorStore;
  readonly models: () => ModelCatalogue;
  readonly clock: Clock;
  readonly silentAfterMs: number;
}): FleetView {
  const { store, clock, silentAfterMs } = options;
  const gateways = (): GatewayStatusView[] =>
    store.gateways.list().map((gateway) => ({
      ...gateway,
      reachable: gateway.online !== false && clock.nowMs() - gateway.lastSeenMs <= silentAfterMs,
    }));
  const turbines = (): TurbineView[] => {
    const byName = new Map(store.gateways.list().map((gateway) => [gateway.gateway, gateway]));
    return store.turbines
      .list()
      .map((row) => describeTurbine(row, byName.get(row.gateway ?? ""), clock.nowMs(), silentAfterMs));
  };
  const thresholdsOf = (site: string, turbine: string): ReadonlyMap<string, number> => {
    const row = store.turbines.list().find((other) => other.site === site && other.turbine === turbine);
    const manifest = options.models().find(row?.state?.model?.digest ?? "")?.manifest;
    return new Map(
      manifest?.thresholds.map((threshold, index) => [manifest.outputs[index]!.failureMode, threshold.raise]),
    );
  };
  return {
    get nowMs() {
      return clock.nowMs();
    },
    latestMs: (site, turbine) => {
      const nowMs = clock.nowMs();
      const points = store.turbines.points(site, turbine);
      const newest = points.map((point) => store.predictions.newestMs(point.number, nowMs + dayMs));
      return Math.max(nowMs, ...newest);
    },
    turbines,
    gateways,
    alarms: (query) => store.alerts.list(query),
    predictions: (query) => {
      const { fromMs, toMs } = query;
      const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / query.steps));
      const thresholds = thresholdsOf(query.site, query.turbine);
      const series = store.turbines
        .points(query.site, query.turbine)
        .filter((point) => query.component === undefined || point.component === query.component)
        .map((point) => store.predictions.read(point.number, point.component, { fromMs, toMs, bucketMs }))
        .map((read) => ({
          ...read,
          thresholds: read.failureModes.map((mode) => thresholds.get(mode) ?? null),
        }));
      return { bucketMs, series };
    },
    drift: (query) => {
      const today = dayOf(clock.nowMs());
      const day = query.day ?? store.drift.latestDay(today) ?? today;
      const days = store.drift.read({ ...query, day });
      return { day, points: days.map((of) => describeDrift(of, options.models())) };
    },
    models: () => listModels(turbines(), options.models()),
    titleOf: (failureMode) => {
      for (const { manifest } of options.models().list()) {
        const output = manifest.outputs.find((other) => other.failureMode === failureMode);
        if (output !== undefined) return output.title;
      }
      return failureMode;
    },
    events: (page) => store.events.events(page),
    updates: (page) => store.events.updates(page),
    quarantine: (limit) => ({ total: store.quarantine.messages, items: store.quarantine.list(limit) }),
  };
}

function listModels(turbines: readonly TurbineView[], known: ModelCatalogue): ModelView[] {
  const models = new Map<string, ModelView & { readonly turbines: string[] }>();
  for (const { digest, manifest } of known.list()) {
    const { name, version, title } = manifest;
    models.set(digest, { name, version, digest, title, turbines: [] });
  }
  for (const { site, turbine, state } of turbines) {
    const model = state?.model;
    if (model === null || model === undefined) continue;
    const entry = models.get(model.digest) ?? { ...model, title: null, turbines: [] };
    models.set(model.digest, entry);
    entry.turbines.push(`${site}/${turbine}`);
  }
  return [...models.values()];
}
