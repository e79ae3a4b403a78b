/**
 * Is a row of scalar readings normal operation? Rows that are not say nothing about health: a turbine that stands,
 * starts or is curtailed has other temperatures than one that runs. Judges one row at a time, remembers nothing.
 */
import type { OperationSpec } from "../../contract/bundle/normal-behaviour.ts";

/** Creates the filter for rows whose values stand in the order of `channels`. @throws RangeError for a channel that is not among them. */
export function createOperationFilter(
  spec: OperationSpec,
  channels: readonly string[],
): (row: ArrayLike<number>) => boolean {
  const at = (channel: string): number => {
    const index = channels.indexOf(channel);
    if (index < 0) throw new RangeError(`there is no channel ${channel}`);
    return index;
  };
  const limits = spec.limits.map((limit) => ({ index: at(limit.channel), min: limit.min, max: limit.max }));
  const { points, minRatio, maxRatio } = spec.powerCurve;
  const wind = at(spec.powerCurve.windChannel);
  const power = at(spec.powerCurve.powerChannel);
  return (row) => {
    for (const { index, min, max } of limits) {
      const value = row[index]!;
      // Written so that NaN is refused.
      if (!(value >= min && value <= max)) return false;
    }
    const expected = interpolate(points, row[wind]!);
    if (!(expected > 0)) return false;
    const ratio = row[power]! / expected;
    return ratio >= minRatio && ratio <= maxRatio;
  };
}

/** Linear between the points, constant beyond them; NaN for NaN. */
function interpolate(points: readonly (readonly [number, number])[], x: number): number {
  const last = points[points.length - 1]!;
  if (Number.isNaN(x)) return Number.NaN;
  if (x >= last[0]) return last[1];
  for (let index = points.length - 2; index >= 0; index--) {
    const [x0, y0] = points[index]!;
    if (x < x0) continue;
    const [x1, y1] = points[index + 1]!;
    return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  }
  return points[0]![1];
}
