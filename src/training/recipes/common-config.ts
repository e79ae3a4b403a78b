/** What every `train.yaml` says, whatever the kind of its data set: the name, the data contract, the features, the limits. */
import { z } from "zod";
import { type FeatureSpec, featureSpecSchema } from "../../core/contract/bundle/feature-spec.ts";
import {
  budgetsSchema,
  type ChannelContract,
  channelsSchema,
  type DeviceBudget,
  semverPattern,
  type WindowSpec,
  windowSchema,
} from "../../core/contract/bundle/manifest.ts";
import { plainName } from "../../core/contract/bundle/plain-name.ts";

/** The part of a configuration that `train.ts` itself reads; each recipe adds its own keys. */
export interface CommonConfig {
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly changelog: string;
  readonly runtime: string;
  readonly parent: string | null;
  readonly seed: number;
  /** `kind` chooses the recipe (see `training-config.ts`); the other keys of the data set are the recipe's. */
  readonly dataset: { readonly kind: string };
  readonly channels: readonly ChannelContract[];
  readonly window: WindowSpec;
  readonly features: FeatureSpec;
  /** Most rows of the background of explanations. */
  readonly backgroundRows: number;
  /** Random golden vectors. */
  readonly goldenCases: number;
  /** Resampled days from which the drift thresholds are calibrated. */
  readonly driftReplicates: number;
  readonly budgets: readonly DeviceBudget[];
  /** What the model must not be trusted with, for the model card. */
  readonly limitations: readonly string[];
  /** Notes of the author for the model card: every look at test data, what did not work. */
  readonly notes: readonly string[];
}

/** Validators of {@link CommonConfig}'s keys, but `dataset`: spread them into the recipe's own strict object. */
export const commonConfigShape: {
  readonly [Key in Exclude<keyof CommonConfig, "dataset">]: z.ZodType<CommonConfig[Key]>;
} = {
  name: plainName,
  version: z.string().regex(semverPattern, "a semantic version"),
  title: z.string().max(4096),
  changelog: z.string().max(4096),
  runtime: z.string().max(128),
  parent: z.string().max(128).nullable(),
  seed: z.int(),
  channels: channelsSchema(),
  window: windowSchema(),
  features: featureSpecSchema(),
  backgroundRows: z.int().min(1).max(256),
  goldenCases: z.int().min(1).max(4096),
  driftReplicates: z.int().min(100).max(1_000_000),
  budgets: budgetsSchema(),
  limitations: z.array(z.string().max(4096)).max(64),
  notes: z.array(z.string().max(4096)).max(64),
};
