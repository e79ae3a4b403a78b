/**
 * The trend of a level and the time until it passes a limit: a local linear trend (Harvey 1989, section 2.3) whose level
 * and slope both wander, by how much being unknown and weighed by what has been seen. Answers with a sample of the
 * predictive distribution, never with one curve: a steady rise gives a narrow one, a rise that changes its pace a wide
 * one. Knows nothing of machines.
 *
 *   level ← level + slope · dt + N(0, rₗ² dt),  slope ← slope + N(0, rₛ² dt),  seen = level + N(0, 1),  all times σ
 *
 * For each pair of ratios (rₗ, rₛ) of a grid a Kalman filter runs over the blocks; σ² is integrated out (its posterior is a
 * scaled inverse χ²), and the pair's weight is its likelihood.
 */
import { computeNormalTail, toChiSquare } from "../../maths/normal.ts";
import type { Random } from "../../maths/random.ts";

/** One value seen: the median of a block, at its middle. */
export interface TrendPoint {
  readonly at: number;
  readonly value: number;
}

/** What a filter of one pair of ratios knows at the last point. Variances are in units of σ². */
interface TrendCell {
  readonly levelRatio: number;
  readonly slopeRatio: number;
  weight: number;
  level: number;
  slope: number;
  levelVariance: number;
  covariance: number;
  slopeVariance: number;
  /** Σ innovation² / its variance, and how many innovations. */
  squares: number;
  innovations: number;
}

/** The posterior of a trend, at its last point. */
export interface LevelTrend {
  /** Of the values' unit. */
  readonly level: number;
  /** Probability that the slope at the last point is above 0. */
  readonly risingProbability: number;
  /** Probability that it is below 0. */
  readonly fallingProbability: number;
  readonly cells: readonly Readonly<TrendCell>[];
  /** Unit of time of the cells' ratios and slopes, in that of the points. */
  readonly span: number;
}

/** σ · ratio is what a level wanders in the whole span; by how much its slope changes, in σ a span. */
const levelRatios = [0, 1, 3, 10, 30, 100];
const slopeRatios = [0, 4, 20, 100, 500, 2500, 12_500];
/** Deviation of the slope before anything was seen, σ a span. */
const diffuse = 1e5;
/** No median of a block is known better than this, in the values' unit (dB). */
const floorDeviation = 0.1;

/** Fits points in the order of time, at least four, not all at one time. */
export function fitLevelTrend(points: readonly TrendPoint[]): LevelTrend {
  const span = points.at(-1)!.at - points[0]!.at;
  const cells = levelRatios.flatMap((levelRatio) =>
    slopeRatios.map((slopeRatio) => filterPoints(points, span, { levelRatio, slopeRatio })),
  );
  const highest = Math.max(...cells.map((cell) => cell.weight));
  let total = 0;
  for (const cell of cells) {
    cell.weight = Math.exp(cell.weight - highest);
    total += cell.weight;
  }
  let level = 0;
  let rising = 0;
  for (const cell of cells) {
    cell.weight /= total;
    level += cell.weight * cell.level;
    rising +=
      cell.weight * computeNormalTail(-cell.slope / (meanDeviation(cell) * Math.sqrt(cell.slopeVariance)));
  }
  return { level, risingProbability: rising, fallingProbability: 1 - rising, cells, span };
}

function filterPoints(
  points: readonly TrendPoint[],
  span: number,
  ratios: Pick<TrendCell, "levelRatio" | "slopeRatio">,
): TrendCell {
  const levelNoise = ratios.levelRatio ** 2;
  const slopeNoise = ratios.slopeRatio ** 2;
  let [level, slope, levelVariance, covariance, slopeVariance] = [points[0]!.value, 0, 1, 0, diffuse ** 2];
  let [logVariances, squares] = [0, floorDeviation ** 2];
  for (let index = 1; index < points.length; index++) {
    const dt = (points[index]!.at - points[index - 1]!.at) / span;
    level += slope * dt;
    levelVariance +=
      2 * covariance * dt + slopeVariance * dt * dt + levelNoise * dt + (slopeNoise * dt ** 3) / 3;
    covariance += slopeVariance * dt + (slopeNoise * dt * dt) / 2;
    slopeVariance += slopeNoise * dt;
    const variance = levelVariance + 1;
    const innovation = points[index]!.value - level;
    const [levelGain, slopeGain] = [levelVariance / variance, covariance / variance];
    level += levelGain * innovation;
    slope += slopeGain * innovation;
    slopeVariance -= slopeGain * covariance;
    covariance -= levelGain * covariance;
    levelVariance -= levelGain * levelVariance;
    // The first innovation only says where the slope begins.
    if (index === 1) continue;
    logVariances += Math.log(variance);
    squares += (innovation * innovation) / variance;
  }
  const innovations = points.length - 2;
  // σ² integrated out with the prior 1 / σ² (Harvey 1989, section 3.4).
  const weight = -0.5 * logVariances - 0.5 * innovations * Math.log(squares);
  return {
    ...ratios,
    weight,
    level,
    slope,
    levelVariance,
    covariance,
    slopeVariance: Math.max(slopeVariance, 1e-9),
    squares,
    innovations,
  };
}

function meanDeviation(cell: TrendCell): number {
  return Math.max(floorDeviation, Math.sqrt(cell.squares / cell.innovations));
}

/** Where a course that is drawn is looked at: closer together where it begins. */
const drawnSteps = 120;

/** What courses are drawn for. Times are in the points' unit. */
interface PassageGoal {
  readonly limit: number;
  readonly horizon: number;
  readonly count: number;
  /** A course's slope goes on growing by a factor of e in 1 / growth; each course has its own between these two. */
  readonly growth: { readonly low: number; readonly high: number };
}

/**
 * Draws `count` courses that go on from the trend, and returns when each passes `limit` for the first time, ascending, in
 * the points' unit of time after the last point; Infinity: not within `horizon`.
 */
export function drawPassageTimes(trend: LevelTrend, goal: PassageGoal, random: Random): Float64Array {
  const times = new Float64Array(goal.count);
  for (let index = 0; index < goal.count; index++) {
    times[index] = drawPassage(
      { cell: chooseCell(trend.cells, random.uniform()), span: trend.span },
      goal,
      random,
    );
  }
  return times.sort();
}

function chooseCell(cells: LevelTrend["cells"], share: number): Readonly<TrendCell> {
  let left = share;
  for (const cell of cells) {
    left -= cell.weight;
    if (left < 0) return cell;
  }
  return cells.at(-1)!;
}

function drawPassage(
  { cell, span }: { readonly cell: Readonly<TrendCell>; readonly span: number },
  { limit, horizon, growth }: PassageGoal,
  random: Random,
): number {
  const deviation = Math.max(
    floorDeviation,
    Math.sqrt(cell.squares / drawChiSquared(cell.innovations, random)),
  );
  const levelDeviation = Math.sqrt(Math.max(cell.levelVariance, 0));
  const z = random.normal();
  let level = cell.level + deviation * levelDeviation * z;
  const regression = levelDeviation > 0 ? cell.covariance / levelDeviation : 0;
  const rest = Math.sqrt(Math.max(0, cell.slopeVariance - regression * regression));
  let slope = cell.slope + deviation * (regression * z + rest * random.normal());
  const pace = growth.low + (growth.high - growth.low) * random.uniform();
  let before = 0;
  for (let step = 1; step <= drawnSteps; step++) {
    if (level >= limit) return before;
    const after = horizon * (step / drawnSteps) ** 2;
    const dt = (after - before) / span;
    const root = deviation * Math.sqrt(dt);
    const turn = cell.slopeRatio * root * random.normal();
    const next = level + (slope + turn / 2) * dt + cell.levelRatio * root * random.normal();
    slope = (slope + turn) * Math.exp(pace * (after - before));
    if (next >= limit) return before + ((after - before) * (limit - level)) / (next - level);
    level = next;
    before = after;
  }
  return Number.POSITIVE_INFINITY;
}

/** Sum of squares for few degrees of freedom, Wilson and Hilferty's approximation (1931) for many. */
function drawChiSquared(degrees: number, random: Random): number {
  if (degrees > 30) return toChiSquare(random.normal(), degrees);
  let sum = 0;
  for (let index = 0; index < degrees; index++) sum += random.normal() ** 2;
  return Math.max(sum, 1e-3);
}
