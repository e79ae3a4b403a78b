/**
 * How a student of a regression is made from rows: teacher, student, pruning, distillation, fine-tuning. Plain figures of a
 * configuration.
 */
import { z } from "zod";
import type { WeightRounding } from "./quantise-network.ts";
import { type FitConfig, fitConfigSchema, similarityWeightSchema } from "./student-recipe.ts";

/** From feature rows to an int8 student. Widths are neurons. */
export interface RegressionRecipe {
  /** Standardised features are clamped to ± this. */
  readonly clamp: number;
  /** Huber's delta, in units of the targets. */
  readonly huberDelta: number;
  /** An ensemble. */
  readonly teacher: { readonly members: number; readonly hidden: readonly number[]; readonly fit: FitConfig };
  readonly student: {
    readonly hidden: readonly number[];
    readonly fit: FitConfig;
    /** Widths at the end, reached in `rounds` steps with a fit after each. */
    readonly prune: { readonly to: readonly number[]; readonly rounds: number; readonly fit: FitConfig };
  };
  /** Share of the teacher's word in the student's targets, 0 to 1. */
  readonly softShare: number;
  /** Weight of feature matching (`similarity-loss.ts`) in every fit of the taught student. Absent: none. */
  readonly similarityWeight?: number | undefined;
  /** Quantisation-aware fine-tuning after pruning, on the same targets. Absent: none. */
  readonly finetune?: FitConfig | undefined;
  /** How weights become integers. Absent: each to the nearest. */
  readonly rounding?: WeightRounding | undefined;
}

const widths = z.array(z.int().min(1).max(512)).min(1).max(4);

const student: z.ZodType<RegressionRecipe["student"]> = z
  .strictObject({
    hidden: widths,
    fit: fitConfigSchema,
    prune: z.strictObject({ to: widths, rounds: z.int().min(1).max(50), fit: fitConfigSchema }),
  })
  .superRefine(({ hidden, prune }, context) => {
    if (prune.to.length === hidden.length) return;
    context.addIssue({
      code: "custom",
      path: ["prune", "to"],
      message: `has ${prune.to.length} widths, expected ${hidden.length} as in hidden`,
    });
  });

/** Validators of {@link RegressionRecipe}'s keys: spread them into a recipe's own strict object. */
export const regressionRecipeShape: {
  readonly [Key in keyof RegressionRecipe]-?: z.ZodType<RegressionRecipe[Key]>;
} = {
  clamp: z.number().positive().max(100),
  huberDelta: z.number().positive().max(100),
  teacher: z.strictObject({ members: z.int().min(1).max(50), hidden: widths, fit: fitConfigSchema }),
  student,
  softShare: z.number().min(0).max(1),
  similarityWeight: similarityWeightSchema.optional(),
  finetune: fitConfigSchema.optional(),
  rounding: z.enum(["nearest", "compensated"]).optional(),
};
