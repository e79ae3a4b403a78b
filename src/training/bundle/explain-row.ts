/** Explains one row with the integers of a student, as a gateway does with its engine. */
import type { Explanation } from "../../core/contract/prediction.ts";
import type { ExplanationBackground } from "../../core/explain/background.ts";
import { type FeatureGroups, planCoalitions } from "../../core/explain/coalition-plan.ts";
import { reduceShapley } from "../../core/explain/shapley.ts";
import type { IntegerKernel } from "../../core/inference/integer-engine.ts";

/** The student's integers, and what its outputs are explained against and by. */
interface ExplainingParts {
  readonly kernel: IntegerKernel;
  readonly background: ExplanationBackground;
  readonly groups: FeatureGroups;
}

interface ExplainedRow {
  /** [outputs], of the row itself: all groups are in the last coalition. */
  readonly logits: Uint8Array;
  /** One an output. */
  readonly explanations: readonly Explanation[];
  /** Shares [outputs × groups], float32, as golden vectors keep them. */
  readonly shares: Float32Array;
}

/** Explains a standardised row. */
export function explainRow(
  standardised: Float32Array,
  { kernel, background, groups }: ExplainingParts,
): ExplainedRow {
  const plan = planCoalitions(standardised, background, groups);
  const inputs = new Float32Array(plan.rows * plan.features);
  plan.fill(0, plan.rows, inputs);
  const outputs = new Uint8Array(plan.rows * kernel.outputs);
  kernel.runInto(inputs, plan.rows, outputs);
  const explanations = reduceShapley(plan, outputs, {
    outputs: kernel.outputs,
    scale: kernel.outputScale,
    zeroPoint: kernel.outputZeroPoint,
  });
  return {
    logits: outputs.slice(outputs.length - kernel.outputs),
    explanations,
    shares: Float32Array.from(explanations.flatMap((each) => each.groups.map(({ share }) => share))),
  };
}
