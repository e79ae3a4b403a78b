/**
 * Where a student errs, by site, turbine, month, load and wind speed, and which failures and false alarms lie there, with
 * counts and intervals. Rows of normal operation only. Days of a week are alike: intervals resample turbine-weeks.
 */

import type { OperationSpec } from "../../../../core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { createRandom, type Random } from "../../../../core/maths/random.ts";
import type { LoggedEvent } from "../../../dataset/scada/read-log.ts";
import { binomialInterval, type Figure } from "../../../judge/figure.ts";
import { listSlices } from "../../../judge/slice-figures.ts";
import { dayOf, type TurbineRows } from "../learn/scada-rows.ts";
import { type CostRule, type Inspection, scoreInspections } from "./cost-rule.ts";

/** Usable rows of one turbine and day that have a slice in common. */
export interface ErrorCell {
  readonly turbine: string;
  /** Days since the epoch. */
  readonly day: number;
  /** Dimension → value: one dimension where the rows are those of a band, several where they are the whole day's. */
  readonly slices: Readonly<Record<string, string>>;
  readonly rows: number;
  /** Mean |residual| over rows and outputs, in the residuals' unit. */
  readonly error: number;
}

/** What a replay gives of one turbine, for everybody who judges. */
export interface TurbineDays {
  readonly turbine: string;
  /** Whole days since the epoch, rising; every day from the first to the last. */
  readonly days: readonly number[];
  /** [days × outputs]. */
  readonly z: Float64Array;
  /** Component → score of each day; NaN = nothing is known. */
  readonly scores: ReadonlyMap<string, Float64Array>;
  /** Days on which an output was set aside because its sensor stepped, as [day, output]. */
  readonly sensorFaults: readonly (readonly [number, number])[];
  /** Mean |residual| of each day over usable rows and outputs; NaN without rows. */
  readonly dailyError: Float64Array;
}

/** A turbine's days, and where the student erred from the split on. */
export interface TurbineErrors extends TurbineDays {
  readonly cells: readonly ErrorCell[];
}

/** A dimension whose value changes from row to row. */
interface RowBand {
  readonly by: string;
  /** Place of what is banded among a row's readings. */
  readonly channel: number;
  /** Lower ends of the bands but the first, rising, in the reading's unit, and the bands' names, one more. */
  readonly ends: readonly number[];
  readonly names: readonly string[];
}

const loadShares = [0.25, 0.5, 0.75];
/** Metres a second: part load, the steep part of the curve, the knee, rated power. */
const windSpeeds = [6, 9, 12];

/** Bands of load (share of the power at the curve's top) and of wind speed; `channels` name the readings. */
export function bandOperation(
  channels: readonly string[],
  { windChannel, powerChannel, points }: OperationSpec["powerCurve"],
): RowBand[] {
  const ratedPower = points.at(-1)![1];
  return [
    {
      by: "load",
      channel: channels.indexOf(powerChannel),
      ends: loadShares.map((share) => share * ratedPower),
      names: nameBands(
        loadShares.map((share) => 100 * share),
        "% of rated",
      ),
    },
    {
      by: "wind speed",
      channel: channels.indexOf(windChannel),
      ends: windSpeeds,
      names: nameBands(windSpeeds, "m/s"),
    },
  ];
}

/** Cells from `fromMs` on of one turbine: its whole days, then each band of them. Rows of NaN do not count. */
export function collectErrorCells(
  rows: TurbineRows,
  residuals: Float64Array,
  { bands, fromMs }: { readonly bands: readonly RowBand[]; readonly fromMs: number },
): ErrorCell[] {
  const outputs = residuals.length / rows.rows;
  const channels = rows.readings.length / rows.rows;
  const days = new Map<number, Tally[]>();
  const places = bands.map((_, index) =>
    bands.slice(0, index).reduce((sum, band) => sum + band.names.length, 1),
  );
  const cells = 1 + bands.reduce((sum, band) => sum + band.names.length, 0);
  for (let row = 0; row < rows.rows; row++) {
    const timeMs = rows.timestampMs[row]!;
    if (timeMs < fromMs || rows.usable[row] === 0 || Number.isNaN(residuals[row * outputs])) continue;
    const day = days.get(dayOf(timeMs)) ?? Array.from({ length: cells }, () => ({ sum: 0, rows: 0 }));
    days.set(dayOf(timeMs), day);
    let error = 0;
    for (let output = 0; output < outputs; output++) error += Math.abs(residuals[row * outputs + output]!);
    count(day[0]!, error / outputs);
    for (const [index, { channel, ends }] of bands.entries()) {
      const reading = rows.readings[row * channels + channel]!;
      const above = ends.filter((end) => reading >= end).length;
      count(day[places[index]! + above]!, error / outputs);
    }
  }
  const bandOf = bands.flatMap(({ by, names }) => names.map((name) => ({ [by]: name })));
  return [...days].flatMap(([day, tallies]) =>
    tallies.flatMap(({ sum, rows: counted }, cell): ErrorCell[] => {
      if (counted === 0) return [];
      const month = new Date(day * dayMs).toISOString().slice(0, 7);
      const slices = cell === 0 ? { turbine: rows.turbine, month } : bandOf[cell - 1]!;
      return [{ turbine: rows.turbine, day, slices, rows: counted, error: sum / counted }];
    }),
  );
}

interface Tally {
  sum: number;
  rows: number;
}

function count(tally: Tally, error: number): void {
  tally.sum += error;
  tally.rows++;
}

function nameBands(ends: readonly number[], unit: string): string[] {
  return [
    `below ${ends[0]} ${unit}`,
    ...ends.slice(1).map((end, index) => `${ends[index]} to ${end} ${unit}`),
    `${ends.at(-1)} ${unit} and more`,
  ];
}

export interface ScadaSlice {
  readonly by: string;
  /** Value, for example `below 25 % of rated`. */
  readonly value: string;
  readonly rows: number;
  readonly turbineWeeks: number;
  /** Mean |residual| over rows and outputs. */
  readonly maeKelvin: Figure;
  /** Failures found, mean over calendars; null where failures have no such slice. The interval is the failures' number's. */
  readonly detected: (Figure & { readonly of: number }) | null;
  /** Inspections that found nothing, mean over calendars; without an interval. */
  readonly falseAlarms: number | null;
}

interface SlicedScada extends CostRule {
  readonly site: string;
  readonly cells: readonly ErrorCell[];
  /** One list a calendar. */
  readonly inspections: readonly (readonly Inspection[])[];
  readonly failures: readonly LoggedEvent[];
}

const replicates = 400;

/** All slices. Every cell is in the site's; `seed` draws the resamples. */
export function sliceScada(subject: SlicedScada, seed: number): ScadaSlice[] {
  const { site, cells } = subject;
  const wholeDays = cells.filter(({ slices }) => slices.turbine !== undefined);
  const turbines = [...new Set(wholeDays.map(({ turbine }) => turbine))];
  const describe = (by: string, value: string, own: readonly ErrorCell[]): ScadaSlice => {
    const judged = by === "site" ? turbines : by === "turbine" ? [value] : null;
    return {
      by,
      value,
      ...computeError(own, seed),
      ...(judged === null ? { detected: null, falseAlarms: null } : countFailures(subject, judged)),
    };
  };
  return [
    describe("site", site, wholeDays),
    ...listSlices(cells).map(({ by, value }) =>
      describe(
        by,
        value,
        cells.filter(({ slices }) => slices[by] === value),
      ),
    ),
  ];
}

/** Turbine and week of a cell: what resampling and sign flips treat as one. */
export function weekOf({ turbine, day }: Pick<ErrorCell, "turbine" | "day">): string {
  return `${turbine} week ${Math.floor(day / 7)}`;
}

function computeError(
  cells: readonly ErrorCell[],
  seed: number,
): Pick<ScadaSlice, "rows" | "turbineWeeks" | "maeKelvin"> {
  const { value, drawn, weeks } = resampleWeeks(
    cells.map((cell) => ({ week: weekOf(cell), sum: cell.error * cell.rows, count: cell.rows })),
    replicates,
    createRandom(seed).fork("slices"),
  );
  drawn.sort();
  return {
    rows: cells.reduce((sum, cell) => sum + cell.rows, 0),
    turbineWeeks: weeks,
    maeKelvin: {
      value,
      low: drawn[Math.floor(0.025 * (replicates - 1))]!,
      high: drawn[Math.ceil(0.975 * (replicates - 1))]!,
    },
  };
}

/** Cases of one turbine-week: their sum and their number. */
interface WeekPart {
  readonly week: string;
  readonly sum: number;
  readonly count: number;
}

/** The mean over all cases, and `replicates` means over turbine-weeks that are drawn anew. */
export function resampleWeeks(
  parts: readonly WeekPart[],
  replicates: number,
  random: Random,
): { readonly value: number; readonly drawn: Float64Array; readonly weeks: number } {
  const weeks = new Map<string, WeekPart>();
  for (const { week, sum, count } of parts) {
    const own = weeks.get(week);
    weeks.set(week, { week, sum: (own?.sum ?? 0) + sum, count: (own?.count ?? 0) + count });
  }
  const list = [...weeks.values()];
  const meanOf = (chosen: readonly WeekPart[]): number =>
    chosen.reduce((sum, week) => sum + week.sum, 0) / chosen.reduce((sum, week) => sum + week.count, 0);
  const drawn = Float64Array.from({ length: replicates }, () =>
    meanOf(list.map(() => list[random.integer(list.length)]!)),
  );
  return { value: meanOf(list), drawn, weeks: list.length };
}

function countFailures(
  { inspections, failures, ...rule }: SlicedScada,
  turbines: readonly string[],
): Pick<ScadaSlice, "detected" | "falseAlarms"> {
  const isOwn = ({ turbine }: { readonly turbine: string }): boolean => turbines.includes(turbine);
  const own = failures.filter(isOwn);
  const runs = inspections.map((run) => scoreInspections(run.filter(isOwn), own, rule));
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, each) => sum + each, 0) / values.length;
  const detected = mean(runs.map((run) => run.detected));
  const share = own.length === 0 ? null : binomialInterval(Math.round(detected), own.length, 0.95);
  return {
    detected: {
      value: detected,
      low: share === null ? null : share.low * own.length,
      high: share === null ? null : share.high * own.length,
      of: own.length,
    },
    falseAlarms: mean(runs.map((run) => run.falseAlarms)),
  };
}
