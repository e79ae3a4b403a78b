/** `train.yaml` of a bearing diagnosis: recordings, noise, hypotheses, the student's recipe and the decision rule. */
import { z } from "zod";
import type { BaselineSpec } from "../../../core/contract/bundle/baseline-spec.ts";
import { featureSpecSchema } from "../../../core/contract/bundle/feature-spec.ts";
import type { Threshold } from "../../../core/contract/bundle/manifest.ts";
import { plainName } from "../../../core/contract/bundle/plain-name.ts";
import { bundledConfigName } from "../../bundle/bundled-files.ts";
import { computeBayesThreshold, type DecisionCosts } from "../../judge/bayes-threshold.ts";
import type { Figure } from "../../judge/figure.ts";
import { type StudentRecipe, studentRecipeSchema } from "../../learn/student-recipe.ts";
import { type CommonConfig, commonConfigShape } from "../common-config.ts";

/** What the protocol for reporting printed of this recipe, figures with four digits. */
export interface PublishedFigures {
  readonly splits: number;
  /** Physical bearings with a fault: the independent units, which the splits share. */
  readonly bearings: number;
  /** Mean over the splits of the macro AUROC, by the names of `judge/published-figures.ts`. */
  readonly figures: Readonly<
    Partial<Record<"int8" | "float" | "teacher" | "logistic" | "physics", Figure | undefined>>
  >;
  /** The int8 student less another, paired by bearings. */
  readonly gains: Readonly<Partial<Record<"overLogistic" | "overPhysics", Figure | undefined>>>;
}

/** A failure mode, and the prefix of the names of the features that are its own. */
export interface Hypothesis {
  readonly failureMode: string;
  readonly title: string;
  readonly featurePrefix: string;
}

/** How many rigs are invented (`learn/invented-rows.ts`). */
export interface InventedRigsConfig {
  /** Rigs to learn from, and rigs that only judge and calibrate. */
  readonly training: number;
  readonly heldOut: number;
  readonly seed: number;
  /** What all their rows weigh while learning, over what those of the recordings do. */
  readonly weight: number;
}

/** A protocol over splits that the manifest states. */
interface SplitProtocol {
  /** For reporting: held against `published`, and never chosen by. For choosing: what could be chosen is tried as well. */
  readonly purpose: "report" | "choose";
  /** Macro AUROC that int8 students must reach as a mean over the splits, and by how much they must beat the physics score. */
  readonly required?:
    | { readonly macroAuroc: number; readonly gainOverPhysics?: number | undefined }
    | undefined;
}

/** Where recordings are. */
export interface RecordingsDataset {
  readonly kind: "recordings";
  /** What the lineage calls the data set. */
  readonly name: string;
  /** The manifest of the recordings: a file beside the configuration, which travels in the bundle. */
  readonly manifest: string;
  /** Below the data folder, where the recordings lie; absent: that is the manifest's own folder. */
  readonly folder?: string | undefined;
}

export interface BearingConfig extends CommonConfig {
  readonly dataset: RecordingsDataset & {
    /** Machines that are not trained on, and by which rule they were chosen, before any result was seen. */
    readonly heldOutGroups: readonly string[];
    readonly heldOutRule: string;
  };
  /** Protocols by the names that `aurora evaluate --protocol` takes: the recipe trained anew on splits of the manifest. */
  readonly protocols: Readonly<Record<string, SplitProtocol>>;
  /** Hop between training windows, in the window's unit; shorter than the window's own to see more of each recording. */
  readonly trainingHop: number;
  /** Noisy copies of the training windows: white noise of these shares of the signal's rms; may be empty. */
  readonly noiseLevels: readonly number[];
  /** Rigs that are invented to learn from beside the recordings; absent: none. */
  readonly inventedRigs?: InventedRigsConfig | undefined;
  readonly hypotheses: readonly Hypothesis[];
  readonly recipe: StudentRecipe;
  /** Healthy baselines on site: levels and windows as in the manifest; the reference and healthy logits are measured. */
  readonly baseline?: Omit<BaselineSpec, "reference"> | undefined;
  /**
   * What outcomes cost, and how common faults are where the model is used: the probability to raise at follows from
   * them (`judge/bayes-threshold.ts`). The calibrated odds of the likeliest mode stand for the bearing's.
   */
  readonly costs: DecisionCosts;
  /** The rest of the rule, one for all failure modes. Fixed beforehand, not fitted. */
  readonly thresholds: Omit<Threshold, "raise">;
  /** Largest calibration error on bearings out of fold that the gate accepts. */
  readonly maxCalibrationError: number;
  /** For the card; the protocol fails where it prints otherwise. Absent: not run with this recipe. */
  readonly published?: PublishedFigures | undefined;
}

const share = z.number().min(0).max(1);
/** As many as a manifest takes. */
const windows = z.int().min(1).max(10_000);
const figure = z
  .strictObject({ value: z.number(), low: z.number().nullable(), high: z.number().nullable() })
  .optional();

/** Validators of {@link RecordingsDataset}'s keys. */
export const recordingsShape: {
  readonly [Key in keyof RecordingsDataset]-?: z.ZodType<RecordingsDataset[Key]>;
} = {
  kind: z.literal("recordings"),
  name: plainName.default("recordings"),
  manifest: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.(ya?ml|csv)$/, "the name of a .yaml or .csv beside this file")
    .refine(
      (name) => name !== bundledConfigName,
      `${bundledConfigName} is the configuration's own name in a bundle`,
    ),
  folder: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,127}$/, "the name of a folder in the data folder")
    .optional(),
};

/** Keys of a diagnosis, however its student is made. */
export type DiagnosisKeys =
  | "trainingHop"
  | "hypotheses"
  | "thresholds"
  | "baseline"
  | "costs"
  | "maxCalibrationError";

/** Validators of {@link DiagnosisKeys}: spread them into a recipe's own strict object. */
export const diagnosisShape: { readonly [Key in DiagnosisKeys]-?: z.ZodType<BearingConfig[Key]> } = {
  trainingHop: z.number().positive(),
  hypotheses: z
    .array(
      z.strictObject({
        failureMode: plainName,
        title: z.string().max(256),
        featurePrefix: z.string().min(1).max(64),
      }),
    )
    .min(1)
    .max(32),
  thresholds: z.strictObject({
    onCount: windows,
    onWindows: windows,
    clear: share,
    offWindows: windows,
  }),
  baseline: z
    .strictObject({
      levels: featureSpecSchema(),
      minWindows: z.int().min(16).max(256),
    })
    .optional(),
  costs: z
    .strictObject({
      missed: z.number().positive(),
      found: z.number().min(0),
      falseAlarm: z.number().positive(),
      faultPrior: z.number().gt(0).lt(1),
    })
    .refine(({ missed, found }) => found < missed, {
      path: ["found"],
      error: "a fault that is found must cost less than one that is missed: no alarm is worth it otherwise",
    }),
  maxCalibrationError: share,
};

/** Validator of {@link BearingConfig}; unknown keys are refused. */
export const bearingConfigSchema: z.ZodType<BearingConfig> = z.strictObject({
  ...commonConfigShape,
  dataset: z.strictObject({
    ...recordingsShape,
    heldOutGroups: z.array(z.string().max(128)).max(256),
    heldOutRule: z.string().max(4096),
  }),
  protocols: z
    .record(
      plainName,
      z.strictObject({
        purpose: z.enum(["report", "choose"]),
        required: z
          .strictObject({ macroAuroc: share, gainOverPhysics: z.number().min(-1).max(1).optional() })
          .optional(),
      }),
    )
    .default({}),
  noiseLevels: z.array(z.number().positive().max(10)).max(8),
  inventedRigs: z
    .strictObject({
      training: z.int().min(1).max(10_000),
      heldOut: z.int().min(2).max(10_000),
      seed: z.int(),
      weight: z.number().positive().max(100),
    })
    .optional(),
  recipe: studentRecipeSchema,
  ...diagnosisShape,
  published: z
    .strictObject({
      splits: z.int().min(1).max(1000),
      bearings: z.int().min(1).max(1000),
      figures: z.strictObject({
        int8: figure,
        float: figure,
        teacher: figure,
        logistic: figure,
        physics: figure,
      }),
      gains: z.strictObject({ overLogistic: figure, overPhysics: figure }),
    })
    .optional(),
});

/** The decision rule, with the probability that the costs ask for. */
export function decideThreshold(config: Pick<BearingConfig, "costs" | "thresholds">): Threshold {
  const raise = computeBayesThreshold(config.costs);
  return { ...config.thresholds, raise, clear: Math.min(config.thresholds.clear, raise) };
}
