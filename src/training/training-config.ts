/** `train.yaml`: everything that decides a bundle's bytes but the data and the code. Holds no path and no secret. */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { AuroraError } from "../contract/aurora-error.ts";
import { type FeatureSpec, featureSpecSchema } from "../contract/feature-spec.ts";
import {
  budgetsSchema,
  type ChannelContract,
  channelsSchema,
  type DeviceBudget,
  type Threshold,
  type WindowSpec,
  windowSchema,
} from "../contract/manifest.ts";
import { maxConfigBytes, parseYamlConfig } from "../platform/yaml-config.ts";

/** How one network is fitted; see `FitOptions` in `tensorflow.ts` for the meaning of each figure. */
export interface FitConfig {
  readonly steps: number;
  readonly batchRows: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly inputNoise: number;
}

/** From feature rows to an int8 student. Widths are neurons per hypothesis. */
export interface Recipe {
  /** Standardised features are clamped to ± this. */
  readonly clamp: number;
  /** An ensemble; 0 members = learn from the labels alone. */
  readonly teacher: { readonly members: number; readonly hidden: readonly number[]; readonly fit: FitConfig };
  readonly student: {
    readonly hidden: readonly number[];
    readonly fit: FitConfig;
    /** Widths at the end, reached in `rounds` steps with a fit after each; null = none. */
    readonly prune: {
      readonly to: readonly number[];
      readonly rounds: number;
      readonly fit: FitConfig;
    } | null;
  };
  readonly distillation: { readonly temperature: number; readonly softShare: number };
}

/** A failure mode, and the prefix of the names of the features that are its own. */
export interface Hypothesis {
  readonly failureMode: string;
  readonly title: string;
  readonly featurePrefix: string;
}

/** The whole file. */
export interface TrainingConfig {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly changelog: string;
  readonly runtime: string;
  readonly parent: string | null;
  readonly seed: number;
  readonly dataset: {
    readonly kind: "cwru";
    /** Bearings that are not trained on, and by which rule they were chosen, before any result was seen. */
    readonly heldOutGroups: readonly string[];
    readonly heldOutRule: string;
  };
  readonly channels: readonly ChannelContract[];
  readonly window: WindowSpec;
  /** Hop between training windows, in the window's unit; shorter than the window's own to see more of each recording. */
  readonly trainingHop: number;
  /** Noisy copies of the training windows: white noise of these shares of the signal's rms; may be empty. */
  readonly noiseLevels: readonly number[];
  readonly features: FeatureSpec;
  readonly hypotheses: readonly Hypothesis[];
  readonly recipe: Recipe;
  /** When alarms are raised and cleared, one rule for all failure modes. Fixed beforehand, not fitted. */
  readonly thresholds: Threshold;
  readonly backgroundRows: number;
  readonly goldenCases: number;
  /** Resampled days from which the drift thresholds are calibrated. */
  readonly driftReplicates: number;
  readonly budgets: readonly DeviceBudget[];
  /** What the model must not be trusted with, for the model card. */
  readonly limitations: readonly string[];
  /** Notes of the author for the model card: every look at test data, what did not work. */
  readonly notes: readonly string[];
}

const count = z.int().min(0).max(100_000);
const share = z.number().min(0).max(1);
const widths = z.array(z.int().min(1).max(512)).min(0).max(4);
const fit: z.ZodType<FitConfig> = z.strictObject({
  steps: count.min(1),
  batchRows: count,
  learningRate: z.number().positive().max(1),
  weightDecay: z.number().min(0).max(100),
  inputNoise: z.number().min(0).max(10),
});
const recipe: z.ZodType<Recipe> = z.strictObject({
  clamp: z.number().positive().max(100),
  teacher: z.strictObject({ members: z.int().min(0).max(50), hidden: widths, fit }),
  student: z.strictObject({
    hidden: widths,
    fit,
    prune: z.strictObject({ to: widths, rounds: z.int().min(1).max(50), fit }).nullable(),
  }),
  distillation: z.strictObject({ temperature: z.number().positive().max(50), softShare: share }),
});

/** Validator of {@link TrainingConfig}; unknown keys are refused. */
export const trainingConfigSchema: z.ZodType<TrainingConfig> = z
  .strictObject({
    name: z.string(),
    version: z.string(),
    title: z.string().max(4096),
    changelog: z.string().max(4096),
    runtime: z.string().max(128),
    parent: z.string().max(128).nullable(),
    seed: z.int(),
    dataset: z.strictObject({
      kind: z.literal("cwru"),
      heldOutGroups: z.array(z.string().max(128)).max(256),
      heldOutRule: z.string().max(4096),
    }),
    channels: channelsSchema,
    window: windowSchema,
    trainingHop: z.number().positive(),
    noiseLevels: z.array(z.number().positive().max(10)).max(8),
    features: featureSpecSchema,
    hypotheses: z
      .array(
        z.strictObject({
          failureMode: z.string().max(64),
          title: z.string().max(256),
          featurePrefix: z.string().min(1).max(64),
        }),
      )
      .min(1)
      .max(32),
    recipe,
    thresholds: z.strictObject({
      raise: share,
      onCount: count.min(1),
      onWindows: count.min(1),
      clear: share,
      offWindows: count.min(1),
    }),
    backgroundRows: z.int().min(1).max(256),
    goldenCases: z.int().min(1).max(4096),
    driftReplicates: z.int().min(100).max(1_000_000),
    budgets: budgetsSchema,
    limitations: z.array(z.string().max(4096)).max(64),
    notes: z.array(z.string().max(4096)).max(64),
  })
  .superRefine((config, context) => {
    const { student } = config.recipe;
    if (student.prune !== null && student.prune.to.length !== student.hidden.length) {
      context.addIssue({
        code: "custom",
        path: ["recipe", "student", "prune", "to"],
        message: `has ${student.prune.to.length} widths, expected ${student.hidden.length} as in hidden`,
      });
    }
  });

/** A configuration and the bytes that it came from (their digest goes into the lineage). */
export interface LoadedTrainingConfig {
  readonly config: TrainingConfig;
  readonly bytes: Uint8Array;
}

/** Reads `train.yaml`. Fails with CONFIG_INVALID, one line per wrong key with its place. */
export async function loadTrainingConfig(path: string): Promise<LoadedTrainingConfig> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new AuroraError("CONFIG_INVALID", `${path}: there is no such file`, {
      op: "read training configuration",
      subject: path,
      hint: "models/bearing-vibration/train.yaml is a complete example",
      cause,
    });
  }
  return { config: parseTrainingConfig(bytes, path), bytes };
}

/** Parses the bytes of a `train.yaml`; `subject` names it in complaints. Fails with CONFIG_INVALID. */
export function parseTrainingConfig(bytes: Uint8Array, subject: string): TrainingConfig {
  if (bytes.length > maxConfigBytes) {
    throw new AuroraError("CONFIG_INVALID", `${subject}: is larger than ${maxConfigBytes} bytes`, {
      op: "read training configuration",
      subject,
      hint: "a training configuration is a few kilobytes of YAML",
    });
  }
  const text = new TextDecoder().decode(bytes);
  return parseYamlConfig(text, { path: subject, schema: trainingConfigSchema, environment: {} });
}
