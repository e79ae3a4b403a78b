/** What `report.html` shows of a remaining life: the shrink, what helped, and every test engine with its interval. */
import { estimateRemainingLife } from "../../../core/decision/remaining-life.ts";
import { formatFigure } from "../../judge/figure.ts";
import { integersOf, networksOf } from "../../learn/regression-student.ts";
import type { ReportParts, ReportStep } from "../../report/report-parts.ts";
import { drawPlot } from "../../report/svg-plot.ts";
import type { LifeConfig } from "./life-config.ts";
import type { JudgedForm, LifeEvaluation } from "./life-evaluation.ts";
import { type LifeRows, selectLastRows } from "./life-rows.ts";
import { tabulateLifeSlices } from "./life-slices.ts";
import { type LifeStudent, predictLife } from "./train-life-student.ts";

/** The parts. */
export function reportLife(
  evaluation: LifeEvaluation,
  student: LifeStudent,
  testRows: LifeRows,
  config: LifeConfig,
): ReportParts {
  const { test, outOfFold, testAllRows, testUncapped } = evaluation;
  return {
    stepColumns: ["RMSE on test engines, cycles", "RMSE out of fold, cycles"],
    steps: evaluation.steps.map(
      ({ form, title, parameters, multiplyAdds, bytes, ...figures }): ReportStep => ({
        name: form,
        title,
        parameters,
        multiplyAdds,
        bytes,
        figures: [figures.test, figures.outOfFold],
        ...timedOf(form, student),
      }),
    ),
    findings: [
      ...evaluation.comparisons.map(
        ({ what, verdict, difference }) =>
          `RMSE out of fold, ${what}: ${verdict}; the difference is ${formatFigure(difference, 2)} cycles.`,
      ),
      `The ${100 * config.interval.coverage} % interval holds ${formatFigure(test.coverage)} of the test engines at their last rows, ${formatFigure(testAllRows.coverage)} over all their rows and ${formatFigure(outOfFold.coverage)} out of fold.`,
      `Against lives that are not capped at ${evaluation.capCycles} cycles the RMSE is ${formatFigure(testUncapped.rmse, 2)}.`,
    ],
    plots: [
      {
        title: "Test engines, each at its last row",
        caption: `Predicted remaining life with its interval over the true one, both capped at ${evaluation.capCycles} cycles; the dashed line is the truth.`,
        svg: drawEngines(evaluation, student, testRows, config),
      },
    ],
    tables: [
      tabulateLifeSlices(evaluation.slices),
      {
        title: "Interval",
        caption:
          "How far the truth may lie from a prediction, in cycles; between two rows it is interpolated.",
        head: ["predicted", "from", "to"],
        rows: evaluation.interval.map(({ predicted, low, high }) =>
          [predicted, predicted + low, predicted + high].map((value) =>
            Math.max(0, Math.min(evaluation.capCycles, value)).toFixed(1),
          ),
        ),
      },
    ],
  };
}

function timedOf(form: JudgedForm, student: LifeStudent): Pick<ReportStep, "timed"> {
  if (form === "mean") return {};
  if (form === "linear") return { timed: [student.linear] };
  return { timed: integersOf(student, form) ?? networksOf(student, form) };
}

function drawEngines(
  { interval, capCycles }: LifeEvaluation,
  student: LifeStudent,
  testRows: LifeRows,
  config: LifeConfig,
): string {
  const last = selectLastRows(testRows);
  const predicted = predictLife(student, "int8", last.features, last.rows, capCycles);
  const spec = {
    unit: "cycle",
    capSteps: capCycles,
    minHistorySteps: config.minHistory,
    coverage: config.interval.coverage,
    interval,
  };
  const ticks = [0, 25, 50, 75, 100, 125, 150].filter((tick) => tick <= capCycles);
  const axis = { from: 0, to: capCycles, ticks };
  const engines = Array.from(predicted, (value, row) => {
    const actual = Math.min(capCycles, last.remaining[row]!);
    return { actual, ...estimateRemainingLife(spec, value / capCycles) };
  });
  return drawPlot({
    x: { ...axis, label: "true remaining life, cycles" },
    y: { ...axis, label: "predicted, cycles" },
    lines: [
      {
        name: "truth",
        colour: "faint",
        dashed: true,
        points: [
          [0, 0],
          [capCycles, capCycles],
        ],
      },
    ],
    extra: ({ x, y }) =>
      engines
        .map(({ actual, value, low, high }) => {
          const colour = actual < low || actual > high ? "c1" : "c0";
          const at = x(actual).toFixed(1);
          return `<path class="line ${colour}" stroke-width="1" stroke-opacity="0.45" d="M${at} ${y(low).toFixed(1)}V${y(high).toFixed(1)}"/><circle class="dot ${colour}" cx="${at}" cy="${y(value).toFixed(1)}" r="2.5"/>`;
        })
        .join(""),
    alt: "Predicted against true remaining life of every test engine, with intervals",
  });
}
