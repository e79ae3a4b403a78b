/**
 * Fits the tied logistic regression to convergence: a tied network without a hidden layer, by Newton's method on all rows at
 * once (iteratively reweighted least squares; Hastie, Tibshirani & Friedman 2009, section 4.4.1). The loss has one minimum, so
 * neither a seed nor a number of steps decides anything. Refuses to return weights at which the gradient has not vanished.
 */
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { factorCholesky, solveCholesky } from "../../core/maths/cholesky.ts";
import { logistic } from "../../core/maths/logistic.ts";
import type { FitRows } from "./tensor-trainer.ts";
import type { TiedNetwork } from "./tied-network.ts";

/** A fit, and how far it is from the minimum. */
export interface TiedLogisticFit {
  readonly network: TiedNetwork;
  /** Largest component of the loss's gradient at the weights, as float64. */
  readonly gradient: number;
  readonly iterations: number;
}

/** The fit ends where no component of the gradient is larger; the loss is a mean over rows and hypotheses, in nats. */
export const gradientTolerance = 1e-10;
const maxIterations = 100;

/** [cases × width]: a hypothesis' own inputs, the mean of the others', the shared ones and 1; a case is a row's hypothesis. */
interface Design {
  readonly width: number;
  readonly values: Float64Array;
  readonly targets: Float32Array;
  /** Sums to 1. */
  readonly weights: Float64Array;
}

/** The loss, its gradient and its Hessian at some weights. */
interface Slope {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** [width × width]; the lower half alone. */
  readonly hessian: Float64Array;
}

/**
 * Minimises the mean cross-entropy plus `penalty`/2 times the squared weights (not the bias); a penalty above 0 makes the
 * minimum finite. Learns from the labels alone. Fails with TRAINING when it does not converge, as on inputs that are not finite.
 */
export function fitTiedLogistic(rows: FitRows, hypotheses: number, penalty: number): TiedLogisticFit {
  const design = arrange(rows, hypotheses);
  let weights: Float64Array = new Float64Array(design.width);
  let slope = measureSlope(design, weights, penalty);
  for (let iterations = 0; iterations <= maxIterations; iterations++) {
    const gradient = slope.gradient.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    if (gradient <= gradientTolerance) {
      return { network: readNetwork(rows, hypotheses, weights), gradient, iterations };
    }
    const next = stepDown(design, { weights, slope, penalty });
    if (next === null) break;
    ({ weights, slope } = next);
  }
  throw new AuroraError("TRAINING", "the logistic regression does not converge", {
    op: "fit tied logistic regression",
    subject: `penalty ${penalty}`,
    hint: "every input must be finite, and the penalty above 0",
  });
}

function arrange({ rows, own, shared, targets, weights }: FitRows, hypotheses: number): Design {
  const ownInputs = own.length / (rows * hypotheses);
  const sharedInputs = shared.length / rows;
  const width = 2 * ownInputs + sharedInputs + 1;
  const values = new Float64Array(rows * hypotheses * width);
  const caseWeights = new Float64Array(rows * hypotheses);
  const total = weights.reduce((sum, weight) => sum + weight, 0) * hypotheses;
  for (let row = 0; row < rows; row++) {
    const inputOf = (hypothesis: number, input: number): number =>
      own[(row * hypotheses + hypothesis) * ownInputs + input]!;
    for (let hypothesis = 0; hypothesis < hypotheses; hypothesis++) {
      const at = (row * hypotheses + hypothesis) * width;
      for (let input = 0; input < ownInputs; input++) {
        let sum = 0;
        for (let other = 0; other < hypotheses; other++) sum += inputOf(other, input);
        values[at + input] = inputOf(hypothesis, input);
        values[at + ownInputs + input] = (sum - inputOf(hypothesis, input)) / Math.max(1, hypotheses - 1);
      }
      values.set(shared.subarray(row * sharedInputs, (row + 1) * sharedInputs), at + 2 * ownInputs);
      values[at + width - 1] = 1;
      caseWeights[row * hypotheses + hypothesis] = weights[row]! / total;
    }
  }
  return { width, values, targets, weights: caseWeights };
}

function measureSlope(
  { width, values, targets, weights: caseWeights }: Design,
  weights: Float64Array,
  penalty: number,
): Slope {
  const gradient = new Float64Array(width);
  const hessian = new Float64Array(width * width);
  let loss = 0;
  for (const [index, target] of targets.entries()) {
    const at = index * width;
    const weight = caseWeights[index]!;
    let logit = 0;
    for (let i = 0; i < width; i++) logit += values[at + i]! * weights[i]!;
    const probability = logistic(logit);
    loss += weight * (Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit))));
    const error = weight * (probability - target);
    const curvature = weight * probability * (1 - probability);
    for (let i = 0; i < width; i++) {
      gradient[i]! += error * values[at + i]!;
      const scaled = curvature * values[at + i]!;
      for (let j = 0; j <= i; j++) hessian[i * width + j]! += scaled * values[at + j]!;
    }
  }
  for (let i = 0; i < width - 1; i++) {
    loss += (penalty / 2) * weights[i]! ** 2;
    gradient[i]! += penalty * weights[i]!;
    hessian[i * width + i]! += penalty;
  }
  return { loss, gradient, hessian };
}

/** One step of Newton's method, halved until the loss does not rise; null where no step is left. */
function stepDown(
  design: Design,
  {
    weights,
    slope,
    penalty,
  }: { readonly weights: Float64Array; readonly slope: Slope; readonly penalty: number },
): { readonly weights: Float64Array; readonly slope: Slope } | null {
  const { width } = design;
  const step = solveCholesky(factorCholesky(slope.hessian, width), slope.gradient, width);
  if (!step.every(Number.isFinite)) return null;
  // Near the minimum a whole step changes the loss by less than its rounding.
  const rounding = 1e-14 * (1 + Math.abs(slope.loss));
  for (let share = 1; share > 1e-6; share /= 2) {
    const tried = weights.map((weight, index) => weight - share * step[index]!);
    const next = measureSlope(design, tried, penalty);
    if (next.loss <= slope.loss + rounding) return { weights: tried, slope: next };
  }
  return null;
}

function readNetwork({ rows, own, shared }: FitRows, hypotheses: number, weights: Float64Array): TiedNetwork {
  const inputs = own.length / (rows * hypotheses);
  const sharedInputs = shared.length / rows;
  const take = (from: number, count: number): Float32Array =>
    Float32Array.from(weights.subarray(from, from + count));
  const layer = {
    inputs,
    outputs: 1,
    own: take(0, inputs),
    others: take(inputs, inputs),
    shared: take(2 * inputs, sharedInputs),
    bias: take(2 * inputs + sharedInputs, 1),
  };
  return { hypotheses, sharedInputs, layers: [layer] };
}
