/** The power that a wind speed gives, from rows in normal operation: medians of wind bins, made rising. */
import { medianInPlace } from "../../../../core/maths/select.ts";

/** Fewest rows of a bin that is used. */
const minBinRows = 30;

/**
 * Points (wind, power) in rising order of wind: the median power of each bin of `binWidth` at the bin's middle, never
 * below the one before; bins with few rows are left out.
 */
export function fitPowerCurve(
  turbines: readonly { readonly wind: ArrayLike<number>; readonly power: ArrayLike<number> }[],
  binWidth: number,
): (readonly [number, number])[] {
  const bins = new Map<number, number[]>();
  for (const { wind, power } of turbines) {
    for (let row = 0; row < wind.length; row++) {
      const bin = Math.floor(wind[row]! / binWidth);
      const values = bins.get(bin);
      if (values === undefined) bins.set(bin, [power[row]!]);
      else values.push(power[row]!);
    }
  }
  const points: (readonly [number, number])[] = [];
  let highest = 0;
  for (const bin of [...bins.keys()].sort((a, b) => a - b)) {
    const values = Float64Array.from(bins.get(bin)!);
    if (values.length < minBinRows) continue;
    highest = Math.max(highest, medianInPlace(values, values.length));
    // One watt is more than the meter can tell.
    points.push([(bin + 0.5) * binWidth, Math.round(highest * 1000) / 1000]);
  }
  return points;
}
