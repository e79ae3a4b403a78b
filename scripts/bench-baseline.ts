/**
 * What a healthy baseline that is learnt on site is worth, on simulated turbines: `npx tsx scripts/bench-baseline.ts`.
 * Every figure of `src/adr/0018-a-machine-is-its-own-reference.md` comes from here. Simulated, because no recording at
 * hand holds one machine first healthy and then faulty; the seeds are of two sets, one to choose on and one to report.
 * `--seeds tuning|report`, `--turbines N` (a kind and strength), `--json`.
 */
import { parseArgs } from "node:util";
import { readBundle } from "../src/core/bundle/verify-bundle.ts";
import type { BaselineSpec } from "../src/core/contract/bundle/baseline-spec.ts";
import { faultKinds } from "../src/core/contract/bundle/bearing-fault.ts";
import { bundleFileNames } from "../src/core/contract/bundle/manifest.ts";
import type { SiteBaseline } from "../src/core/contract/site-baseline.ts";
import { createBaselineLearner } from "../src/core/decision/baseline-learner.ts";
import { createDecider } from "../src/core/decision/decider.ts";
import { stepEvidence } from "../src/core/decision/evidence.ts";
import { computeSeverity } from "../src/core/decision/severity.ts";
import { bearingLevelSpec } from "../src/core/features/bearing-level-spec.ts";
import { createWaveformExtractor } from "../src/core/features/waveform-extractor.ts";
import { decodeStudent } from "../src/core/inference/onnx-codec.ts";
import { computeMedian } from "../src/core/maths/robust.ts";
import { findNewestVersion } from "../src/core/serving/served-models.ts";
import { type FaultPlan, planScenario } from "../src/core/simulate/scenario.ts";
import { createTurbineSimulation } from "../src/core/simulate/turbine-simulation.ts";
import { createRevolutionWindower } from "../src/core/window/revolution-windower.ts";
import { runStudent } from "../src/training/learn/train-student.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "report" },
    turbines: { type: "string", default: "4" },
    healthy: { type: "string", default: "12" },
    json: { type: "boolean", default: false },
  },
});
/** Strengths of the fault at its end, of what the simulator holds for a developed one. */
const strengths = [0.25, 0.35, 0.5, 0.7, 1];
const learnS = 400;
const grownS = 500;
const endS = 640;
const firstSeed = values.seeds === "tuning" ? 910_000 : 960_000;

const dir = await findNewestVersion("models", "bearing-vibration");
const { manifest, files } = await readBundle(dir);
const student = { scaler: manifest.scaler, quantised: decodeStudent(files.get(bundleFileNames.model)!) };
/** What the next bundle declares, for one that was made before baselines were. */
const declared: BaselineSpec = {
  levels: bearingLevelSpec,
  reference: bearingLevelSpec.list.map(() => null),
  minWindows: 64,
  evidence: { clip: 4, allowance: 0.75, raise: 30, clear: 7.5, minProbability: 0.5 },
};
const spec = manifest.baseline ?? declared;
const model = { name: manifest.name, version: manifest.version, digest: "bench" };
const point = { site: "s", turbine: "t", component: "c" };
const { outputs, calibration, thresholds } = manifest;
const subject = { spec, outputs, calibration, thresholds, model };

interface Scene {
  readonly toS: number[];
  readonly rpm: number[];
  readonly levels: Float32Array[];
  readonly logits: Float64Array[];
}

/** All windows of one simulated turbine. */
function observe(seed: number, fault: FaultPlan | "none", seconds: number): Scene {
  const simulation = createTurbineSimulation({ seed, turbines: 1, fault });
  const { sampleRateHz, scale, turbines } = simulation;
  const features = createWaveformExtractor(manifest.features);
  const meter = createWaveformExtractor(spec.levels);
  const columns = manifest.features.list.length;
  const rows: Float32Array[] = [];
  const scene: Scene = { toS: [], rpm: [], levels: [], logits: [] };
  const windower = createRevolutionWindower(manifest.window, {
    begin: (_slot, start) => {
      const context = { ...start, bearing: turbines[0]!.orders };
      features.begin(context);
      meter.begin(context);
    },
    push: (_slot, run) => {
      features.push(run);
      meter.push(run);
    },
    end: (_slot, { toMs, shaftRpm }) => {
      const row = new Float32Array(columns);
      const levels = new Float32Array(spec.levels.list.length);
      features.finish(row, 0);
      meter.finish(levels, 0);
      if (!row.every(Number.isFinite)) return;
      rows.push(row);
      scene.levels.push(levels);
      scene.rpm.push(shaftRpm);
      scene.toS.push(toMs / 1000);
    },
    abandon: () => {},
    refuse: () => {},
  });
  const block = 496;
  for (let first = 0; first < seconds * sampleRateHz; first += block) {
    const { counts, shaftRpm } = simulation.nextBlock(0, block);
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
  const joined = new Float32Array(rows.length * columns);
  for (const [index, row] of rows.entries()) joined.set(row, index * columns);
  const logits = runStudent(student, joined, rows.length);
  for (let row = 0; row < rows.length; row++) {
    scene.logits.push(Float64Array.from(logits.subarray(row * outputs.length, (row + 1) * outputs.length)));
  }
  return scene;
}

function predict(scene: Scene, index: number) {
  const toMs = scene.toS[index]! * 1000;
  return {
    point,
    windowId: `${index}`,
    fromMs: toMs - 1200,
    toMs,
    model,
    quantised: new Uint8Array(outputs.length),
    logits: scene.logits[index]!,
    operatingState: "full-performance" as const,
  };
}

/** The baseline after at least 128 windows, and the window with which it was ready; null: not before `untilS`. */
function learn(scene: Scene, untilS: number): { baseline: SiteBaseline; from: number } | null {
  const learner = createBaselineLearner(subject, { epoch: 0, minWindows: 128, minDurationMs: 0 });
  for (let index = 0; index < scene.toS.length && scene.toS[index]! <= untilS; index++) {
    learner.update(predict(scene, index), scene.levels[index]!, scene.rpm[index]!);
    if (learner.status.state === "ready") return { baseline: learner.current!, from: index + 1 };
  }
  return null;
}

function findAlarm(
  scene: Scene,
  { from, to }: { readonly from: number; readonly to: number },
  baseline: SiteBaseline | null,
): { mode: string; after: number } | null {
  const parts = { outputs, calibration, thresholds, evidence: spec.evidence, model };
  const decider = createDecider(point, parts, { maxGapMs: Number.POSITIVE_INFINITY });
  for (let index = from; index < to; index++) {
    decider.update(predict(scene, index), baseline);
    const first = decider.active[0];
    if (first !== undefined) return { mode: first.failureMode, after: index - from };
  }
  return null;
}

const report: Record<string, unknown> = { seeds: values.seeds };
const counts = { turbines: 0, ready: 0, rule: 0, both: 0, ruleWrong: 0, bothWrong: 0, falseBefore: 0 };
const delays: number[] = [];
const severities = new Map<string, number[]>();
let seed = firstSeed;
for (const kind of faultKinds) {
  for (const strength of strengths) {
    for (let turbine = 0; turbine < Number(values.turbines); turbine++, seed++) {
      const plan = planScenario(seed, { turbines: 1, kind });
      const fault = {
        ...plan,
        onsetS: learnS,
        growthS: grownS - learnS,
        finalSeverity: plan.finalSeverity * strength,
      };
      const scene = observe(seed, fault, endS);
      const learnt = learn(scene, learnS);
      counts.turbines++;
      if (learnt === null) continue;
      counts.ready++;
      const { baseline } = learnt;
      const onset = scene.toS.findIndex((toS) => toS > learnS);
      const grown = scene.toS.findIndex((toS) => toS > grownS);
      if (grown < 0) continue;
      if (findAlarm(scene, { from: learnt.from, to: onset }, baseline) !== null) counts.falseBefore++;
      const developed = { from: grown, to: scene.toS.length };
      const rule = findAlarm(scene, developed, null);
      const both = findAlarm(scene, developed, baseline);
      if (rule !== null) rule.mode === kind ? counts.rule++ : counts.ruleWrong++;
      if (both !== null) both.mode === kind ? counts.both++ : counts.bothWrong++;
      if (both?.mode === kind) delays.push(both.after);
      const severity = (from: number, to: number): number =>
        computeMedian(
          scene.levels
            .slice(from, to)
            .map((levels, at) =>
              computeSeverity({ levels, shaftRpm: scene.rpm[from + at]! }, spec, baseline),
            ),
        );
      const key = `${kind} ${strength}`;
      severities.set(key, [
        ...(severities.get(key) ?? []),
        severity(grown, scene.toS.length) - severity(learnt.from, onset),
      ]);
    }
  }
}
report.faults = { ...counts, medianWindowsToAlarm: computeMedian(delays) };
report.severityRiseDb = Object.fromEntries(
  [...severities].map(([key, rises]) => [key, computeMedian(rises)]),
);

const healthy = {
  turbines: 0,
  ready: 0,
  windows: 0,
  falseAlarms: 0,
  largestSum: 0,
  severityDb: [] as number[],
};
for (let turbine = 0; turbine < Number(values.healthy); turbine++) {
  const scene = observe(firstSeed + 20_000 + turbine, "none", 1800);
  const learnt = learn(scene, 900);
  healthy.turbines++;
  if (learnt === null) continue;
  healthy.ready++;
  healthy.windows += scene.toS.length - learnt.from;
  const afterwards = { from: learnt.from, to: scene.toS.length };
  if (findAlarm(scene, afterwards, learnt.baseline) !== null) healthy.falseAlarms++;
  let states: ReturnType<typeof stepEvidence> = [];
  for (let index = learnt.from; index < scene.toS.length; index++) {
    states = stepEvidence(
      states,
      { fromMs: 0, logits: scene.logits[index]! },
      { calibration, baseline: learnt.baseline, spec: spec.evidence! },
    );
    healthy.largestSum = Math.max(healthy.largestSum, ...states.map((state) => state.sum));
    healthy.severityDb.push(
      computeSeverity({ levels: scene.levels[index]!, shaftRpm: scene.rpm[index]! }, spec, learnt.baseline),
    );
  }
}
const { severityDb, ...rest } = healthy;
const sorted = [...severityDb].sort((a, b) => a - b);
const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
report.healthy = { ...rest, severityDb: { p05: quantile(0.05), median: quantile(0.5), p95: quantile(0.95) } };
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`);
else console.dir(report, { depth: 5 });
