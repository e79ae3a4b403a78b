/** Days of simulated turbines, summed up column by column as a gateway sums them up: what drift makes of physics. */

import type { FeatureSpec } from "../../src/core/contract/bundle/feature-spec.ts";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import type { FeatureSketch } from "../../src/core/contract/uplink-record.ts";
import { findBin } from "../../src/core/drift/bins.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import type { DriftTask } from "../../src/core/drift/drift-task.ts";
import { findLoad } from "../../src/core/drift/load-band.ts";
import { addToDay, findDayOf } from "../../src/core/drift/merge-day.ts";
import { standardise } from "../../src/core/features/standardise.ts";
import {
  createWaveformExtractor,
  type WaveformExtractor,
} from "../../src/core/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { dequantise } from "../../src/core/inference/student-engine.ts";
import {
  createTurbineSimulation,
  type TurbineSimulationOptions,
} from "../../src/core/simulate/turbine-simulation.ts";
import {
  createRevolutionWindower,
  type RevolutionWindower,
} from "../../src/core/window/revolution-windower.ts";

const blockSamples = 480;
/** Any multiple of every period. */
const startMs = Date.UTC(2026, 0, 5);

/** What serves a park's points. */
export interface ParkModel {
  readonly manifest: Manifest;
  readonly student: QuantisedMlp;
}

interface ParkOptions extends Omit<TurbineSimulationOptions, "sampleRateHz"> {
  readonly model: ParkModel;
  readonly periodS: number;
}

/** A day of one sensor, its loads told apart by the shaft's speed, which a vibration device knows, or by the turbine's power. */
export interface SensorDay {
  readonly bySpeed: DaySummary;
  readonly byPower: DaySummary;
}

/** One turbine's days, one after the other; each has one a sensor. */
export interface TurbineDays {
  next(): readonly SensorDay[];
}

/** Watches one turbine of a park. */
export function watchTurbine(options: ParkOptions, turbine: number, task: DriftTask): TurbineDays {
  const { model, periodS, ...rest } = options;
  const simulation = createTurbineSimulation(rest);
  const { sampleRateHz, scale } = simulation;
  const periodMs = periodS * 1000;
  let days: readonly SensorDay[] = [];
  const windowers = Array.from({ length: options.sensors ?? 1 }, (_, sensor) =>
    createPointWindower(model, simulation.turbines[turbine]!.orders, (row, { shaftRpm, ...window }) => {
      const report = {
        kind: "drift-report" as const,
        site: "",
        turbine: "",
        component: "",
        modelName: "",
        modelVersion: "",
        modelDigest: "",
        ...window,
        sketches: sketchRow(row, task),
      };
      // A window across midnight belongs to the day of its middle.
      if (findDayOf(report, periodMs) !== dayMs) return;
      const { bySpeed, byPower } = days[sensor]!;
      const speed = findLoad(Number.NaN, shaftRpm);
      const power = findLoad(simulation.state(turbine).powerKw, shaftRpm);
      const own = {
        bySpeed: addToDay(bySpeed, speed === undefined ? report : { ...report, load: speed }, periodMs),
        byPower: addToDay(byPower, power === undefined ? report : { ...report, load: power }, periodMs),
      };
      days = days.map((each, index) => (index === sensor ? own : each));
    }),
  );
  let dayMs = startMs - periodMs;
  let firstSample = 0;
  return {
    next: () => {
      dayMs += periodMs;
      const empty = { fromMs: dayMs, periodMs, features: [] };
      days = windowers.map(() => ({ bySpeed: empty, byPower: empty }));
      for (let sample = 0; sample < periodS * sampleRateHz; sample += blockSamples) {
        const { sensors, shaftRpm } = simulation.nextBlock(turbine, blockSamples);
        for (const [sensor, counts] of sensors.entries()) {
          windowers[sensor]!.accept({
            deviceId: "simulated",
            channel: "acceleration",
            unit: "g",
            timestampMs: startMs + (firstSample / sampleRateHz) * 1000,
            firstSample,
            sampleRateHz,
            scale,
            shaftRpm,
            counts,
          });
        }
        firstSample += blockSamples;
      }
      return days;
    },
  };
}

interface HeardWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly shaftRpm: number;
}

/** Features, scores, then levels, of every window. */
function createPointWindower(
  { manifest, student }: ParkModel,
  bearing: Parameters<WaveformExtractor["begin"]>[0]["bearing"],
  onRow: (row: Float32Array, window: HeardWindow) => void,
): RevolutionWindower {
  const { features, baseline, scaler } = manifest;
  const specs: FeatureSpec[] = [features, ...(baseline === undefined ? [] : [baseline.levels])];
  const extractors = specs.map(createWaveformExtractor);
  const kernel = createIntegerKernel(student);
  const quantised = new Uint8Array(kernel.outputs);
  const row = new Float32Array(
    extractors.reduce((sum, { featureNames }) => sum + featureNames.length, kernel.outputs),
  );
  const standardised = new Float32Array(kernel.inputs);
  const scoreRow = (): void => {
    standardise(row.subarray(0, kernel.inputs), 1, scaler, standardised);
    kernel.runInto(standardised, 1, quantised);
    row.set(dequantise(quantised, kernel.outputScale, kernel.outputZeroPoint), kernel.inputs);
  };
  return createRevolutionWindower(manifest.window, {
    begin: (_slot, start) => {
      for (const extractor of extractors) extractor.begin({ ...start, bearing });
    },
    push: (_slot, run) => {
      for (const extractor of extractors) extractor.push(run);
    },
    end: (_slot, { fromMs, toMs, shaftRpm }) => {
      extractors[0]!.finish(row, 0);
      scoreRow();
      extractors[1]?.finish(row, kernel.inputs + kernel.outputs);
      onRow(row, { fromMs, toMs, shaftRpm });
    },
    abandon: () => {},
    refuse: () => {},
  });
}

/** A sketch of one window a column; a column that is never heard is left out. */
function sketchRow(row: Float32Array, { columns }: DriftTask): FeatureSketch[] {
  return columns.flatMap(({ edges }, feature): FeatureSketch[] => {
    const value = row[feature]!;
    if (!Number.isFinite(value)) return [];
    const counts = new Array<number>(edges.length + 1).fill(0);
    counts[findBin(edges, 0, edges.length, value)] = 1;
    return [{ feature, counts, invalid: 0, mean: value, sumSquares: 0, min: value, max: value }];
  });
}
