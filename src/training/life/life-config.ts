/** `train.yaml` of a remaining life: which engines, which cuts of their lives, the student's recipe and the interval. */
import { z } from "zod";
import { type CommonConfig, commonConfigShape } from "../common-config.ts";
import { type FitConfig, fitConfigSchema } from "../student-recipe.ts";

/** From feature rows to an int8 student. Errors are in shares of the cap. */
export interface LifeStudentRecipe {
  /** Standardised features are clamped to ± this. */
  readonly clamp: number;
  /** Huber's delta. */
  readonly huberDelta: number;
  /** An ensemble. */
  readonly teacher: { readonly members: number; readonly hidden: readonly number[]; readonly fit: FitConfig };
  readonly student: {
    readonly hidden: readonly number[];
    readonly fit: FitConfig;
    /** Widths at the end, reached in `rounds` steps with a fit after each. */
    readonly prune: { readonly to: readonly number[]; readonly rounds: number; readonly fit: FitConfig };
  };
  /** Share of the teacher's word in the student's targets. */
  readonly softShare: number;
}

/** The whole file. */
export interface LifeConfig extends CommonConfig {
  readonly dataset: {
    readonly kind: "cmapss";
    readonly subset: "FD001" | "FD003";
  };
  /** Remaining life is capped here, for learning and judging alike, in cycles. */
  readonly capCycles: number;
  /** Cycles of history before which nothing is predicted. */
  readonly minHistory: number;
  /** Lives are taken to be cut off with at most this many cycles left. */
  readonly maxRemaining: number;
  /** Channels that take fewer values than this on the training engines are dropped. */
  readonly minDistinctValues: number;
  readonly recipe: LifeStudentRecipe;
  /** Parts that the training engines are divided into for out-of-fold predictions. */
  readonly folds: number;
  readonly interval: { readonly coverage: number; readonly knots: number; readonly bandwidth: number };
  /** Resamples of engines behind the intervals of figures. */
  readonly replicates: number;
  /** What the figures must reach on the test engines for an evaluation to pass. */
  readonly requirements: {
    readonly maxRmse: number;
    readonly maxCoverageError: number;
    readonly maxModelBytes: number;
  };
}

const widths = z.array(z.int().min(1).max(512)).min(1).max(4);
const steps = z.int().min(1).max(100_000);

const recipe: z.ZodType<LifeStudentRecipe> = z
  .strictObject({
    clamp: z.number().positive().max(100),
    huberDelta: z.number().positive().max(100),
    teacher: z.strictObject({ members: z.int().min(1).max(50), hidden: widths, fit: fitConfigSchema }),
    student: z.strictObject({
      hidden: widths,
      fit: fitConfigSchema,
      prune: z.strictObject({ to: widths, rounds: z.int().min(1).max(50), fit: fitConfigSchema }),
    }),
    softShare: z.number().min(0).max(1),
  })
  .superRefine(({ student }, context) => {
    if (student.prune.to.length !== student.hidden.length) {
      context.addIssue({
        code: "custom",
        path: ["student", "prune", "to"],
        message: `has ${student.prune.to.length} widths, expected ${student.hidden.length} as in hidden`,
      });
    }
  });

/** Validator of {@link LifeConfig}; unknown keys are refused. */
export const lifeConfigSchema: z.ZodType<LifeConfig> = z.strictObject({
  ...commonConfigShape,
  dataset: z.strictObject({ kind: z.literal("cmapss"), subset: z.enum(["FD001", "FD003"]) }),
  capCycles: z.number().positive().max(1e6),
  minHistory: steps,
  maxRemaining: z.number().positive().max(1e6),
  minDistinctValues: steps.min(2),
  recipe,
  folds: z.int().min(2).max(100),
  interval: z.strictObject({
    coverage: z.number().min(0.5).max(0.99),
    knots: z.int().min(2).max(64),
    bandwidth: z.number().positive().max(1e6),
  }),
  replicates: z.int().min(100).max(100_000),
  requirements: z.strictObject({
    maxRmse: z.number().positive(),
    maxCoverageError: z.number().positive().max(1),
    maxModelBytes: steps.max(1_000_000),
  }),
});
