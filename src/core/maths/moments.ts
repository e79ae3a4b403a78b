/** Mean and scatter of parts, put together without the values. */

/** Of some values: how many, their mean, and the sum of squared differences from it. */
interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly sumSquares: number;
}

/** Of the values of both (Chan, Golub, LeVeque, 1983); at least one of them has a value. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    mean: (a.mean * a.count + b.mean * b.count) / count,
    sumSquares: a.sumSquares + b.sumSquares + (delta * delta * a.count * b.count) / count,
  };
}

/** The mean of some values; 0 of none. */
export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
