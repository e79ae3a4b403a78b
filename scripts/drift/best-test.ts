/**
 * How often the best possible tests find that one column of several lies higher since three days: what no test of the same rate of
 * false alarms can exceed, whatever it does (Neyman and Pearson's lemma), and what it costs not to be told where, which way and of how much
 * scatter. For autoregressive columns of unit variance, in closed form; draws nothing.
 */
import { factorCholesky, solveCholesky } from "../../src/core/maths/cholesky.ts";
import { computeStudentTail } from "../../src/core/maths/student-t.ts";
import { rowsPerDay } from "./correlated-days.ts";
import { computeNormalCdf } from "./detectors/cusum.ts";

export interface KnownShift {
  /** Of the column, in standard deviations of a row. */
  readonly shift: number;
  /** Correlation of neighbouring rows, below 1. */
  readonly rho: number;
  /** Days that are known before the shift. */
  readonly learnDays: number;
  readonly columns: number;
  /** Probability of a false alarm on a day; over the three days three times that is granted. */
  readonly falsePerDay: number;
}

/** Shares of points at which it is found by the end of the third day. */
export interface BestFound {
  /** By who knows the column, the direction, the day of the onset, the correlation and the scatter, and reads every day's mean. */
  readonly ofDays: number;
  /** By the same, who knows as well what the mean was before. */
  readonly ofEndlessDays: number;
  /** By the same, who reads every row: the first moved one tells most where rows are alike. */
  readonly ofRows: number;
  /** By who tests every column both ways, with nothing but its own days to tell how they scatter. */
  readonly untold: number;
}

const days = 3;

export function findBest(known: KnownShift): BestFound {
  const { shift, rho, columns, learnDays, falsePerDay } = known;
  const rate = days * falsePerDay;
  const bound = quantileOf(computeNormalCdf, 1 - rate);
  const moved = shift * Math.sqrt(informationOf(known, "learnt"));
  const sure = (distance: number): number => computeNormalCdf(distance - bound);
  // The first row that moved is a jump from the one before it; each one after it moves by what is new in it.
  const ofRows = (1 + (days * rowsPerDay - 1) * (1 - rho) ** 2) / (1 - rho * rho);
  return {
    ofDays: sure(moved),
    ofEndlessDays: sure(shift * Math.sqrt(informationOf(known, "given"))),
    ofRows: sure(shift * Math.sqrt(ofRows)),
    untold: exceedStudent(moved, rate / (2 * columns), learnDays - 1),
  };
}

/**
 * One over the variance of the best estimate of a shift of the last three days' means (generalised least squares).
 * @param mean that the days had before: learnt from them, or given
 */
function informationOf({ rho, learnDays }: KnownShift, mean: "learnt" | "given"): number {
  const size = learnDays + days;
  const covariances = Array.from({ length: size }, (_, apart) => covarianceOf(rho, apart));
  const matrix = new Float64Array(size * size);
  const right = new Float64Array(size * 2);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++)
      matrix[row * size + column] = covariances[Math.abs(row - column)]!;
    right[row * 2] = row < learnDays ? 0 : 1;
    right[row * 2 + 1] = 1;
  }
  const solved = solveCholesky(factorCholesky(matrix, size), right, size);
  let [own, both, common] = [0, 0, 0];
  for (let row = 0; row < size; row++) {
    own += right[row * 2]! * solved[row * 2]!;
    both += right[row * 2]! * solved[row * 2 + 1]!;
    common += solved[row * 2 + 1]!;
  }
  return mean === "given" ? own : own - both ** 2 / common;
}

/** Of the means of two days so many days apart. */
function covarianceOf(rho: number, apart: number): number {
  let sum = 0;
  for (let lag = 1 - rowsPerDay; lag < rowsPerDay; lag++)
    sum += (rowsPerDay - Math.abs(lag)) * rho ** Math.abs(rowsPerDay * apart + lag);
  return sum / rowsPerDay ** 2;
}

/** Probability that Student's t of so many degrees exceeds its bound of that upper tail when its mean has moved: over the law of its scatter. */
function exceedStudent(moved: number, upperTail: number, degrees: number): number {
  const bound = quantileOf((t) => 1 - computeStudentTail(t, degrees) / 2, 1 - upperTail);
  const steps = 2_000;
  let [weights, sum] = [0, 0];
  for (let step = 1; step < steps; step++) {
    // The variance over the true one, from e⁻³ to e³.
    const logarithm = 6 * (step / steps - 0.5);
    const weight = Math.exp((degrees / 2) * (logarithm - Math.exp(logarithm) + 1));
    weights += weight;
    sum += weight * computeNormalCdf(moved - bound * Math.exp(logarithm / 2));
  }
  return sum / weights;
}

/** Where a distribution function reaches a probability above a half. */
function quantileOf(distribution: (value: number) => number, probability: number): number {
  let [low, high] = [0, 1_000];
  for (let step = 0; step < 80; step++) {
    const middle = (low + high) / 2;
    if (distribution(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
