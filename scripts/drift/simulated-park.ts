/** Days of simulated turbines, summed up column by column as a gateway sums them up: what drift makes of physics. */

import type { FeatureSpec } from "../../src/core/contract/bundle/feature-spec.ts";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import type { FeatureSketch } from "../../src/core/contract/uplink-record.ts";
import { findBin } from "../../src/core/drift/bins.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import { createDriftTask, type DriftTask } from "../../src/core/drift/drift-task.ts";
import { findLoad } from "../../src/core/drift/load-band.ts";
import { addToDay, findDayOf } from "../../src/core/drift/merge-day.ts";
import {
  createWaveformExtractor,
  type WaveformExtractor,
} from "../../src/core/features/waveform-extractor.ts";
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

export interface ParkOptions extends Omit<TurbineSimulationOptions, "sampleRateHz"> {
  readonly manifest: Manifest;
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

/** The columns of a bundle's features and levels, each level with bins of 3 dB. */
export function createParkTask(manifest: Manifest, rates: Partial<DriftTask>): DriftTask {
  const describe = (name: string, role: "feature" | "level"): DriftTask["columns"][number] => ({
    name,
    role,
    edges:
      role === "level"
        ? Array.from({ length: 32 }, (_, index) => 3 * index - 66)
        : Array.from({ length: 15 }, (_, index) => 0.25 * (index - 5)),
  });
  const columns = [
    ...manifest.features.list.map(({ name }) => describe(name, "feature")),
    ...(manifest.baseline?.levels.list ?? []).map(({ name }) => describe(name, "level")),
  ];
  return { ...createDriftTask({ featureCount: 0, features: [] }, rates), columns };
}

/** Watches one turbine of a park. */
export function watchTurbine(options: ParkOptions, turbine: number, task: DriftTask): TurbineDays {
  const { manifest, periodS, ...rest } = options;
  const simulation = createTurbineSimulation(rest);
  const { sampleRateHz, scale } = simulation;
  const periodMs = periodS * 1000;
  let days: readonly SensorDay[] = [];
  const windowers = Array.from({ length: options.sensors ?? 1 }, (_, sensor) =>
    createPointWindower(manifest, simulation.turbines[turbine]!.orders, (row, { shaftRpm, ...window }) => {
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

/** Features, then levels, of every window. */
function createPointWindower(
  manifest: Manifest,
  bearing: Parameters<WaveformExtractor["begin"]>[0]["bearing"],
  onRow: (row: Float32Array, window: HeardWindow) => void,
): RevolutionWindower {
  const specs: FeatureSpec[] = [
    manifest.features,
    ...(manifest.baseline === undefined ? [] : [manifest.baseline.levels]),
  ];
  const extractors = specs.map(createWaveformExtractor);
  const width = extractors.reduce((sum, { featureNames }) => sum + featureNames.length, 0);
  const row = new Float32Array(width);
  return createRevolutionWindower(manifest.window, {
    begin: (_slot, start) => {
      for (const extractor of extractors) extractor.begin({ ...start, bearing });
    },
    push: (_slot, run) => {
      for (const extractor of extractors) extractor.push(run);
    },
    end: (_slot, { fromMs, toMs, shaftRpm }) => {
      let offset = 0;
      for (const extractor of extractors) {
        extractor.finish(row, offset);
        offset += extractor.featureNames.length;
      }
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
