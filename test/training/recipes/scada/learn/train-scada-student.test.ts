import { expect, test } from "vitest";
import { openTensorTrainer } from "../../../../../src/training/learn/open-trainer.ts";
import {
  computeTurbineResiduals,
  replayResiduals,
} from "../../../../../src/training/recipes/scada/judge/replay-turbines.ts";
import { fitPowerCurve } from "../../../../../src/training/recipes/scada/learn/scada-rows.ts";
import {
  distilScadaStudent,
  prepareScadaRows,
  quantiseScadaStudent,
  runScadaForm,
  trainScadaTeacher,
  trainUntaughtStudent,
} from "../../../../../src/training/recipes/scada/learn/train-scada-student.ts";
import { makeRows } from "../synthetic-farm.ts";

const fit = { steps: 150, batchRows: 256, learningRate: 0.01, weightDecay: 0, inputNoise: 0 };
const recipe = {
  clamp: 4,
  excludeDays: 10,
  huberDelta: 1,
  teacher: { members: 2, hidden: [16], fit },
  student: { hidden: [16], fit, prune: { to: [8], rounds: 2, fit: { ...fit, steps: 60 } } },
  softShare: 1,
  inventedNoise: 0.3,
  calibrationRows: 500,
};
const statistics = {
  minRowsPerDay: 10,
  historyDays: 100,
  gapDays: 5,
  minHistoryDays: 10,
  relearnDays: 20,
  excludeDays: 10,
  minScale: 0.1,
  clip: 8,
  ewmaDays: 3,
};

test("a student learns what turbines have in common, the correction what each has of its own; int8 stays close", async () => {
  const turbines = makeRows(3, 60, 11);
  const prepared = prepareScadaRows(turbines, (_, row) => row % 7 !== 0, recipe.clamp);
  const trainer = await openTensorTrainer(() => {});
  const lessons = { rows: prepared, invented: new Float32Array(0), recipe, trainer, seed: 1 };
  const teacher = trainScadaTeacher(lessons, () => {});
  const { wide, float } = distilScadaStudent(lessons, teacher);
  const untaught = trainUntaughtStudent(lessons);
  const quantised = quantiseScadaStudent(lessons, float);
  const { scaler, location, scale } = prepared;
  expect(location[0]).toBeCloseTo(45, 0);
  expect(float.map((layer) => layer.outputs)).toEqual([8, 1]);
  const student = { scaler, location, scale, teacher, wide, float, untaught, quantised };
  const spec = {
    residuals: [
      { channel: "a", component: "gearbox", siblings: null, location: location[0]!, scale: scale[0]! },
    ],
    siteCorrection: { ridge: 1e-4, minRows: 100 },
    statistics,
    guard: { frozenRows: 3, fall: 15, siblingsWithin: 5, beforeDays: 7 },
    policy: null as never,
  };
  for (const form of ["teacher", "pruned", "int8", "untaught"] as const) {
    for (const rows of turbines) {
      const predicted = runScadaForm(student, form, rows);
      const residuals = computeTurbineResiduals({ rows, predicted, spec }, () => true);
      const days = replayResiduals(rows, residuals, { spec, repairs: [] });
      // The noise of the measurements has a mean size of 0.8; without correction the offsets of 5 would show.
      expect(days.days).toHaveLength(60);
      expect(days.dailyError.reduce((sum, error) => sum + error, 0) / 60).toBeLessThan(1.3);
      const last = days.scores.get("gearbox")!.at(-1)!;
      expect(last).toBeLessThan(2);
    }
  }
});

test("a turbine without a row to learn from says nothing of where temperatures stand", () => {
  const turbines = makeRows(3, 20, 11);
  const { location } = prepareScadaRows(turbines.slice(0, 2), () => true, recipe.clamp);
  const all = prepareScadaRows(turbines, ({ turbine }) => turbine !== turbines[2]!.turbine, recipe.clamp);
  expect(all.location).toEqual(location);
});

test("rows that are not usable have no residual, and a turbine without enough rows no correction", () => {
  const [rows] = makeRows(1, 10, 3);
  rows!.usable[5] = 0;
  const outputs = new Float32Array(rows!.rows);
  const spec = {
    residuals: [{ channel: "a", component: "gearbox", siblings: null, location: 40, scale: 1 }],
    siteCorrection: { ridge: 1, minRows: 1e6 },
    statistics,
    guard: { frozenRows: 3, fall: 15, siblingsWithin: 5, beforeDays: 7 },
    policy: null as never,
  };
  const predicted = { standardised: rows!.features, outputs };
  const residuals = computeTurbineResiduals({ rows: rows!, predicted, spec }, () => true);
  expect(residuals[5]).toBeNaN();
  expect(residuals[6]).toBeCloseTo(rows!.measured[6]! - 40, 5);
});

test("the power curve is the median of each wind bin, never falling, without bins of few rows", () => {
  const wind = Float64Array.from({ length: 400 }, (_, row) => 4.1 + (row % 4));
  const power = Float64Array.from(wind, (speed, row) => (speed > 7 ? 90 : 100 * speed) + (row % 3) - 1);
  expect(fitPowerCurve([{ wind, power }], 0.5).map(([speed]) => speed)).toEqual([4.25, 5.25, 6.25, 7.25]);
  expect(fitPowerCurve([{ wind, power }], 0.5).at(-1)![1]).toBeCloseTo(610, 0);
  expect(fitPowerCurve([{ wind: wind.subarray(0, 40), power }], 0.5)).toEqual([]);
});
