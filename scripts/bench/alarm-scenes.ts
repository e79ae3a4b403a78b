/** The windows of simulated turbines as a gateway would score them, with the shipped bundle's student. */
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames, type Manifest } from "../../src/core/contract/bundle/manifest.ts";
import { createPointWatch, type PointWatch } from "../../src/core/decision/point-watch.ts";
import type { WatchedWindow } from "../../src/core/decision/reference/own-reference.ts";
import { listForeignLines } from "../../src/core/explain/foreign-lines.ts";
import { createForeignModeFinder } from "../../src/core/explain/foreign-modes.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { shareLines } from "../../src/core/serving/found-lines.ts";
import { findNewestVersion } from "../../src/core/serving/served-models.ts";
import type { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { createRevolutionWindower } from "../../src/core/window/revolution-windower.ts";
import { runStudent } from "../../src/training/learn/train-student.ts";

export interface BenchModel {
  readonly manifest: Manifest;
  readonly student: Parameters<typeof runStudent>[0];
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
}

const benchPoint = { site: "s", turbine: "t", component: "c" };

/** The newest shipped bundle. Throws where it knows no baselines. */
export async function openBenchModel(): Promise<BenchModel> {
  const { manifest, files } = await readBundle(await findNewestVersion("models", "bearing-vibration"));
  const student = { scaler: manifest.scaler, quantised: decodeStudent(files.get(bundleFileNames.model)!) };
  if (manifest.baseline === undefined) throw new Error("the shipped bundle knows no baselines");
  return { manifest, student, model: { name: manifest.name, version: manifest.version, digest: "bench" } };
}

/** A point's watch as a gateway makes it with its defaults, for one point of one turbine. */
export function createBenchWatch({ manifest, model }: BenchModel, falsePerYear: number): PointWatch {
  const { outputs, calibration, baseline } = manifest;
  return createPointWatch({
    point: benchPoint,
    parts: { outputs, calibration, baseline, model },
    options: { epoch: 0, minWindows: 600, minDurationMs: 86_400_000, falsePerYear, faultPrior: 0.058 },
  });
}

/** Makes a scored window. */
export function toWindow(
  { manifest, model }: BenchModel,
  parts: Pick<WatchedWindow, "levels" | "shaftRpm" | "foreignModes"> & {
    readonly index: number;
    readonly fromMs: number;
    readonly toMs: number;
    readonly logits: Float64Array;
  },
): WatchedWindow {
  const { index, fromMs, toMs, logits, levels, shaftRpm, foreignModes } = parts;
  return {
    levels,
    shaftRpm,
    foreignModes,
    prediction: {
      point: benchPoint,
      windowId: `${index}`,
      fromMs,
      toMs,
      quantised: new Uint8Array(manifest.outputs.length),
      logits,
      model,
      operatingState: "full-performance",
    },
  };
}

/** All windows of a simulated turbine from `fromS` to `toS` of its run, handed on as they end. */
export function observe(
  bench: BenchModel,
  simulation: ReturnType<typeof createTurbineSimulation>,
  run: {
    readonly turbine: number;
    readonly fromS: number;
    readonly toS: number;
    readonly take: (window: WatchedWindow) => void;
  },
): void {
  const { manifest, student } = bench;
  const { sampleRateHz, scale, turbines } = simulation;
  const features = createWaveformExtractor(manifest.features);
  const meter = createWaveformExtractor(manifest.baseline!.levels);
  const { shaftColumns, firsts } = shareLines(manifest.features);
  const findForeignModes = createForeignModeFinder(manifest, turbines[run.turbine]!.orders);
  let index = 0;
  const windower = createRevolutionWindower(manifest.window, {
    begin: (_slot, start) => {
      const context = { ...start, bearing: turbines[run.turbine]!.orders };
      features.begin(context);
      meter.begin(context);
    },
    push: (_slot, part) => {
      features.push(part);
      meter.push(part);
    },
    end: (_slot, { fromMs, toMs, shaftRpm }) => {
      const row = new Float32Array(manifest.features.list.length);
      const levels = new Float32Array(manifest.baseline!.levels.list.length);
      const lines = new Float32Array(row.length);
      features.finish(row, 0, lines);
      meter.finish(levels, 0);
      if (!row.every(Number.isFinite)) return;
      const logits = Float64Array.from(runStudent(student, row, 1));
      const heard = { shaftRpm, seconds: (toMs - fromMs) / 1000, shaftColumns, firsts };
      const foreignLines = listForeignLines(lines, heard);
      const foreignModes = findForeignModes({ features: row, foreignLines });
      run.take(toWindow(bench, { index: index++, fromMs, toMs, shaftRpm, levels, logits, foreignModes }));
    },
    abandon: () => {},
    refuse: () => {},
  });
  const block = 496;
  for (let first = 0; first < run.toS * sampleRateHz; first += block) {
    const { counts, shaftRpm } = simulation.nextBlock(run.turbine, block);
    if (first < run.fromS * sampleRateHz) continue;
    if (shaftRpm < 300) {
      windower.reset("gap", "stands by");
      continue;
    }
    windower.accept({
      deviceId: "bench",
      channel: "vibration",
      unit: "g",
      sampleRateHz,
      scale,
      shaftRpm,
      counts,
      firstSample: first,
      timestampMs: (first / sampleRateHz) * 1000,
    });
  }
}
