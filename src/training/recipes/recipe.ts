/**
 * The seam between the factory and what it makes: a recipe is everything that is particular to one kind of data set
 * (`dataset.kind` in `train.yaml`). `train.ts` knows no data set: it opens the recipe, lets it run its steps, and
 * writes, checks and reports what comes out.
 *
 * To add a kind: write `<kind>/<kind>-recipe.ts` exporting `defineRecipe({...})`, and name it in `training-config.ts`.
 * `bearing/bearing-recipe.ts` is the example.
 */
import type { z } from "zod";
import type { Bundle } from "../../core/bundle/bundle.ts";
import type { Lineage } from "../../core/contract/bundle/lineage.ts";
import type { Manifest } from "../../core/contract/bundle/manifest.ts";
import { parseYamlConfig } from "../../core/platform/daemon/yaml-config.ts";
import type { BomFigures, CardManifest } from "../bundle/model-documents.ts";
import type { Judgement } from "../gate/judgement.ts";
import type { Figure } from "../judge/figure.ts";
import type { TensorTrainer } from "../learn/tensor-trainer.ts";
import type { StepProgress, StepRunner } from "../pipeline/step-runner.ts";
import type { ReportParts } from "../report/report-parts.ts";
import type { CommonConfig } from "./common-config.ts";

/** What a recipe works with. */
export interface TrainingContext {
  /** Folder that holds the data sets. */
  readonly dataDir: string;
  /** Every piece of work that takes longer than a moment goes through it. */
  readonly steps: StepRunner;
  readonly trainer: TensorTrainer;
  /** Files beside the configuration that belong to it, by their names. */
  readonly attachments: ReadonlyMap<string, Uint8Array>;
  readonly log: (message: string) => void;
}

/** Keys of the manifest that the factory itself fills in; all others are the recipe's. */
type FactoryKeys =
  | "formatVersion"
  | "name"
  | "version"
  | "title"
  | "changelog"
  | "runtime"
  | "channels"
  | "window"
  | "features"
  | "budgets"
  | "lineage"
  | "files";

/** What a recipe hands over: the content of a bundle, without name, lineage of code, list of files and signature. */
export interface TrainedModel {
  /** Task, horizon, scaler, outputs, calibration, thresholds, groups, and the optional sections of the manifest. */
  readonly manifest: Omit<Manifest, FactoryKeys>;
  readonly lineage: Pick<Lineage, "data" | "teacher">;
  /** Files by name but card, evaluation, bill of materials and configuration, which are made here below. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** `evaluation.json`: plain JSON, every figure that the card speaks of, no time and no latency. */
  readonly evaluation: EvaluationDocument;
  /** `MODEL_CARD.md`, given the whole manifest without its files. */
  readonly renderCard: (manifest: CardManifest) => string;
  /** Figures and words of the bill of materials. */
  readonly bom: BomFigures;
  /** The outcome in a line or two, for a terminal. */
  readonly summary: readonly string[];
  /** Steps, findings, plots and tables of `report.html`. */
  readonly report: ReportParts;
}

/** What every `evaluation.json` has in common; recipes add their own members. */
export interface EvaluationDocument {
  readonly formatVersion: 1;
  readonly name: string;
  readonly version: string;
  /** Headline figures by name; the same names as `aurora evaluate --json` prints under `metrics`. */
  readonly metrics: Readonly<Record<string, Figure>>;
}

export interface EvaluationContext {
  readonly dataDir: string;
  readonly log: (message: string) => void;
  readonly progress: StepProgress;
}

/** The outcome of one protocol, for machines and for people. */
export interface ProtocolOutcome {
  /** `metrics` and whatever else belongs to it; printed beside `bundle` and `protocol`. */
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  /** Are the figures at least what the bundle claims or the protocol asks for? */
  readonly passed: boolean;
}

/** One kind of data set and what is made of it. */
interface Recipe<Config extends CommonConfig> {
  /** `dataset.kind`. */
  readonly kind: string;
  /** The recipe's own file from the repository's root: the digest of the code covers it and all that it imports. */
  readonly source: string;
  readonly schema: z.ZodType<Config>;
  /** Validator of a file as people write it, where that is another; default: {@link schema}. */
  readonly fileSchema?: z.ZodType;
  /** From data to everything that goes into a bundle. Fails with CONFIG_INVALID, DATA_MISSING, DATA_FORMAT or TRAINING. */
  train(config: Config, context: TrainingContext): Promise<TrainedModel>;
  /** Judges a bundle on its held-out data, for the gate. */
  judge(bundle: Bundle, config: Config, context: EvaluationContext): Promise<Judgement>;
  /** Does training take so little (about a minute) that the gate retrains unless it is told not to? Default: no. */
  readonly isQuick?: boolean;
  /** Names of files beside the configuration that belong to it and travel in the bundle; default: none. */
  attachments?(config: Config): readonly string[];
  /** Do the data lie in the configuration's own folder? Default: no, in the data folder. */
  liesBeside?(config: Config): boolean;
  /** Protocols that the configuration itself states. */
  ownProtocols?(config: Config): Readonly<Record<string, RecipeProtocol<Config>>>;
  /** By the names that `aurora evaluate --protocol` takes: this very model on held-out data, or its recipe trained anew. */
  readonly protocols: Readonly<Record<string, RecipeProtocol<Config>>>;
}

/** Judges a bundle on request. */
export type RecipeProtocol<Config> = (
  bundle: Bundle,
  config: Config,
  context: EvaluationContext,
) => Promise<ProtocolOutcome>;

/** A recipe whose kind of configuration is nobody else's business. */
export interface AnyRecipe {
  readonly kind: string;
  readonly protocols: readonly string[];
  /** Validator of a file as people write it. */
  readonly fileSchema: z.ZodType;
  /**
   * Binds the recipe to a configuration, to which `complete` adds what it leaves out. Fails with CONFIG_INVALID, one line per wrong key
   * with its place.
   */
  open(text: string, subject: string, complete?: (value: unknown) => unknown): OpenRecipe;
}

/** A recipe with its configuration. */
export interface OpenRecipe {
  readonly config: CommonConfig;
  readonly source: string;
  readonly protocols: readonly string[];
  readonly isQuick: boolean;
  /** Names of files beside the configuration that belong to it and travel in the bundle. */
  readonly attachments: readonly string[];
  /** The data lie in the configuration's own folder, unless `--data` names another. */
  readonly liesBeside: boolean;
  train(context: TrainingContext): Promise<TrainedModel>;
  judge(bundle: Bundle, context: EvaluationContext): Promise<Judgement>;
  runProtocol(protocol: string, bundle: Bundle, context: EvaluationContext): Promise<ProtocolOutcome>;
}

/** A recipe with its configuration, and the bytes that it came from (their digest goes into the lineage). */
export interface LoadedTrainingConfig {
  readonly recipe: OpenRecipe;
  readonly bytes: Uint8Array;
  /** What the recipe asks for beside it, by name. */
  readonly attachments: ReadonlyMap<string, Uint8Array>;
}

/** Seals a recipe's configuration type in, so that recipes of all kinds stand in one table. */
export function defineRecipe<Config extends CommonConfig>(recipe: Recipe<Config>): AnyRecipe {
  const { kind, source } = recipe;
  return {
    kind,
    protocols: Object.keys(recipe.protocols),
    fileSchema: recipe.fileSchema ?? recipe.schema,
    open: (text, subject, complete) => {
      const added = complete === undefined ? {} : { complete };
      const { schema } = recipe;
      const config = parseYamlConfig(text, { path: subject, schema, environment: {}, ...added });
      const all: Recipe<Config>["protocols"] = { ...recipe.protocols, ...recipe.ownProtocols?.(config) };
      return {
        config,
        source,
        protocols: Object.keys(all),
        attachments: recipe.attachments?.(config) ?? [],
        liesBeside: recipe.liesBeside?.(config) ?? false,
        isQuick: recipe.isQuick ?? false,
        judge: (bundle, context) => recipe.judge(bundle, config, context),
        train: (context) => recipe.train(config, context),
        runProtocol: (protocol, bundle, context) => all[protocol]!(bundle, config, context),
      };
    },
  };
}
