/** Location and scale of the past, robust and plain. */
import { medianInPlace } from "../../maths/select.ts";

/** Median and 1.4826 · median absolute deviation (the standard deviation, were the values normal); NaN for no values. */
export function robustLocation(values: readonly number[]): {
  readonly location: number;
  readonly scale: number;
} {
  if (values.length === 0) return { location: Number.NaN, scale: Number.NaN };
  const work = Float64Array.from(values);
  const location = medianInPlace(work, work.length);
  for (let index = 0; index < work.length; index++) work[index] = Math.abs(work[index]! - location);
  return { location, scale: 1.4826 * medianInPlace(work, work.length) };
}

/** Mean and standard deviation (of the values themselves, not of a sample); NaN for no values. */
export function plainLocation(values: readonly number[]): {
  readonly location: number;
  readonly scale: number;
} {
  const location = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - location) ** 2, 0);
  return { location, scale: Math.sqrt(squares / values.length) };
}
