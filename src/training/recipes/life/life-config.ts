/** `train.yaml` of a remaining life: which engines, which cuts of their lives, the student's recipe and the interval. */
import { z } from "zod";
import { type CommonConfig, commonConfigShape } from "../../common-config.ts";
import { type RegressionRecipe, regressionRecipeShape } from "../../learn/regression-recipe.ts";

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
  /** Errors are in shares of the cap. */
  readonly recipe: RegressionRecipe;
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

const steps = z.int().min(1).max(100_000);

/** Validator of {@link LifeConfig}; unknown keys are refused. */
export const lifeConfigSchema: z.ZodType<LifeConfig> = z.strictObject({
  ...commonConfigShape,
  dataset: z.strictObject({ kind: z.literal("cmapss"), subset: z.enum(["FD001", "FD003"]) }),
  capCycles: z.number().positive().max(1e6),
  minHistory: steps,
  maxRemaining: z.number().positive().max(1e6),
  minDistinctValues: steps.min(2),
  recipe: z.strictObject(regressionRecipeShape),
  // The nested judgement of the interval puts two folds aside and learns from the rest.
  folds: z.int().min(3).max(100),
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
