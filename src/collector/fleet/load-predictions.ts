/** Predictions of a turbine for a chart. */
import { dayMs } from "../../core/maths/durations.ts";
import type { TurbineRef } from "../record/machine-record.ts";
import type { PredictionSeries } from "../record/prediction-record.ts";
import type { FleetSource } from "./fleet-source.ts";

/** Which predictions: those up to `toMs`, or else up to {@link latestMs}. */
interface PredictionQuery extends TurbineRef {
  readonly component?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** Length of the range where `fromMs` is not given. */
  readonly spanMs: number;
  /** Largest number of steps a series. */
  readonly steps: number;
}

/** Predictions of a turbine's points over one range. */
export interface TurbinePredictions extends TurbineRef {
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of a step. */
  readonly bucketMs: number;
  readonly series: readonly PredictionSeries[];
}

/** Loads the predictions of one turbine. */
export async function loadPredictions(
  fleet: FleetSource,
  query: PredictionQuery,
): Promise<TurbinePredictions> {
  const { site, turbine, component } = query;
  const toMs = query.toMs ?? (await latestMs(fleet, { site, turbine }));
  const fromMs = query.fromMs ?? Math.max(0, toMs - query.spanMs);
  const bucketMs = Math.max(1, Math.ceil((toMs - fromMs) / query.steps));
  const series = await fleet.record.predictions({ site, turbine, component, fromMs, toMs, bucketMs });
  return { site, turbine, fromMs, toMs, bucketMs, series };
}

/** Where a turbine's charts end: now, or its newest prediction where a device's clock runs up to a day ahead. */
async function latestMs(fleet: FleetSource, turbine: TurbineRef): Promise<number> {
  const nowMs = fleet.clock.nowMs();
  return Math.max(nowMs, await fleet.record.newestPredictionMs({ ...turbine, untilMs: nowMs + dayMs }));
}
