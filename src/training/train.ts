/**
 * From `train.yaml` to a signed bundle, end to end, whatever the kind of data. The same configuration, data, code and
 * seed give the same bytes, whether the run went through or was killed and taken up again.
 */
import { dirname, join } from "node:path";
import type { Bundle } from "../core/bundle/bundle.ts";
import { canonicalJsonBytes } from "../core/bundle/canonical-json.ts";
import type { Signer } from "../core/bundle/dsse.ts";
import { checkBundleFolder, createBundle, writeBundleFolder } from "../core/bundle/write-bundle.ts";
import { AuroraError } from "../core/contract/aurora-error.ts";
import { type Lineage, ungatedWords } from "../core/contract/bundle/lineage.ts";
import { bundleFileNames, type Manifest } from "../core/contract/bundle/manifest.ts";
import { sha256Hex } from "../core/platform/files/sha256.ts";
import { bundledConfigName } from "./bundle/bundled-files.ts";
import { type CardManifest, createMlBom } from "./bundle/model-documents.ts";
import { digestTrainingCode } from "./bundle/training-code-digest.ts";
import { type GateCheck, skip } from "./gate/gate-check.ts";
import { runGate } from "./gate/run-gate.ts";
import { openTensorTrainer } from "./learn/open-trainer.ts";
import { createStepRunner, type StepProgress, type StepRunner } from "./pipeline/step-runner.ts";
import { noWorkFolder, openWorkFolder, type WorkFolder } from "./pipeline/work-folder.ts";
import type { CommonConfig } from "./recipes/common-config.ts";
import type { EvaluationDocument, LoadedTrainingConfig, TrainedModel } from "./recipes/recipe.ts";
import { writeReport } from "./report/write-report.ts";

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
  /** Is the gate asked? Then nothing is written when it says no; else the bundle says that nobody asked it. */
  readonly gated: boolean;
  /** Where `report.html` and `report.json` go; null = nowhere. */
  readonly reportDir: string | null;
  /** Stops before the next step. */
  readonly signal?: AbortSignal | undefined;
}

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
export async function train(loaded: LoadedTrainingConfig, options: TrainingOptions): Promise<TrainingResult> {
  const { recipe } = loaded;
  const { config } = recipe;
  const { outDir, reportDir, workDir } = options;
  const lines: string[] = [];
  const log = (line: string): void => {
    lines.push(line);
    options.log(line);
  };
  await checkBundleFolder(outDir);
  const work = workDir === null ? noWorkFolder : await openWorkFolder(workDir);
  const { bundle, model, steps } = await makeBundle(loaded, { ...options, log, work });
  const { manifest, digest } = bundle;
  const { evaluation } = model;
  const summary = options.gated ? model.summary : [`UNGATED: ${ungatedWords}`, ...model.summary];
  const checks: GateCheck[] = [];
  if (options.gated) {
    const gate = await steps.look("gate", async () => {
      const judgement = await recipe.judge(bundle, { ...options, log });
      const rebuild = skip("reproducible-rebuild", "it was trained this moment");
      return await runGate({ bundle, judgement }, null, rebuild);
    });
    checks.push(...gate.value.checks);
    for (const { name, outcome, words } of checks) log(`gate: ${name} ${outcome}: ${words}`);
  }
  if (reportDir !== null) {
    const { metrics } = evaluation;
    const { limitations, notes } = config;
    const { report } = model;
    const subject = { manifest, digest, summary, metrics, report, checks, limitations, notes, log: lines };
    log(`report: ${await writeReport(reportDir, subject)}`);
  }
  refuseUnlessPassed(checks, `${config.name}@${config.version}`);
  await steps.look("bundle", async () => {
    await writeBundleFolder(outDir, bundle);
    return { digest };
  });
  await work.prune();
  log(`${config.name}@${config.version} ${digest} in ${outDir}`);
  return { dir: outDir, digest, manifest, evaluation, summary };
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

/** What a bundle is made with. */
type BundleMaking = Pick<TrainingOptions, "dataDir" | "signer" | "log" | "progress" | "signal" | "gated"> & {
  /** Keeps finished steps. */
  readonly work: WorkFolder;
};

/**
 * Trains and signs a bundle that is nowhere but in memory; `steps` are for what follows. Fails with CONFIG_INVALID,
 * DATA_MISSING, DATA_FORMAT, TRAINING or STORE.
 */
export async function makeBundle(
  { recipe, bytes, attachments }: LoadedTrainingConfig,
  { dataDir, work, signer, log, progress, signal, gated }: BundleMaking,
): Promise<{ readonly bundle: Bundle; readonly model: TrainedModel; readonly steps: StepRunner }> {
  const trainer = await openTensorTrainer(log);
  const trainingCodeSha256 = await digestTrainingCode(recipe.source);
  const steps = createStepRunner({
    work,
    code: `${trainingCodeSha256} ${trainer.packages.join("+")} ${trainer.version}`,
    log,
    progress,
    signal,
    monotonicMs: () => performance.now(),
  });
  const model = await recipe.train({ dataDir, steps, trainer, attachments, log });
  const { seed, parent } = recipe.config;
  const lineage: Lineage = {
    trainingCodeSha256,
    configSha256: sha256Hex(bytes),
    seed,
    data: model.lineage.data,
    libraries: Object.fromEntries(trainer.packages.map((name) => [name, trainer.version])),
    parent,
    teacher: model.lineage.teacher,
    ...(gated ? {} : { ungated: true }),
  };
  const { manifest, files } = assembleBundle(recipe.config, model, lineage);
  files.set(bundledConfigName, bytes);
  for (const [name, content] of attachments) files.set(name, content);
  return { bundle: createBundle({ manifest, files }, signer), model, steps };
}

/** All but the configuration, which travels byte for byte. */
function assembleBundle(
  config: CommonConfig,
  model: TrainedModel,
  lineage: Lineage,
): { readonly manifest: CardManifest; readonly files: Map<string, Uint8Array> } {
  const { name, version, title, changelog, runtime, channels, window, features, budgets } = config;
  const common = { name, version, title, changelog, runtime, channels, window, features, budgets };
  const manifest: CardManifest = { formatVersion: 1, ...common, ...model.manifest, lineage };
  const text = new TextEncoder();
  const bom = createMlBom({
    name,
    version,
    title,
    lineage,
    ...model.bom,
    modelSha256: sha256Hex(model.files[bundleFileNames.model]!),
    useCases: [title],
    limitations: [...(lineage.ungated === true ? [`It was ${ungatedWords}.`] : []), ...config.limitations],
  });
  const files = new Map<string, Uint8Array>([
    ...Object.entries(model.files),
    [bundleFileNames.card, text.encode(model.renderCard(manifest))],
    [bundleFileNames.evaluation, canonicalJsonBytes(model.evaluation)],
    [bundleFileNames.bom, canonicalJsonBytes(bom)],
  ]);
  return { manifest, files };
}
