/**
 * How students are made from rows, those of a diagnosis and those of a regression: teacher, student, pruning, distillation.
 * Plain figures of a configuration.
 */
import { z } from "zod";

/** How one network is fitted. */
export interface FitConfig {
  /** Gradient steps. */
  readonly steps: number;
  /** Rows of a step, drawn without replacement; 0 = all. */
  readonly batchRows: number;
  /** Adam's step size at the start; it falls to a tenth along a half cosine. */
  readonly learningRate: number;
  /** Decoupled weight decay (AdamW), per step and unit of learning rate. */
  readonly weightDecay: number;
  /** Standard deviation of the noise that is added to standardised inputs. */
  readonly inputNoise: number;
}

/** How weights become integers: each to the nearest, or each making up for those before it (`compensated-rounding.ts`). */
export type WeightRounding = "nearest" | "compensated";

/** Networks that teach. */
interface EnsembleConfig {
  readonly members: number;
  readonly hidden: readonly number[];
  readonly fit: FitConfig;
}

/** How a wide student loses neurons. */
interface PruningConfig {
  /** Widths at the end, reached in `rounds` steps with a fit after each. */
  readonly to: readonly number[];
  readonly rounds: number;
  readonly fit: FitConfig;
}

/** From labelled rows to an int8 student. Widths are neurons per hypothesis. */
export interface StudentRecipe {
  /** Standardised features are clamped to ± this. */
  readonly clamp: number;
  /** 0 members = learn from the labels alone. */
  readonly teacher: EnsembleConfig;
  readonly student: {
    readonly hidden: readonly number[];
    readonly fit: FitConfig;
    /** Null = it keeps all. */
    readonly prune: PruningConfig | null;
  };
  readonly distillation: { readonly temperature: number; readonly softShare: number };
}

/** Of hidden layers. */
const widths = z.array(z.int().min(1).max(512)).max(4);

/** Validators of {@link FitConfig}'s keys. */
export const fitConfigShape: { readonly [Key in keyof FitConfig]: z.ZodType<FitConfig[Key]> } = {
  steps: z.int().min(1).max(100_000),
  batchRows: z.int().min(0).max(100_000),
  learningRate: z.number().positive().max(1),
  weightDecay: z.number().min(0).max(100),
  inputNoise: z.number().min(0).max(10),
};

const fitConfigSchema: z.ZodType<FitConfig> = z.strictObject(fitConfigShape);

export const studentRecipeSchema: z.ZodType<StudentRecipe> = z
  .strictObject({
    clamp: z.number().positive().max(100),
    teacher: z.strictObject({
      members: z.int().min(0).max(50),
      hidden: widths,
      fit: fitConfigSchema,
    }),
    student: z.strictObject({
      hidden: widths,
      fit: fitConfigSchema,
      prune: z.strictObject({ to: widths, rounds: z.int().min(1).max(50), fit: fitConfigSchema }).nullable(),
    }),
    distillation: z.strictObject({
      temperature: z.number().positive().max(50),
      softShare: z.number().min(0).max(1),
    }),
  })
  .superRefine(({ student }, context) => {
    if (student.prune !== null && student.prune.to.length !== student.hidden.length) {
      context.addIssue({
        code: "custom",
        path: ["student", "prune", "to"],
        message: `has ${student.prune.to.length} widths, expected ${student.hidden.length} as in hidden`,
      });
    }
    refuseGrowth(student, ["student", "prune", "to"], context);
  });

/** Of widths that pruning would have to add neurons for. */
function refuseGrowth(
  { hidden, prune }: Pick<StudentRecipe["student"], "hidden" | "prune">,
  path: readonly string[],
  context: z.RefinementCtx,
): void {
  for (const [index, width] of (prune?.to ?? []).entries()) {
    const before = hidden[index];
    if (before === undefined || width <= before) continue;
    const message = `is wider than the layer of ${before} neurons that is pruned`;
    context.addIssue({
      code: "custom",
      path: [...path, index],
      message,
      params: { write: `write ${before} or less` },
    });
  }
}

/** From the rows of a regression to an int8 student. Widths are neurons. */
export interface RegressionRecipe {
  /** Standardised features are clamped to ± this. */
  readonly clamp: number;
  /** Huber's delta, in units of the targets. */
  readonly huberDelta: number;
  readonly teacher: EnsembleConfig;
  readonly student: {
    readonly hidden: readonly number[];
    readonly fit: FitConfig;
    readonly prune: PruningConfig;
  };
  /** Share of the teacher's word in the student's targets, 0 to 1. */
  readonly softShare: number;
  /** Absent: `nearest`. */
  readonly rounding?: WeightRounding | undefined;
}

/** Of a regression's, which has one at least. */
const someWidths = widths.min(1);

const regressionStudentSchema: z.ZodType<RegressionRecipe["student"]> = z
  .strictObject({
    hidden: someWidths,
    fit: fitConfigSchema,
    prune: z.strictObject({ to: someWidths, rounds: z.int().min(1).max(50), fit: fitConfigSchema }),
  })
  .superRefine(({ hidden, prune }, context) => {
    refuseGrowth({ hidden, prune }, ["prune", "to"], context);
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
  teacher: z.strictObject({ members: z.int().min(1).max(50), hidden: someWidths, fit: fitConfigSchema }),
  student: regressionStudentSchema,
  softShare: z.number().min(0).max(1),
  rounding: z.enum(["nearest", "compensated"]).optional(),
};
