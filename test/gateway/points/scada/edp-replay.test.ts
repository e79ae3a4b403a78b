import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createRandomStudent } from "../../../../scripts/mcu/random-student.ts";
import type { Scaler } from "../../../../src/core/contract/bundle/manifest.ts";
import type { NormalBehaviourSpec } from "../../../../src/core/contract/bundle/normal-behaviour.ts";
import { gatewayConfigSchema } from "../../../../src/core/contract/config/gateway-config-schema.ts";
import { createAlarmRegister } from "../../../../src/core/decision/alarms/alarm-register.ts";
import { createIntegerKernel } from "../../../../src/core/inference/integer-engine.ts";
import { dequantise } from "../../../../src/core/inference/student-engine.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { computeMedian, computeScaledMad } from "../../../../src/core/maths/robust.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import type { ScoredRow } from "../../../../src/core/serving/scada/scada-turbine.ts";
import { createScadaWatch } from "../../../../src/gateway/points/scada-watch.ts";
import { createDataQuality } from "../../../../src/gateway/record/data-quality.ts";
import type { TurbineSeries } from "../../../../src/training/dataset/scada/growing-rows.ts";
import { standardiseRows } from "../../../../src/training/learn/fit-scaler.ts";
import { runQuantised } from "../../../../src/training/learn/quantise-network.ts";
import { computeTurbineResiduals } from "../../../../src/training/recipes/scada/judge/replay-turbines.ts";
import { makeTurbineRows } from "../../../../src/training/recipes/scada/learn/scada-rows.ts";
import type { ScadaRecipeConfig } from "../../../../src/training/recipes/scada/scada-config.ts";
import { dataFolder } from "../../../support/data-folder.ts";
import { loadEdpConfig, readEdpSeries } from "../../../support/edp.ts";
import { createFakeBundle, createFakeState } from "../../fakes.ts";

const present = existsSync(join(dataFolder, "edp", "T01_test.parquet"));

/** Two weeks of which two half days are frozen. */
const fromMs = Date.UTC(2017, 5, 25);
const toMs = Date.UTC(2017, 6, 9);

function cut(signals: TurbineSeries): TurbineSeries {
  const from = signals.timestampMs.findIndex((time) => time >= fromMs);
  const to = signals.timestampMs.findIndex((time) => time >= toMs);
  return {
    turbine: signals.turbine,
    rows: to - from,
    timestampMs: signals.timestampMs.subarray(from, to),
    columns: signals.columns.map((column) => column.subarray(from, to)),
  };
}

test.skipIf(!present)(
  "the gateway makes of EDP's rows the integers and residuals of training's evaluation (needs AURORA_DATA)",
  { timeout: 180_000 },
  async () => {
    const recipe = await loadEdpConfig();
    const signals = cut((await readEdpSeries("test", ["T01"]))[0]!);
    const { windChannel, powerChannel, minRatio, maxRatio, limits } = recipe.operation;
    const points = [4, 8, 12, 25].map((wind) => [wind, Math.min(2000, 3.5 * wind ** 3)] as const);
    const operation = { limits, powerCurve: { windChannel, powerChannel, points, minRatio, maxRatio } };
    const rows = makeTurbineRows(signals, operation, recipe);

    const width = recipe.features.list.length;
    const scaler = scaleColumns(rows.features, width);
    // Any student will do: what is compared is the way to its inputs and from its outputs.
    const student = createRandomStudent(createRandom(9), [width, 12, recipe.residuals.length]);
    const spec: NormalBehaviourSpec = {
      residuals: recipe.residuals.map((residual) => ({ ...residual, location: 50, scale: 8 })),
      operation,
      statistics: recipe.statistics,
      guard: recipe.guard,
      policy: {
        ...recipe.policy,
        components: [{ component: "gearbox", prior: 0.01, worthEur: 1, inspectionEur: 1 }],
      },
    };
    const standardised = standardiseRows(rows.features, rows.rows, scaler);
    const outputs = runQuantised(student, standardised, rows.rows);
    const expected = computeTurbineResiduals(
      { rows, predicted: { standardised, outputs }, spec },
      () => false,
    );

    const { judged, stuck } = await serve(recipe, spec, scaler, student, signals);
    let scored = 0;
    for (const { row, output, residuals, state } of judged) {
      const index = rows.timestampMs.indexOf(row.fromMs);
      expect(Array.from(row.features)).toEqual(
        Array.from(rows.features.subarray(index * width, (index + 1) * width)),
      );
      const own = outputs.subarray(index * spec.residuals.length, (index + 1) * spec.residuals.length);
      expect(Array.from(output.logits, Math.fround)).toEqual(Array.from(own));
      expect(state === "scored").toBe(rows.usable[index] === 1);
      if (residuals === null) continue;
      scored++;
      for (const [at, residual] of residuals.entries()) {
        // Training keeps what was measured as float32.
        expect(Math.abs(residual - expected[index * spec.residuals.length + at]!)).toBeLessThan(1e-4);
      }
    }
    // The last row waits for the next one.
    expect(judged.length).toBeGreaterThanOrEqual(rows.rows - 2);
    expect(scored).toBeGreaterThan(500);
    expect(stuck).toBeGreaterThan(130);
  },
);

function scaleColumns(features: Float32Array, width: number): Scaler {
  const columns = Array.from({ length: width }, (_, column) =>
    features.filter((_value, index) => index % width === column),
  );
  const mean = columns.map((column) => Math.fround(computeMedian(column)));
  return {
    mean,
    inverseStd: columns.map((column) => Math.fround(1 / (1 + computeScaledMad(column)))),
    clamp: 4,
  };
}

async function serve(
  recipe: ScadaRecipeConfig,
  spec: NormalBehaviourSpec,
  scaler: Scaler,
  student: ReturnType<typeof createRandomStudent>,
  signals: TurbineSeries,
): Promise<{ judged: ScoredRow[]; stuck: number }> {
  const kernel = createIntegerKernel(student);
  const last = student.layers.at(-1)!;
  const fake = createFakeBundle("1.0.0", {
    name: "turbine-scada",
    task: "normal-behaviour",
    horizonHours: 1440,
    window: recipe.window,
    channels: recipe.channels,
    features: recipe.features,
    scaler,
    normalBehaviour: spec,
    outputs: recipe.residuals.map(({ channel, title }) => ({ failureMode: channel, title })),
    calibration: [],
    thresholds: [],
    groups: [...new Set(recipe.features.list.map((feature) => feature.group))],
  });
  fake.standardised = (features) => standardiseRows(features, 1, scaler);
  fake.score = async ({ features }) => {
    const quantised = new Uint8Array(kernel.outputs);
    kernel.runInto(standardiseRows(features, 1, scaler), 1, quantised);
    return { quantised, logits: dequantise(quantised, last.outputScale, last.outputZeroPoint) };
  };
  const judged: ScoredRow[] = [];
  const quality = createDataQuality();
  const watch = createScadaWatch({
    config: gatewayConfigSchema().parse({
      gateway: { id: "gw", site: "edp" },
      turbines: [{ id: "T01", scadaBundle: "turbine-scada" }],
    }),
    bundleOf: () => fake,
    register: createAlarmRegister(),
    quality,
    logger: silentLogger,
    state: createFakeState(),
    sink: {
      onDecision: () => {},
      onAlert: () => {},
      onQuarantine: () => {},
      onSchemaDrift: () => {},
      onEvent: () => {},
      onRow: (_turbine, row) => judged.push(row),
    },
  });
  for (let row = 0; row < signals.rows; row++) {
    const timestampMs = signals.timestampMs[row]!;
    for (const [index, { name, unit }] of recipe.channels.entries()) {
      const value = signals.columns[index]![row]!;
      const arrival = { arrivedMs: timestampMs, arrivedMonotonicMs: 0 };
      watch.accept({ deviceId: "T01", channel: name, unit, timestampMs, value, ...arrival });
    }
    if (row % 144 === 0) await watch.idle();
  }
  await watch.idle();
  return { judged, stuck: quality.ofTurbine("T01").quarantinedByReason.stuck ?? 0 };
}
