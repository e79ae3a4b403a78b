/** A bundle in memory from a training configuration, whatever the kind of data: writes nothing but the steps that its work folder keeps. */

import type { Bundle } from "../../core/bundle/bundle.ts";
import { canonicalJsonBytes } from "../../core/bundle/canonical-json.ts";
import type { Signer } from "../../core/bundle/dsse.ts";
import { type BundleContents, createBundle } from "../../core/bundle/write-bundle.ts";
import type { Lineage } from "../../core/contract/bundle/lineage.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { bundledConfigName, type CommonConfig } from "../common-config.ts";
import { openTensorTrainer } from "../learn/open-tensor-trainer.ts";
import type { TensorTrainer } from "../learn/tensor-trainer.ts";
import { createStepRunner, type StepProgress, type StepRunner } from "../pipeline/step-runner.ts";
import type { WorkFolder } from "../pipeline/work-folder.ts";
import type { TrainedModel } from "../recipe.ts";
import type { LoadedTrainingConfig } from "../training-config.ts";
import type { CardManifest } from "./card-parts.ts";
import { createMlBom } from "./ml-bom.ts";
import { digestTrainingCode } from "./training-code-digest.ts";

/** What a bundle is made with. */
export interface BundleMaking {
  /** Folder that holds the data sets. */
  readonly dataDir: string;
  /** Keeps finished steps. */
  readonly work: WorkFolder;
  readonly signer: Signer;
  readonly log: (message: string) => void;
  readonly progress: StepProgress;
  /** Stops before the next step. */
  readonly signal?: AbortSignal;
}

/** A bundle that is nowhere but in memory. */
export interface MadeBundle {
  readonly bundle: Bundle;
  readonly model: TrainedModel;
  /** For the steps that follow. */
  readonly steps: StepRunner;
}

/** Trains and signs. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT, TRAINING or STORE. */
export async function makeBundle(loaded: LoadedTrainingConfig, making: BundleMaking): Promise<MadeBundle> {
  const { recipe, bytes } = loaded;
  const { dataDir, work, signer, log, progress, signal } = making;
  const trainer = await openTensorTrainer(log);
  const trainingCodeSha256 = await digestTrainingCode(recipe.source);
  const steps = createStepRunner({
    work,
    code: `${trainingCodeSha256} ${trainer.packages.join("+")} ${trainer.version}`,
    log,
    progress,
    ...(signal === undefined ? {} : { signal }),
    monotonicMs: () => performance.now(),
  });
  const model = await recipe.train({ dataDir, steps, trainer, log });
  const lineage = describeLineage(loaded, model, trainer, trainingCodeSha256);
  const bundle = createBundle(assembleBundle(recipe.config, model, lineage, bytes), signer);
  return { bundle, model, steps };
}

function describeLineage(
  { recipe, bytes }: LoadedTrainingConfig,
  model: TrainedModel,
  trainer: TensorTrainer,
  trainingCodeSha256: string,
): Lineage {
  const { seed, parent } = recipe.config;
  return {
    trainingCodeSha256,
    configSha256: sha256Hex(bytes),
    seed,
    data: model.lineage.data,
    libraries: Object.fromEntries(trainer.packages.map((name) => [name, trainer.version])),
    parent,
    teacher: model.lineage.teacher,
  };
}

function assembleBundle(
  config: CommonConfig,
  model: TrainedModel,
  lineage: Lineage,
  configBytes: Uint8Array,
): BundleContents {
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
    limitations: config.limitations,
  });
  const files = new Map<string, Uint8Array>([
    ...Object.entries(model.files),
    [bundleFileNames.card, text.encode(model.renderCard(manifest))],
    [bundleFileNames.evaluation, canonicalJsonBytes(model.evaluation)],
    [bundleFileNames.bom, canonicalJsonBytes(bom)],
    [bundledConfigName, configBytes],
  ]);
  return { manifest, files };
}
