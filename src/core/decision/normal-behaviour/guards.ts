/**
 * What is kept from the verdict on a component: rows out of normal operation, frozen data, and outputs whose sensor has
 * shifted.
 */
import type { OperationSpec, SensorGuardSpec } from "../../contract/bundle/normal-behaviour.ts";
import { computeMedian } from "../../maths/robust.ts";

/**
 * Creates the filter that passes rows of normal operation: a turbine that stands, starts or is curtailed has other
 * temperatures than one that runs. Each row by itself; its values stand in the order of `channels`.
 * @throws RangeError when the specification names another channel
 */
export function createOperationFilter(
  spec: OperationSpec,
  channels: readonly string[],
): (row: ArrayLike<number>) => boolean {
  const at = (channel: string): number => findChannel(channels, channel);
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

/** Its place among `channels`. @throws RangeError where it is none of them */
export function findChannel(channels: readonly string[], channel: string): number {
  const index = channels.indexOf(channel);
  if (index < 0) throw new RangeError(`there is no channel ${channel}`);
  return index;
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

/**
 * Notices frozen data: when every channel of a turbine repeats its value for several rows, nobody measures any more. One
 * slow temperature may stand still for hours; all channels together, power and speed among them, do not.
 */
interface FrozenGuard {
  /** Takes the next row; true when this row and the `rows` − 1 before it were all the same. */
  update(row: ArrayLike<number>): boolean;
}

/** Creates a guard that fires at the `rows`-th identical row and until a value changes; rows ≥ 2. */
export function createFrozenGuard(rows: number): FrozenGuard {
  let last: Float64Array | null = null;
  let run = 1;
  return {
    update: (row) => {
      if (last === null || last.length !== row.length) {
        last = Float64Array.from(row);
        run = 1;
        return false;
      }
      let same = true;
      for (let index = 0; index < last.length; index++) {
        if (row[index] !== last[index]) same = false;
        last[index] = row[index]!;
      }
      run = same ? run + 1 : 1;
      return run >= rows;
    },
  };
}

/** Daily medians of one output: index = day from the first one kept; NaN where a day has none. */
type DailySeries = ArrayLike<number>;

/**
 * Has a sensor shifted: did `series` step down at `day` − 1 and stay there at `day`, while its `siblings`, which measure
 * the same thing (the phases of a transformer), did not move? No fault of the component does that: faults warm. False
 * without siblings. Looks back `beforeDays` days from before the step.
 */
export function isSensorStep(
  { series, siblings }: { readonly series: DailySeries; readonly siblings: readonly DailySeries[] },
  day: number,
  spec: SensorGuardSpec,
): boolean {
  if (siblings.length === 0 || day < 2) return false;
  const stepDay = day - 1;
  /** The median of the `beforeDays` days before the step, less the value at `at`; NaN when either is not known. */
  const fallOf = (values: DailySeries, at: number): number => {
    const before: number[] = [];
    for (let index = Math.max(0, stepDay - spec.beforeDays); index < stepDay; index++) {
      if (!Number.isNaN(values[index]!)) before.push(values[index]!);
    }
    if (before.length * 2 < spec.beforeDays) return Number.NaN;
    return computeMedian(before) - values[at]!;
  };
  if (!(fallOf(series, stepDay) >= spec.fall && fallOf(series, day) >= spec.fall)) return false;
  // Written so that a sibling without values (NaN) does not count.
  return siblings.every((sibling) => Math.abs(fallOf(sibling, day)) < spec.siblingsWithin);
}
