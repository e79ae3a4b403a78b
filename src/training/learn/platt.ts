/**
 * Platt scaling: the slope and intercept that turn a logit into a probability (Platt 1999, with the Newton method and
 * the softened targets of Lin, Lin & Weng 2007). Refuses a falling slope: a higher score must mean a likelier fault.
 */
import type { Calibration } from "../../core/contract/bundle/manifest.ts";
import { computeProbability } from "../../core/decision/calibrate.ts";

/**
 * Fits on logits that the model did not learn from, with relative `weights`. A small ridge towards slope 1 keeps
 * separable data finite; the slope is at least 0.05.
 */
export function fitPlatt(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  weights: ArrayLike<number>,
): Calibration {
  let positives = 0;
  let negatives = 0;
  for (let index = 0; index < logits.length; index++) {
    if (labels[index]! > 0.5) positives += weights[index]!;
    else negatives += weights[index]!;
  }
  // Targets just inside 0 and 1: as if one more example of each class had been seen (Platt's prior).
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const ridge = 1e-2;
  let slope = 1;
  let intercept = 0;
  for (let iteration = 0; iteration < 100; iteration++) {
    let gradientSlope = ridge * (slope - 1);
    let gradientIntercept = ridge * intercept;
    let hessianSlope = ridge;
    let hessianCross = 0;
    let hessianIntercept = ridge;
    for (let index = 0; index < logits.length; index++) {
      const logit = logits[index]!;
      const probability = computeProbability(logit, { slope, intercept });
      const error = weights[index]! * (probability - (labels[index]! > 0.5 ? high : low));
      const curvature = weights[index]! * Math.max(1e-9, probability * (1 - probability));
      gradientSlope += error * logit;
      gradientIntercept += error;
      hessianSlope += curvature * logit * logit;
      hessianCross += curvature * logit;
      hessianIntercept += curvature;
    }
    const determinant = hessianSlope * hessianIntercept - hessianCross * hessianCross;
    const stepSlope = (hessianIntercept * gradientSlope - hessianCross * gradientIntercept) / determinant;
    const stepIntercept = (hessianSlope * gradientIntercept - hessianCross * gradientSlope) / determinant;
    // A bounded step: Newton's method overshoots where the sigmoid is flat.
    const scale = Math.min(1, 2 / Math.max(Math.abs(stepSlope), Math.abs(stepIntercept), 1e-12));
    slope = Math.max(0.05, slope - scale * stepSlope);
    intercept -= scale * stepIntercept;
    if (Math.max(Math.abs(stepSlope), Math.abs(stepIntercept)) < 1e-10) break;
  }
  return { slope, intercept };
}
