/**
 * Is a column in the unit that is said? Held against the same channel of the other turbines, against its range, and temperatures against
 * the air (`check-air.ts`). Corrects nothing.
 */
import { computeQuantile } from "../../../../core/maths/robust.ts";
import { dimensionOf } from "../units.ts";
import { checkAir } from "./check-air.ts";
import { columnNameOf, describeColumnFinding, listRereadings } from "./column-units.ts";
import type { DataFinding } from "./data-finding.ts";
import type { ScannedFarm } from "./scanned-farm.ts";

/** Kelvin: less is weather, shelter and mounting. */
const leastTemperatureGap = 12;
/** Share of the others' level: less is another type of turbine. */
const leastRelativeGap = 0.5;
/** A level is never taken for less than this share of the channel's highest value: about zero sensors differ by more than half of it. */
const leastLevel = 0.005;
/** Another unit explains it when no more than this share of the gap is left. */
const leftShare = 0.35;

/** Share of its channel's range that a column in the right unit reaches, and that one in a wrong unit does not. */
const usualReach = 0.3;
const leastReach = 0.04;

/** Looks at every column; `outputs` are the channels whose temperatures are a component's. */
export function checkLevels(farm: ScannedFarm, outputs: readonly string[]): DataFinding[] {
  const { channels } = farm.source;
  const bySiblings = channels.flatMap((_, channel) => checkAgainstSiblings(farm, channel));
  if (bySiblings.length > 0) return bySiblings;
  return [...channels.flatMap((_, channel) => checkReach(farm, channel)), ...checkAir(farm, outputs)];
}

function checkAgainstSiblings(farm: ScannedFarm, channel: number): DataFinding[] {
  const levels = farm.turbines.map((series) =>
    series.rows === 0 ? Number.NaN : median(series.columns[channel]!),
  );
  const { unit, max } = farm.source.channels[channel]!;
  return farm.turbines.flatMap((series, index) => {
    const own = levels[index]!;
    const others = levels.filter((level, at) => at !== index && Number.isFinite(level));
    if (others.length === 0 || !Number.isFinite(own)) return [];
    const usual = median(Float64Array.from(others));
    const gap = Math.abs(own - usual);
    const isTemperature = dimensionOf(unit) === "temperature";
    const level = Math.max(Math.abs(usual), leastLevel * max);
    if (gap < (isTemperature ? leastTemperatureGap : leastRelativeGap * level)) return [];
    const better = listRereadings(farm, channel)
      .map((each) => ({ ...each, left: Math.abs(each.convert(own) - usual) }))
      .sort((a, b) => a.left - b.left)[0];
    if (better === undefined || better.left > leftShare * gap) return [];
    return [
      describeColumnFinding(
        farm,
        { series, channel },
        {
          severity: "error",
          value: `its median is ${own.toFixed(1)} ${unit}, that of the others ${usual.toFixed(1)}; read as ${better.unit} it would be ${better.convert(own).toFixed(1)}`,
          problem: `the column "${columnNameOf(farm, channel)}" of ${series.turbine} seems to be in ${better.unit}`,
          cure: `convert this turbine's column, or write unit: ${better.unit} if it is the others that are wrong`,
        },
      ),
    ];
  });
}

/** A column that hardly leaves zero in its channel's range, and fills it when it is read in another unit. */
function checkReach(farm: ScannedFarm, channel: number): DataFinding[] {
  const { unit, max } = farm.source.channels[channel]!;
  if (dimensionOf(unit) === "temperature") return [];
  const filled = farm.turbines.filter(({ rows }) => rows > 0);
  const highs = filled.map(({ columns }) => computeQuantile(columns[channel]!, 0.99));
  const high = Math.max(...highs);
  if (filled.length === 0 || high > leastReach * max) return [];
  const better = listRereadings(farm, channel).find(({ convert }) => {
    const reached = convert(high);
    return reached > usualReach * max && reached <= max;
  });
  if (better === undefined) return [];
  return [
    describeColumnFinding(
      farm,
      { series: filled[0]!, channel },
      {
        severity: "error",
        value: `one hour of a hundred lies above ${high.toPrecision(3)} ${unit}, where the channel goes to ${max}; read as ${better.unit} it would be ${better.convert(high).toPrecision(3)}`,
        problem: `the column "${columnNameOf(farm, channel)}" seems to be in ${better.unit}`,
        cure: `write {column: …, unit: ${better.unit}}, or mend the channel's range`,
      },
    ),
  ];
}

function median(values: Float64Array): number {
  return computeQuantile(values, 0.5);
}
