/**
 * One turbine under a normal-behaviour bundle, row by row, as a gateway serves it: operating filter and frozen guard,
 * residuals, the site's correction (learnt first), medians of days, the monitor. Runs no model: each row comes with the
 * student's inputs and outputs. The evaluation in training lives through the same parts.
 */
import type { NormalBehaviourSpec } from "../../contract/bundle/normal-behaviour.ts";
import type { RidgeSnapshot } from "../../maths/ridge.ts";
import { createDailyMedian, type DailyMedianSnapshot, type DayOfResiduals } from "./daily-median.ts";
import { createFrozenGuard, createOperationFilter } from "./guards.ts";
import { createResidualMonitor, type MonitorDay, type ResidualMonitorSnapshot } from "./residual-monitor.ts";
import { applySiteCorrection, createSiteCorrectionLearner, type SiteCorrection } from "./site-correction.ts";

/** A row of channel values with what the student made of it. */
export interface WatchedRow {
  /** Begin of the window. */
  readonly timestampMs: number;
  /** In the order of the watch's channels. */
  readonly values: ArrayLike<number>;
  readonly standardised: ArrayLike<number>;
  readonly outputs: ArrayLike<number>;
}

export interface WatchOutcome {
  /** `scored`; or why not: not in normal operation, frozen data, the site's correction is still being learnt. */
  readonly state: "scored" | "not-operating" | "frozen" | "learning";
  /** Measured less expected, in the channel's unit, one an output; null unless the turbine operated. */
  readonly unexplained: Float64Array | null;
  /** The same less the site's share; null unless scored. */
  readonly residuals: Float64Array | null;
  /** Days that this row showed to be over, in order. */
  readonly days: readonly MonitorDay[];
}

export interface TurbineWatch {
  readonly components: readonly string[];
  accept(row: WatchedRow): WatchOutcome;
  /** Time has passed without rows: gives the days that are over. */
  advance(timestampMs: number): readonly MonitorDay[];
  /** The component failed and was mended on that day (whole days since the epoch). */
  repaired(component: string, day: number): void;
  /** The correction, null while it is being learnt. */
  readonly correction: SiteCorrection | null;
  snapshot(): TurbineWatchSnapshot;
}

/** What is kept over a restart: plain data. */
export interface TurbineWatchSnapshot {
  readonly correction: SiteCorrection | null;
  /** What has been learnt towards the correction; null once it is in use, or when none is wanted. */
  readonly learning: RidgeSnapshot | null;
  readonly open: DailyMedianSnapshot;
  readonly lastDay: number | null;
  readonly monitor: ResidualMonitorSnapshot;
}

/** What a watch is made for. */
interface TurbineWatchOptions {
  readonly spec: NormalBehaviourSpec;
  /** Names of the channels in the order of the rows' values. */
  readonly channels: readonly string[];
  readonly inputs: number;
}

/** Creates a watch, or continues one. @throws RangeError for a channel that no row has. */
export function createTurbineWatch(options: TurbineWatchOptions, from?: TurbineWatchSnapshot): TurbineWatch {
  const { spec, channels } = options;
  const outputs = spec.residuals.length;
  const isOperating = createOperationFilter(spec.operation, channels);
  const frozen = createFrozenGuard(spec.guard.frozenRows);
  const measuredAt = spec.residuals.map(({ channel }) => {
    const index = channels.indexOf(channel);
    if (index < 0) throw new RangeError(`there is no channel ${channel}`);
    return index;
  });
  const learner =
    spec.siteCorrection === undefined
      ? null
      : createSiteCorrectionLearner(
          spec.siteCorrection,
          { inputs: options.inputs, outputs },
          from?.learning ?? undefined,
        );
  let correction = from?.correction ?? null;
  const median = createDailyMedian(outputs, spec.statistics.minRowsPerDay, from?.open);
  const monitor = createResidualMonitor(spec, from?.monitor);
  let lastDay = from?.lastDay ?? null;

  const close = (day: DayOfResiduals | null): MonitorDay[] => {
    if (day === null || (lastDay !== null && day.day <= lastDay)) return [];
    const days: MonitorDay[] = [];
    for (let at = lastDay === null ? day.day : lastDay + 1; at <= day.day; at++) {
      const medians = at === day.day ? day.medians : new Float64Array(outputs).fill(Number.NaN);
      days.push(monitor.update(at, medians));
    }
    lastDay = day.day;
    return days;
  };

  return {
    components: monitor.components,
    get correction() {
      return correction;
    },
    advance: (timestampMs) => close(median.advance(timestampMs)),
    repaired: (component, day) => monitor.repaired(component, day),
    accept: (row) => {
      const days = close(median.advance(row.timestampMs));
      // The guard sees every row, also those that are not scored for another reason.
      const isFrozen = frozen.update(row.values);
      if (isFrozen) return { state: "frozen", unexplained: null, residuals: null, days };
      if (!isOperating(row.values))
        return { state: "not-operating", unexplained: null, residuals: null, days };
      const unexplained = Float64Array.from(
        spec.residuals,
        ({ location, scale }, output) =>
          row.values[measuredAt[output]!]! - (location + scale * row.outputs[output]!),
      );
      if (learner !== null && correction === null) {
        learner.add(row, unexplained);
        correction = learner.fit();
        return { state: "learning", unexplained, residuals: null, days };
      }
      const residuals = unexplained.slice();
      if (correction !== null) applySiteCorrection(correction, row, residuals);
      return {
        state: "scored",
        unexplained,
        residuals,
        days: [...days, ...close(median.add(row.timestampMs, residuals))],
      };
    },
    snapshot: () => ({
      correction,
      learning: learner === null || correction !== null ? null : learner.snapshot(),
      open: median.snapshot(),
      lastDay,
      monitor: monitor.snapshot(),
    }),
  };
}
