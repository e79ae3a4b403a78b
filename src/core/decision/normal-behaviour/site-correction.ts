/**
 * What a site's turbine has of its own: one student serves all turbines of a type, and each turbine's steady difference
 * from it is a linear function of the operating point, learnt on the turbine's own rows in normal operation. Rows of the
 * weeks before a failure are the caller's to keep away.
 */
import type { SiteCorrectionSpec } from "../../contract/bundle/normal-behaviour.ts";
import { createRidge, type RidgeSnapshot } from "../../maths/ridge.ts";

/** Coefficients [(1 + inputs + outputs) × outputs], row-major: what a residual is expected to be. */
export interface SiteCorrection {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly coefficients: readonly number[];
}

/** What a correction reads of a row: the student's standardised inputs and its dequantised outputs. */
export interface PredictedRow {
  readonly standardised: ArrayLike<number>;
  readonly outputs: ArrayLike<number>;
}

interface SiteCorrectionLearner {
  readonly rows: number;
  /** One row with its residuals: measured less expected. */
  add(row: PredictedRow, residuals: ArrayLike<number>): void;
  /** The correction, or null while it rests on fewer than `minRows` rows. */
  fit(): SiteCorrection | null;
  snapshot(): RidgeSnapshot;
}

/** Creates a learner for a student of these sizes, or goes on with a snapshot of one of the same sizes. */
export function createSiteCorrectionLearner(
  spec: SiteCorrectionSpec,
  { inputs, outputs }: { readonly inputs: number; readonly outputs: number },
  from?: RidgeSnapshot,
): SiteCorrectionLearner {
  const ridge = createRidge(1 + inputs + outputs, outputs, from);
  const regressors = new Float64Array(1 + inputs + outputs);
  return {
    get rows() {
      return ridge.rows;
    },
    add: (row, residuals) => {
      fillRegressors(regressors, row);
      ridge.add(regressors, residuals);
    },
    fit: () =>
      ridge.rows < spec.minRows
        ? null
        : { rows: ridge.rows, inputs, outputs, coefficients: Array.from(ridge.solve(spec.ridge)) },
    snapshot: () => ridge.snapshot(),
  };
}

/** Takes the site's share off `residuals`, in place. */
export function applySiteCorrection(
  correction: SiteCorrection,
  { standardised, outputs }: PredictedRow,
  residuals: Float64Array,
): void {
  const { coefficients } = correction;
  const targets = correction.outputs;
  for (let target = 0; target < targets; target++) {
    let sum = coefficients[target]!;
    for (let input = 0; input < correction.inputs; input++) {
      sum += coefficients[(1 + input) * targets + target]! * standardised[input]!;
    }
    for (let output = 0; output < targets; output++) {
      sum += coefficients[(1 + correction.inputs + output) * targets + target]! * outputs[output]!;
    }
    residuals[target]! -= sum;
  }
}

function fillRegressors(out: Float64Array, { standardised, outputs }: PredictedRow): void {
  out[0] = 1;
  for (let index = 0; index < standardised.length; index++) out[1 + index] = standardised[index]!;
  for (let index = 0; index < outputs.length; index++) out[1 + standardised.length + index] = outputs[index]!;
}
