/**
 * Days of the open wind farm as a gateway would sum them up: residuals of the shipped student on every usable row of ten minutes,
 * by the power's half octave. Reads the train period only.
 */

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import { listComponents } from "../../src/core/contract/bundle/normal-behaviour.ts";
import { type DayFeature, type DaySummary, slotsOfDay } from "../../src/core/drift/day-summary.ts";
import { createDriftTask, type DriftTask } from "../../src/core/drift/drift-task.ts";
import { standardise } from "../../src/core/features/standardise.ts";
import { createIntegerEngine } from "../../src/core/inference/integer-engine.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { dequantise } from "../../src/core/inference/student-engine.ts";
import { dayMs } from "../../src/core/maths/durations.ts";
import { parseYamlConfig } from "../../src/core/platform/daemon/yaml-config.ts";
import { type LoggedEvent, readScadaLog } from "../../src/training/dataset/scada/read-log.ts";
import { readScadaTables } from "../../src/training/dataset/scada/read-series.ts";
import { makeTurbineRows, sourceOf } from "../../src/training/recipes/scada/learn/scada-rows.ts";
import { scadaConfigSchema } from "../../src/training/recipes/scada/scada-config.ts";
import { measureMoments } from "./correlated-days.ts";
import { describeColumn } from "./describe-columns.ts";

/** One turbine's usable rows in order of time. */
export interface EdpTurbineRows {
  readonly turbine: string;
  readonly timesMs: readonly number[];
  /** Half octave of the power in kW. */
  readonly bands: readonly number[];
  /** One a row: measured less expected, one a column, in standard deviations of the measured value. */
  readonly residuals: readonly Float64Array[];
  /** Is the row at least so many days before, or three after, an entry of the logbook? */
  readonly isHealthy: readonly boolean[];
}

export interface EdpRows {
  readonly columns: readonly string[];
  readonly turbines: readonly EdpTurbineRows[];
}

/** Days after an entry of the logbook that are not called healthy, as when the student learns. */
const excludedAfter = 3;

/** Reads every turbine's train rows and what the shipped student leaves unexplained of them. */
export async function readEdpResiduals(dataDir: string, bundleDir: string): Promise<EdpRows> {
  const manifest = JSON.parse(await readFile(join(bundleDir, "manifest.json"), "utf8")) as Manifest;
  // The recipe that the bundle was made by, which stands beside its versions.
  const path = join(dirname(bundleDir), "train.yaml");
  const config = parseYamlConfig(await readFile(path, "utf8"), {
    path,
    schema: scadaConfigSchema,
    environment: {},
  });
  const spec = manifest.normalBehaviour!;
  const channels = manifest.channels.map(({ name }) => name);
  const power = channels.indexOf("power");
  const signals = await readScadaTables(dataDir, sourceOf(config), "train");
  const { failures } = await readScadaLog(dataDir, config.dataset, listComponents(config));
  const engine = createIntegerEngine(decodeStudent(await readFile(join(bundleDir, "model.int8.onnx"))));
  const turbines: EdpTurbineRows[] = [];
  for (const part of signals.turbines) {
    const rows = makeTurbineRows(part, spec.operation, config);
    const standardised = new Float32Array(rows.features.length);
    standardise(rows.features, rows.rows, manifest.scaler, standardised);
    const quantised = await engine.run(standardised, rows.rows);
    const own = failures.filter(({ turbine }) => turbine === part.turbine);
    const usable = Array.from({ length: rows.rows }, (_, row) => row).filter((row) => rows.usable[row] === 1);
    turbines.push({
      turbine: part.turbine,
      timesMs: usable.map((row) => rows.timestampMs[row]!),
      bands: usable.map((row) => {
        const kilowatts = rows.readings[row * channels.length + power]!;
        return Math.floor(2 * Math.log2(Math.max(1, kilowatts)));
      }),
      residuals: usable.map((row) => {
        const from = row * spec.residuals.length;
        const output = quantised.subarray(from, from + spec.residuals.length);
        const expected = dequantise(output, engine.outputScale, engine.outputZeroPoint);
        return Float64Array.from(
          spec.residuals,
          ({ location, scale }, index) =>
            (rows.measured[from + index]! - location) / scale - expected[index]!,
        );
      }),
      isHealthy: usable.map((row) => isFarFrom(own, rows.timestampMs[row]!, config.recipe.excludeDays)),
    });
  }
  return { columns: spec.residuals.map(({ channel }) => channel), turbines };
}

/** The task of the student's residuals, with bins of the turbines but the `unseen` one. */
export function createEdpTask(rows: EdpRows, learnDays: number, unseen: string): DriftTask {
  const seen = rows.turbines.filter(({ turbine }) => turbine !== unseen);
  const all = seen.flatMap(({ residuals }) => residuals.filter((_, index) => index % 7 === 0));
  const features = rows.columns.map((name, column) =>
    describeColumn(
      name,
      all.map((residual) => residual[column]!),
    ),
  );
  return createDriftTask({ featureCount: 0, features }, { learnDays });
}

/** Sums up a turbine's days, of the rows that `keep` leaves. */
export function summariseEdpDays(
  task: DriftTask,
  turbine: EdpTurbineRows,
  keep: (index: number, timeMs: number) => boolean = () => true,
): { readonly summary: DaySummary; readonly isHealthy: boolean; readonly rows: number }[] {
  const byDay = new Map<number, number[]>();
  for (const [index, timeMs] of turbine.timesMs.entries()) {
    if (!keep(index, timeMs)) continue;
    const day = Math.floor(timeMs / dayMs);
    const held = byDay.get(day);
    if (held === undefined) byDay.set(day, [index]);
    else held.push(index);
  }
  return [...byDay].map(([day, indices]) => ({
    summary: {
      fromMs: day * dayMs,
      periodMs: dayMs,
      features: task.columns.map((_, column) => summariseColumnRows({ task, turbine, column }, indices)),
    },
    isHealthy: indices.every((index) => turbine.isHealthy[index]!),
    rows: indices.length,
  }));
}

function summariseColumnRows(
  { task, turbine, column }: { task: DriftTask; turbine: EdpTurbineRows; column: number },
  indices: readonly number[],
): DayFeature {
  const { edges } = task.columns[column]!;
  const counts = new Array<number>(edges.length + 1).fill(0);
  const cells = new Map<number, number[]>();
  const values = indices.map((index) => turbine.residuals[index]![column]!);
  for (const [at, index] of indices.entries()) {
    const bin = edges.findIndex((edge) => values[at]! < edge);
    counts[bin === -1 ? edges.length : bin]!++;
    const slot = Math.floor(((turbine.timesMs[index]! % dayMs) * slotsOfDay) / dayMs);
    const key = slot * 100 + turbine.bands[index]!;
    const held = cells.get(key);
    if (held === undefined) cells.set(key, [values[at]!]);
    else held.push(values[at]!);
  }
  const whole = measureMoments(Float64Array.from(values), 0, values.length);
  return {
    sketch: { feature: column, counts, invalid: 0, ...whole },
    cells: [...cells]
      .sort(([a], [b]) => a - b)
      .map(([key, list]) => {
        const { mean, sumSquares } = measureMoments(Float64Array.from(list), 0, list.length);
        const load = { by: "power" as const, band: key % 100 };
        return { slot: Math.floor(key / 100), load, count: list.length, mean, sumSquares };
      }),
  };
}

function isFarFrom(failures: readonly LoggedEvent[], timeMs: number, excludedBefore: number): boolean {
  return !failures.some(
    ({ timestampMs }) =>
      timeMs > timestampMs - excludedBefore * dayMs && timeMs < timestampMs + excludedAfter * dayMs,
  );
}
