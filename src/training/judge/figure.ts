/** A figure and how sure it is. */

/** A figure with its 95 percent interval; null where it has none. */
export interface Figure {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** `0.951 (0.912 to 0.987)`. */
export function formatFigure(figure: Figure, digits = 3): string {
  const { value, low, high } = figure;
  if (low === null || high === null) return value.toFixed(digits);
  return `${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** A share with Wilson's 95 percent score interval (Wilson 1927); NaN of nothing. */
export function computeShare(right: number, of: number): Figure {
  if (of === 0) return { value: Number.NaN, low: null, high: null };
  const z = 1.959964;
  const share = right / of;
  const denominator = 1 + (z * z) / of;
  const centre = (share + (z * z) / (2 * of)) / denominator;
  const half = (z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))) / denominator;
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
