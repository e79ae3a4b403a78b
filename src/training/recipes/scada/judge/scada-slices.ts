/**
 * Error and failures by site, turbine, month, load and wind speed, with counts and intervals. Days of a week are alike:
 * intervals resample turbine-weeks.
 */

import { createRandom } from "../../../../core/maths/random.ts";
import type { ComponentCost } from "../../../dataset/edp-logbook.ts";
import { binomialInterval, type Figure, formatFigure } from "../../../judge/figure.ts";
import { listSlices } from "../../../judge/slice-figures.ts";
import type { ReportTable } from "../../../report/report-parts.ts";
import type { ErrorCell } from "../learn/error-cells.ts";
import { type CountedFailure, type Inspection, scoreInspections } from "./cost-rule.ts";

/** The figures of one slice. */
export interface ScadaSlice {
  /** Dimension, for example `load`. */
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

/** What is sliced. */
export interface SlicedScada {
  readonly site: string;
  readonly cells: readonly ErrorCell[];
  /** One list a calendar. */
  readonly inspections: readonly (readonly Inspection[])[];
  readonly failures: readonly CountedFailure[];
  readonly costs: ReadonlyMap<string, ComponentCost>;
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

/** Slices as rows of text, for the report and the card. */
export function tabulateScadaSlices(slices: readonly ScadaSlice[]): ReportTable {
  return {
    title: "Slices",
    caption:
      "Judged period, rows of normal operation, each of which weighs the same here (above, each turbine does); intervals of the error resample turbine-weeks, those of the failures found are exact binomial ones of their number. A failure has a turbine, but no load or wind speed.",
    head: ["slice", "rows", "turbine-weeks", "mean error, K", "failures found", "false alarms"],
    rows: slices.map(({ by, value, rows, turbineWeeks, maeKelvin, detected, falseAlarms }) => [
      `${by}: ${value}`,
      `${rows}`,
      `${turbineWeeks}`,
      formatFigure(maeKelvin),
      detected === null ? "–" : `${formatFigure(detected, 1)} of ${detected.of}`,
      falseAlarms?.toFixed(1) ?? "–",
    ]),
  };
}

function computeError(
  cells: readonly ErrorCell[],
  seed: number,
): Pick<ScadaSlice, "rows" | "turbineWeeks" | "maeKelvin"> {
  const weeks = new Map<string, { sum: number; rows: number }>();
  for (const cell of cells) {
    const week = weeks.get(weekOf(cell)) ?? { sum: 0, rows: 0 };
    weeks.set(weekOf(cell), { sum: week.sum + cell.error * cell.rows, rows: week.rows + cell.rows });
  }
  const list = [...weeks.values()];
  const meanOf = (chosen: readonly { readonly sum: number; readonly rows: number }[]): number =>
    chosen.reduce((sum, week) => sum + week.sum, 0) / chosen.reduce((sum, week) => sum + week.rows, 0);
  const random = createRandom(seed).fork("slices");
  const values = Array.from({ length: replicates }, () =>
    meanOf(list.map(() => list[random.integer(list.length)]!)),
  ).sort((a, b) => a - b);
  return {
    rows: list.reduce((sum, week) => sum + week.rows, 0),
    turbineWeeks: list.length,
    maeKelvin: {
      value: meanOf(list),
      low: values[Math.floor(0.025 * (replicates - 1))]!,
      high: values[Math.ceil(0.975 * (replicates - 1))]!,
    },
  };
}

function countFailures(
  { inspections, failures, costs }: SlicedScada,
  turbines: readonly string[],
): Pick<ScadaSlice, "detected" | "falseAlarms"> {
  const isOwn = ({ turbine }: { readonly turbine: string }): boolean => turbines.includes(turbine);
  const own = failures.filter(isOwn);
  const runs = inspections.map((run) => scoreInspections(run.filter(isOwn), own, costs));
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
