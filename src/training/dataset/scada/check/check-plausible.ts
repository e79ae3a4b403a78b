/**
 * Levels that no site has, though every turbine has them alike: wind that blows too hard for weeks, air that is too warm, places
 * of a turbine that are too hot. Another unit may explain them; corrects nothing.
 */
import { computeQuantile } from "../../../../core/maths/robust.ts";
import { convertUnit, dimensionOf } from "../units.ts";
import { columnNameOf } from "./column-units.ts";
import type { DataFinding } from "./data-finding.ts";
import { placeOfRow, type ScannedFarm } from "./scanned-farm.ts";

/** The windiest sites have a mean of 10 to 11 m/s at the hub. */
const mostWind = 13;
/** Degrees Celsius: the hottest places on earth have a mean of 34. */
const mostAir = 35;
/** Degrees Celsius: oil and bearings trip at 80 to 95, windings hardly stay above 100. */
const mostInside = 110;
/** Rows of a day say nothing of a site; those of four weeks do. */
const rows = { least: 144, sure: 28 * 144 };

interface Suspect {
  readonly most: number;
  readonly unit: string;
  readonly other: string;
  readonly problem: string;
}

/** Looks at the median of all turbines; `outputs` are the channels whose temperatures are a component's. */
export function checkPlausible(farm: ScannedFarm, outputs: readonly string[]): DataFinding[] {
  const filled = farm.turbines.filter((series) => series.rows >= rows.least);
  const [first] = filled;
  if (first === undefined) return [];
  const isSure = filled.every((series) => series.rows >= rows.sure);
  return farm.source.channels.flatMap(({ name, unit }, channel): DataFinding[] => {
    const suspect = suspectOf(unit, outputs.includes(name));
    const conversion = suspect === null ? null : convertUnit(unit, suspect.unit);
    if (suspect === null || conversion === null || !conversion.ok) return [];
    const levels = filled.map(({ columns }) => computeQuantile(columns[channel]!, 0.5));
    const level = Math.min(...levels.map((each) => conversion.convert?.(each) ?? each));
    if (level <= suspect.most) return [];
    const column = columnNameOf(farm, channel);
    return [
      {
        check: "unit",
        severity: isSure ? "error" : "warning",
        ...placeOfRow(farm, first, 0),
        value: `the median of "${column}" is ${level.toFixed(1)} ${suspect.unit} or more for every turbine`,
        problem: `${name} ${suspect.problem}`,
        cure: `if the column is in ${suspect.other}, write dataset.columns.${name}: {column: "${column}", unit: …}`,
      },
    ];
  });
}

function suspectOf(unit: string, isInside: boolean): Suspect | null {
  switch (dimensionOf(unit)) {
    case "speed":
      return {
        most: mostWind,
        unit: "m/s",
        other: "km/h, mph or knots",
        problem: "blows harder than at any site",
      };
    case "temperature":
      return isInside
        ? {
            most: mostInside,
            unit: "degC",
            other: "degF or K",
            problem: "is hotter than a turbine runs for long",
          }
        : { most: mostAir, unit: "degC", other: "degF or K", problem: "is warmer than the air of any place" };
    default:
      return null;
  }
}
