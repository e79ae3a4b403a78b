/** `train.yaml` of a fine-tuned bearing diagnosis: a parent, a manifest of recordings, and what is inherited from the parent. */
import { z } from "zod";
import { fitConfigShape } from "../../learn/student-recipe.ts";
import type { TuningConfig } from "../../learn/tune-student.ts";
import { type CommonConfig, commonConfigShape } from "../common-config.ts";
import {
  type BearingConfig,
  type DiagnosisKeys,
  diagnosisShape,
  type InventedRigsConfig,
  type RecordingsDataset,
  recordingsShape,
} from "./bearing-config.ts";
import { type EmbeddedParent, embeddedParentSchema } from "./learn/parent-bundle.ts";

/** Rigs whose answers by the parent are kept, and rigs that calibrate and show what is forgotten; the parent's own, by its seed. */
interface RememberedRigs {
  readonly training: number;
  readonly heldOut: number;
  readonly seed: number;
}

/** What is learnt is the recordings' alone; everything else is the parent's, unless the file says otherwise. */
export interface TunedConfig extends CommonConfig, Pick<BearingConfig, DiagnosisKeys> {
  readonly dataset: RecordingsDataset;
  readonly from: EmbeddedParent;
  readonly tuning: TuningConfig;
  readonly inventedRigs: RememberedRigs;
  /** Write a bundle although its machines are too few for an honest figure; it says so wherever it is looked at. */
  readonly acceptLittleEvidence: boolean;
}

/**
 * How much is learnt and how much is kept, chosen on invented sets that nothing is reported on
 * (src/adr/0052-a-model-of-ones-own-goes-on-from-a-shipped-one.md).
 */
export const usualTuning: TuningConfig = {
  fit: { steps: 200, batchRows: 128, learningRate: 0.002, weightDecay: 0, inputNoise: 0.3 },
  parentWord: 0.3,
  rememberedWeight: 2,
};

/** Rigs beside a few machines: as many rows as those of some forty recordings a kind. */
export const usualRigs: Omit<RememberedRigs, "seed"> = { training: 60, heldOut: 40 };

/** Its rigs as a recipe from scratch has them; what they weigh is `tuning.rememberedWeight`'s to say. */
export function weighRigs({ inventedRigs }: Pick<TunedConfig, "inventedRigs">): InventedRigsConfig {
  return { ...inventedRigs, weight: 1 };
}

const tuningShape = {
  parentWord: z.number().min(0).max(1),
  rememberedWeight: z.number().min(0).max(100),
};

const rigsShape = {
  training: z.int().min(1).max(10_000),
  heldOut: z.int().min(2).max(10_000),
  seed: z.int(),
};

/** Keys beside `from`, `tuning` and `inventedRigs`, which a file may leave out and a whole configuration may not. */
const ownShape = {
  ...commonConfigShape,
  ...diagnosisShape,
  dataset: z.strictObject(recordingsShape),
  acceptLittleEvidence: z.boolean(),
};

/** Validator of {@link TunedConfig}, whose `from` is an opened parent; unknown keys are refused. */
export const tunedConfigSchema: z.ZodType<TunedConfig> = z.strictObject({
  ...ownShape,
  from: embeddedParentSchema,
  tuning: z.strictObject({ ...tuningShape, fit: z.strictObject(fitConfigShape) }),
  inventedRigs: z.strictObject(rigsShape),
});

/** A file as people write it: the parent's folder, the recordings, and whatever is to be other than the parent's. */
export interface TunedFile extends Readonly<Record<string, unknown>> {
  readonly from: string;
}

/** Validator of {@link TunedFile}: every key but `from` and `dataset` may be left out, and none that is unknown is taken. */
export const tunedFileSchema: z.ZodType<TunedFile> = z
  .strictObject({
    ...ownShape,
    tuning: z.strictObject({ ...tuningShape, fit: z.strictObject(fitConfigShape).partial() }).partial(),
    inventedRigs: z.strictObject(rigsShape).partial(),
  })
  .partial()
  .extend({ from: z.string().min(1).max(4096), dataset: ownShape.dataset });
