/**
 * What watching for drift costs a gateway: its share of the pipeline's processor time a window, the time that assessing a day
 * takes, and the bytes of a column and interval on the uplink. Counts CPU time of this process, not the wall's.
 */
import { join } from "node:path";
import { loadTrustedKeys } from "../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../src/core/bundle/verify-bundle.ts";
import type { Decision } from "../../src/core/contract/prediction.ts";
import type { DriftReport } from "../../src/core/contract/uplink-record.ts";
import { assessDay } from "../../src/core/drift/assess-day.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import type { DriftReference } from "../../src/core/drift/drift-reference.ts";
import { createDriftTask } from "../../src/core/drift/drift-task.ts";
import { levelEdgesDb } from "../../src/core/drift/fit-reference.ts";
import { addToDay } from "../../src/core/drift/merge-day.ts";
import { beginSiteReference } from "../../src/core/drift/site-reference.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { silentLogger } from "../../src/core/platform/logger.ts";
import { type LoadedBundle, type ScoredWindow, serveBundle } from "../../src/core/serving/loaded-bundle.ts";
import { findNewestVersion } from "../../src/core/serving/served-models.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";
import { encodeRecord } from "../../src/core/wire/record-codec.ts";
import { createDriftReporter, type DriftReporter } from "../../src/gateway/record/drift-reporter.ts";
import { openBenchPipeline } from "../bench/bench-pipeline.ts";
import { ownCpuSeconds } from "../bench/process-cpu.ts";
import type { DriftMeasure } from "./drift-measure.ts";

/** Of a simulated turbine. */
const seconds = 3_600;
const intervalMs = 600_000;
const bounds = { share: 0.02, bytes: 100 };
const blockLength = 496;
const models = join(packageRoot(), "models");

export async function measure(): Promise<DriftMeasure> {
  const bundle = await openBundle();
  const { heard, microseconds } = await runPipeline(bundle);
  const perWindow = microseconds / heard.length;
  const sketching = timeSketching(heard);
  const reports: DriftReport[] = [];
  const reporter = createDriftReporter(intervalMs, (report) => reports.push(report));
  addAll(reporter, heard, 0);
  reporter.flush();
  const columns = bundle.reference.features.length;
  const bytes = Math.max(...reports.map((report) => encodeRecord(report).length / columns));
  const assessing = timeAssessing(reports, bundle.reference);
  const windowsPerDay = (heard.length / seconds) * 86_400;
  const share = sketching / perWindow + (1000 * assessing) / (windowsPerDay * perWindow);
  const figures = {
    windows: heard.length,
    columns,
    engine: bundle.engine.kind,
    "microseconds of the pipeline a window": Math.round(perWindow),
    "microseconds of sketching a window, reports included": Number(sketching.toFixed(2)),
    "milliseconds to assess a day": Number(assessing.toFixed(1)),
    "share of a gateway's time": Number(share.toFixed(5)),
    "most bytes a column and interval": Math.ceil(bytes),
  };
  await bundle.retire();
  const missed = [
    ...(share > bounds.share ? [`${share} of a gateway's time`] : []),
    ...(bytes > bounds.bytes ? [`${bytes} bytes a column and interval`] : []),
  ];
  return { cases: heard.length, violations: missed.length, missed, figures };
}

interface Heard {
  readonly decision: Decision;
  readonly scored: ScoredWindow;
}

/** A shipped bundle may have been made before references had levels. */
function withLevels(reference: DriftReference, names: readonly string[]): DriftReference {
  if (reference.features.some(({ role }) => role === "level")) return reference;
  const counts = new Array<number>(levelEdgesDb.length + 1).fill(0);
  const levels = names.map((name) => {
    return { ...reference.features[0]!, name, role: "level" as const, edges: levelEdgesDb, counts };
  });
  return { ...reference, features: [...reference.features, ...levels] };
}

async function openBundle(): Promise<LoadedBundle> {
  const dir = await findNewestVersion(models, "bearing-vibration");
  const verified = await verifyBundle(dir, await loadTrustedKeys(join(models, "release.pub")));
  const served = await serveBundle(dir, verified, { engine: "auto", logger: silentLogger });
  const names = served.manifest.baseline?.levels.list.map(({ name }) => name) ?? [];
  return { ...served, reference: withLevels(served.reference, names) };
}

/** Runs the pipeline over a simulated turbine; the simulation's own time is not counted. */
async function runPipeline(bundle: LoadedBundle): Promise<{ heard: Heard[]; microseconds: number }> {
  const simulation = createTurbineSimulation({ seed: 3, turbines: 1, fault: "none" });
  const { sampleRateHz, scale } = simulation;
  const heard: Heard[] = [];
  let nowMs = 0;
  const pipeline = openBenchPipeline({
    bundle,
    bearing: simulation.turbines[0]!.orders,
    channel: "a",
    nowMs: () => nowMs,
    onDecision: (decision, scored) => {
      if (scored !== null) heard.push({ decision, scored });
    },
  });
  let microseconds = 0;
  let at = 0;
  for (let second = 0; second < seconds; second++) {
    const blocks = [];
    for (; at < (second + 1) * sampleRateHz; at += blockLength) {
      const { counts, firstSample, shaftRpm } = simulation.nextBlock(0, blockLength);
      blocks.push({ counts: counts.slice(), firstSample, shaftRpm, timestampMs: (at * 1000) / sampleRateHz });
    }
    nowMs = second * 1000;
    const arrival = { arrivedMs: nowMs, arrivedMonotonicMs: nowMs, timestampMs: nowMs };
    const { powerKw } = simulation.state(0);
    pipeline.acceptReading({ ...arrival, deviceId: "WT01", channel: "power", unit: "kW", value: powerKw });
    const before = ownCpuSeconds();
    for (const block of blocks) {
      nowMs = block.timestampMs;
      const source = { deviceId: "mcu", channel: "a", unit: "g", sampleRateHz, scale };
      pipeline.accept({ ...source, ...block, arrivedMonotonicMs: nowMs });
    }
    await pipeline.idle();
    microseconds += 1e6 * (ownCpuSeconds() - before);
  }
  await pipeline.close();
  return { heard, microseconds };
}

function addAll(reporter: DriftReporter, heard: readonly Heard[], shiftMs: number): void {
  for (const { decision, scored } of heard) {
    const { features, levels, shaftRpm } = scored.window;
    const window = { toMs: decision.toMs + shiftMs, features, levels, shaftRpm, powerKw: scored.powerKw };
    reporter.add(decision.point, scored.bundle, { ...window, scores: scored.output.logits });
  }
}

/** Sketches what was heard again and again, as if it went on: CPU time a window. */
function timeSketching(heard: readonly Heard[]): number {
  const rounds = Math.max(1, Math.ceil(200_000 / heard.length));
  const reporter = createDriftReporter(intervalMs, (report) => void encodeRecord(report));
  addAll(reporter, heard, 0);
  const before = ownCpuSeconds();
  for (let round = 1; round <= rounds; round++) addAll(reporter, heard, round * seconds * 1000);
  reporter.flush();
  return (1e6 * (ownCpuSeconds() - before)) / (rounds * heard.length);
}

function timeAssessing(reports: readonly DriftReport[], reference: DriftReference): number {
  const task = createDriftTask(reference);
  let site = beginSiteReference();
  const spent: number[] = [];
  for (let day = 0; day < 40; day++) {
    let summary: DaySummary | null = null;
    // What was heard stands for the hours of a day, so that it has as many cells as one.
    for (let hour = 0; hour < 24; hour++) {
      for (const report of reports) {
        const fromMs = day * dayMs + hour * hourMs + (report.fromMs % 3_000_000);
        summary = addToDay(
          summary,
          { ...report, fromMs, toMs: fromMs + (report.toMs - report.fromMs) },
          dayMs,
        );
      }
    }
    const before = ownCpuSeconds();
    site = assessDay(task, site, summary!).reference;
    spent.push(1000 * (ownCpuSeconds() - before));
  }
  return spent.slice(20).reduce((sum, each) => sum + each, 0) / 20;
}
