/** Writes `report.html` and `report.json` of a run. They hold a clock's figures, so they never go into a bundle. */
import { join } from "node:path";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import { makeFolder, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import type { CommonConfig } from "../common-config.ts";
import type { GateCheck } from "../gate/gate-check.ts";
import type { TrainedModel } from "../recipe.ts";
import { measureStep } from "./measure-latency.ts";
import { renderReport, type TimedStep, type TrainingReport } from "./render-report.ts";

/** What is reported on. */
export interface ReportSubject {
  readonly config: CommonConfig;
  readonly manifest: Manifest;
  readonly digest: string;
  readonly model: TrainedModel;
  readonly checks: readonly GateCheck[];
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
  const { config, manifest, model } = subject;
  const parts = model.report;
  const steps: TimedStep[] = [];
  for (const step of parts?.steps ?? []) {
    const latency = await measureStep(step);
    const { timed: _timed, ...rest } = step;
    steps.push({ ...rest, latency });
  }
  const { lineage } = manifest;
  return {
    formatVersion: 1,
    name: config.name,
    version: config.version,
    title: config.title,
    digest: subject.digest,
    summary: model.summary,
    metrics: model.evaluation.metrics,
    stepColumns: parts?.stepColumns ?? [],
    steps,
    findings: parts?.findings ?? [],
    tables: parts?.tables ?? [],
    plots: parts?.plots ?? [],
    checks: subject.checks,
    lineage: {
      teacher: lineage.teacher,
      seed: `${lineage.seed}`,
      configuration: lineage.configSha256,
      "training code": lineage.trainingCodeSha256,
      ...Object.fromEntries(lineage.data.map(({ name, sha256 }) => [`data ${name}`, sha256])),
      ...lineage.libraries,
    },
    limitations: config.limitations,
    notes: [...(parts?.looks ?? []), ...config.notes],
    log: subject.log,
  };
}
