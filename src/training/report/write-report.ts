/** Writes `report.html` and `report.json` of a run. They hold a clock's figures, so they never go into a bundle. */
import { join } from "node:path";
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { createIntegerKernel } from "../../core/inference/integer-engine.ts";
import { encodeStudent } from "../../core/inference/onnx-codec.ts";
import { openEngine } from "../../core/inference/open-engine.ts";
import { makeFolder, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import type { GateCheck } from "../gate/gate-check.ts";
import type { Figure } from "../judge/figure.ts";
import { runDense } from "../learn/dense-network.ts";
import { renderReport, type StepLatency, type TimedStep, type TrainingReport } from "./render-report.ts";
import type { ReportParts, ReportStep } from "./report-parts.ts";

interface ReportSubject {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly summary: readonly string[];
  readonly metrics: Readonly<Record<string, Figure>>;
  readonly report: ReportParts;
  readonly checks: readonly GateCheck[];
  readonly limitations: readonly string[];
  readonly notes: readonly string[];
  readonly log: readonly string[];
}

/** Writes into `dir`, made if missing; gives the page's path. Fails with STORE. */
export async function writeReport(dir: string, subject: ReportSubject): Promise<string> {
  const report = await createReport(subject);
  await makeFolder(dir);
  await writeFileAtomic(join(dir, "report.json"), `${JSON.stringify(report, null, 1)}\n`);
  const page = join(dir, "report.html");
  await writeFileAtomic(page, renderReport(report));
  return page;
}

async function createReport(subject: ReportSubject): Promise<TrainingReport> {
  const { manifest, report } = subject;
  const { name, version, title, lineage } = manifest;
  const steps: TimedStep[] = [];
  for (const { timed, ...step } of report.steps) steps.push({ ...step, latency: await measureStep(timed) });
  return {
    formatVersion: 1,
    name,
    version,
    title,
    digest: subject.digest,
    summary: subject.summary,
    metrics: subject.metrics,
    stepColumns: report.stepColumns,
    steps,
    findings: report.findings,
    tables: report.tables,
    plots: report.plots,
    checks: subject.checks,
    lineage: {
      teacher: lineage.teacher,
      seed: `${lineage.seed}`,
      configuration: lineage.configSha256,
      "training code": lineage.trainingCodeSha256,
      ...Object.fromEntries(lineage.data.map(({ name, sha256 }) => [`data ${name}`, sha256])),
      ...lineage.libraries,
    },
    limitations: subject.limitations,
    notes: [...(report.looks ?? []), ...subject.notes],
    log: subject.log,
  };
}

/** Windows that are timed, after as many to warm up. */
const runs = 400;

/** Times one window through what a step names, on this machine: no clock reaches a bundle. */
async function measureStep(timed: ReportStep["timed"]): Promise<StepLatency> {
  if (timed === undefined) return { typescript: null, onnx: null };
  if (isQuantised(timed)) {
    const kernel = createIntegerKernel(timed);
    const row = new Float32Array(timed.layers[0]!.inputs);
    const out = new Uint8Array(kernel.outputs);
    const typescript = await time(() => kernel.runInto(row, 1, out));
    return { typescript, onnx: await timeOnnx(timed, row) };
  }
  const row = new Float32Array(timed[0]?.[0]?.inputs ?? 0);
  const typescript = await time(() => {
    for (const network of timed) runDense(network, row, 1);
  });
  return { typescript, onnx: null };
}

/** Null where ONNX Runtime does not serve this student exactly. */
async function timeOnnx(student: QuantisedMlp, row: Float32Array): Promise<number | null> {
  try {
    const { engine } = await openEngine(encodeStudent(student), { prefer: "onnx" });
    const micros = await time(() => engine.run(row, 1));
    await engine.close();
    return micros;
  } catch (error) {
    if (!hasErrorCode(error, "INFERENCE")) throw error;
    return null;
  }
}

function isQuantised(timed: NonNullable<ReportStep["timed"]>): timed is QuantisedMlp {
  return "layers" in timed;
}

async function time(run: () => unknown): Promise<number> {
  const micros: number[] = [];
  for (let each = 0; each < 2 * runs; each++) {
    const start = performance.now();
    await run();
    if (each >= runs) micros.push(1000 * (performance.now() - start));
  }
  return micros.sort((a, b) => a - b)[runs >> 1]!;
}
