/**
 * From `train.yaml` to a signed bundle, end to end, whatever the kind of data. The same configuration, data, code and
 * seed give the same bytes, whether the run went through or was killed and taken up again.
 */
import { dirname, join } from "node:path";
import type { Signer } from "../core/bundle/dsse.ts";
import { checkBundleFolder, writeBundleFolder } from "../core/bundle/write-bundle.ts";
import { AuroraError } from "../core/contract/aurora-error.ts";
import type { Manifest } from "../core/contract/bundle/manifest.ts";
import { makeBundle } from "./bundle/make-bundle.ts";
import type { CommonConfig } from "./common-config.ts";
import type { GateCheck } from "./gate/gate-check.ts";
import { runGate } from "./gate/run-gate.ts";
import type { StepProgress } from "./pipeline/step-runner.ts";
import { noWorkFolder, openWorkFolder } from "./pipeline/work-folder.ts";
import type { EvaluationDocument } from "./recipe.ts";
import { writeReport } from "./report/write-report.ts";
import { loadTrainingConfig } from "./training-config.ts";

/** Where the inputs are and where the bundle goes. */
export interface TrainingOptions {
  /** Folder that holds the data sets. */
  readonly dataDir: string;
  /** The bundle's folder; `defaultBundleDir` names the usual one. */
  readonly outDir: string;
  /** Where finished steps are kept for a run that is taken up again; null = nowhere. */
  readonly workDir: string | null;
  readonly signer: Signer;
  readonly log: (message: string) => void;
  readonly progress: StepProgress;
  /** `refuse`: nothing is written when the gate says no; `off`: it is not asked. */
  readonly gate: "refuse" | "off";
  /** Where `report.html` and `report.json` go; null = nowhere. */
  readonly reportDir: string | null;
  /** Stops before the next step. */
  readonly signal?: AbortSignal;
}

/** What came out. */
export interface TrainingResult {
  readonly dir: string;
  /** Digest of the manifest. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly evaluation: EvaluationDocument;
  /** In a line or two. */
  readonly summary: readonly string[];
}

/** Trains and writes the bundle. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT, TRAINING or STORE. */
export async function train(configPath: string, options: TrainingOptions): Promise<TrainingResult> {
  const loaded = await loadTrainingConfig(configPath);
  const { recipe } = loaded;
  const { config } = recipe;
  const { dataDir, signer, progress, signal } = options;
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
    options.log(line);
  };
  await checkBundleFolder(options.outDir);
  const work = options.workDir === null ? noWorkFolder : await openWorkFolder(options.workDir);
  const { bundle, model, steps } = await makeBundle(loaded, {
    dataDir,
    work,
    signer,
    log,
    progress,
    ...(signal === undefined ? {} : { signal }),
  });
  const checks: GateCheck[] = [];
  if (options.gate === "refuse") {
    const gate = await steps.look("gate", async () => {
      const notNow = "it was trained this moment";
      const subject = { bundle, recipe, against: null, rebuild: { notNow } };
      return await runGate(subject, { dataDir, log, progress });
    });
    checks.push(...gate.value.checks);
    for (const { name, outcome, words } of checks) log(`gate: ${name} ${outcome}: ${words}`);
  }
  if (options.reportDir !== null) {
    const subject = { config, manifest: bundle.manifest, digest: bundle.digest, model, checks, log: lines };
    log(`report: ${await writeReport(options.reportDir, subject)}`);
  }
  refuseUnlessPassed(checks, `${config.name}@${config.version}`);
  const written = await steps.look("bundle", async () => {
    await writeBundleFolder(options.outDir, bundle);
    return { digest: bundle.digest };
  });
  await work.prune();
  const { digest } = written.value;
  log(`${config.name}@${config.version} ${digest} in ${options.outDir}`);
  const { manifest } = bundle;
  const { evaluation, summary } = model;
  return { dir: options.outDir, digest, manifest, evaluation, summary };
}

function refuseUnlessPassed(checks: readonly GateCheck[], subject: string): void {
  const failed = checks.filter(({ outcome }) => outcome === "failed");
  if (failed.length === 0) return;
  const words = failed.map((check) => `${check.name}: ${check.words}`).join("; ");
  throw new AuroraError("TRAINING", `the gate refuses the model: ${words}`, {
    op: "train",
    subject,
    hint: "mend what it names, or write the bundle all the same with --ungated; it will fail `aurora evaluate` too",
  });
}

/** The folder of the shipped bundle: `<folder of the configuration>/<version>`. */
export function defaultBundleDir(configPath: string, config: CommonConfig): string {
  return join(dirname(configPath), config.version);
}
