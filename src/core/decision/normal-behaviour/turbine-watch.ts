/**
 * One turbine under a normal-behaviour bundle, row by row, as a gateway serves it: operating filter and frozen guard,
 * residuals, the site's correction (learnt first), medians of days, the monitor. Runs no model: each row comes with the
 * student's inputs and outputs. The evaluation in training lives through the same parts.
 */
import type { NormalBehaviourSpec } from "../../contract/bundle/normal-behaviour.ts";
import { earliestClockMs } from "../../contract/iso-time.ts";
import { dayMs } from "../../maths/durations.ts";
import type { RidgeSnapshot } from "../../maths/ridge.ts";
import { createDailyMedian, type DailyMedianSnapshot, type DayOfResiduals } from "./daily-median.ts";
import { createFrozenGuard, createOperationFilter, findChannel } from "./guards.ts";
import { createResidualMonitor, type MonitorDay, type ResidualMonitorSnapshot } from "./residual-monitor.ts";
import { applySiteCorrection, createSiteCorrectionLearner, type SiteCorrection } from "./site-correction.ts";

/** A row of channel values with what the student made of it. */
export interface WatchedRow {
  /** Begin of the window. */
  readonly timestampMs: number;
  /** What the clock says that is believed now; absent: the row came when it was stamped. */
  readonly nowMs?: number;
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
  /** A clock was ahead until the day before: this day and later ones, which were over already, are still to come; null: none was. */
  readonly setBackTo: number | null;
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
  /** Days jumped from one to the other lately; absent: they did not. */
  readonly jump?: { readonly from: number; readonly to: number } | undefined;
  /** Since when the clock has said that a day which is over is still to come; absent: it does not. */
  readonly earlierSinceMs?: number | undefined;
  readonly monitor: ResidualMonitorSnapshot;
}

/** Days without a row that are no jump. */
const usualSilentDays = 3;
/** Days after a jump that may be those of a wrong clock. */
const rememberedDays = 7;

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
  const measuredAt = spec.residuals.map(({ channel }) => findChannel(channels, channel));
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
  /** From the day before to the first one after a silence of days, or a clock's jump; null: there was none of late. */
  let jump = from?.jump ?? null;
  let earlierSinceMs = from?.earlierSinceMs ?? null;

  const close = (day: DayOfResiduals | null): MonitorDay[] => {
    if (day === null || (lastDay !== null && day.day <= lastDay)) return [];
    const days: MonitorDay[] = [];
    // A clock of 1970 that is set makes a silence of decades.
    const first = lastDay === null ? day.day : Math.max(lastDay + 1, day.day - monitor.keptDays);
    for (let at = first; at <= day.day; at++) {
      const medians = at === day.day ? day.medians : new Float64Array(outputs).fill(Number.NaN);
      days.push(monitor.update(at, medians));
    }
    if (lastDay !== null && day.day - lastDay > usualSilentDays) jump = { from: lastDay, to: day.day };
    else if (jump !== null && day.day > jump.to + rememberedDays) jump = null;
    lastDay = day.day;
    return days;
  };

  /**
   * A clock that was ahead must not leave a turbine unwatched until its wrong date: once it has been for a day what it was before
   * the days jumped, what is dated after it is let go. A clock that is behind goes to before any jump, and costs nothing.
   */
  const setBack = (nowMs: number): number | null => {
    const today = Math.floor(nowMs / dayMs);
    const hasOverDays = lastDay !== null && lastDay > today;
    const isAhead = hasOverDays
      ? jump !== null && today >= jump.from && today < jump.to
      : (median.day ?? today) > today + 1 && today >= (lastDay ?? today);
    if (!isAhead || nowMs < earliestClockMs) {
      earlierSinceMs = null;
      return null;
    }
    earlierSinceMs = Math.min(earlierSinceMs ?? nowMs, nowMs);
    if (nowMs - earlierSinceMs < dayMs) return null;
    earlierSinceMs = null;
    jump = null;
    median.forgetFrom(today);
    monitor.forgetFrom(today);
    if (hasOverDays) lastDay = today - 1;
    return today;
  };

  return {
    components: monitor.components,
    get correction() {
      return correction;
    },
    advance: (timestampMs) => close(median.advance(timestampMs)),
    repaired: (component, day) => monitor.repaired(component, day),
    accept: (row) => {
      const setBackTo = setBack(row.nowMs ?? row.timestampMs);
      const days = close(median.advance(row.timestampMs));
      const none = { unexplained: null, residuals: null, days, setBackTo };
      // The guard sees every row, also those that are not scored for another reason.
      const isFrozen = frozen.update(row.values);
      if (isFrozen) return { ...none, state: "frozen" };
      if (!isOperating(row.values)) return { ...none, state: "not-operating" };
      const unexplained = Float64Array.from(
        spec.residuals,
        ({ location, scale }, output) =>
          row.values[measuredAt[output]!]! - (location + scale * row.outputs[output]!),
      );
      if (learner !== null && correction === null) {
        learner.add(row, unexplained);
        correction = learner.fit();
        return { ...none, state: "learning", unexplained };
      }
      const residuals = unexplained.slice();
      if (correction !== null) applySiteCorrection(correction, row, residuals);
      return {
        state: "scored",
        unexplained,
        residuals,
        days: [...days, ...close(median.add(row.timestampMs, residuals))],
        setBackTo,
      };
    },
    snapshot: () => ({
      correction,
      learning: learner === null || correction !== null ? null : learner.snapshot(),
      open: median.snapshot(),
      lastDay,
      ...(jump === null ? {} : { jump }),
      ...(earlierSinceMs === null ? {} : { earlierSinceMs }),
      monitor: monitor.snapshot(),
    }),
  };
}
