/**
 * Are the temperatures of the air and of a turbine's parts in the units that are said? No air is hotter than it gets anywhere, no part is
 * colder than the air for long, and where a turbine stands its coldest part comes near the air. Corrects nothing.
 */
import { computeQuantile } from "../../../../core/maths/robust.ts";
import type { TurbineSeries } from "../growing-rows.ts";
import { type ConvertUnit, convertUnit, dimensionOf, readHeaderUnit } from "../units.ts";
import { columnNameOf, findTurbines, listRereadings } from "./column-units.ts";
import type { DataFinding } from "./data-finding.ts";
import type { ScannedFarm } from "./scanned-farm.ts";

/** Degrees Celsius that hardly any air has for one hour of a hundred, and between which the middle of a site's air lies. */
const hotAir = 48;
const middleAir = { low: -35, high: 35 };
/** Kelvin that a part's median may lie below the air's: errors of two sensors. */
const colderThanAir = 3;
/**
 * How far parts are above the air, in kelvin, when they are coldest, one hour of a hundred. Of four turbines over 17 months the coldest of
 * twelve parts came within 4 to 7 of it in every month, and with the air read as Fahrenheit to -54 to -38, each part alone to -54 to +5;
 * on an invented farm to 5 to 11, and to -38 to -23. A morning warms the air by some kelvin before the parts.
 */
const coldest = { share: 0.01, below: -8, near: 15 };
/** A day's rows say how near parts come to the air. */
const leastRows = 144;

/** Errors; `outputs` are the channels whose temperatures are a component's. */
export function checkAir(farm: ScannedFarm, outputs: readonly string[]): DataFinding[] {
  const { air, parts } = findTemperatures(farm, outputs);
  // Against air in a wrong unit everything looks cold.
  for (const check of [checkHotAir, checkColdParts]) {
    const found = air.flatMap((channel) => check(farm, channel, parts));
    if (found.length > 0) return found;
  }
  return parts.flatMap((part) => checkAgainstAir(farm, part, air));
}

/** What cannot be told of the air's unit: no part ever came near it, and in another unit it would be air as well. */
export function listDoubtsOfAir(farm: ScannedFarm, outputs: readonly string[]): DataFinding[] {
  const { air, parts } = findTemperatures(farm, outputs);
  return air.flatMap((channel) => {
    const { name, unit } = farm.source.channels[channel]!;
    const column = columnNameOf(farm, channel);
    if (readHeaderUnit(column) !== null) return [];
    return findTurbines(farm, channel, {
      measure: (series) => {
        const beside = { series, air: channel, parts };
        const near = Math.min(...measureColdest(beside));
        const other = near <= coldest.near ? null : findOther(farm, beside);
        return other === null ? null : { near, other };
      },
      say: ({ near, other }, turbines) => ({
        severity: "note",
        value: `no part came nearer to it than ${near.toFixed(1)} K; read as ${other.unit} it would be ${other.middle.toFixed(1)} ${unit} in the median`,
        problem: `nothing in the tables tells whether ${name} of ${turbines} is in ${unit} or in ${other.unit}`,
        cure: `hold "${column}" against a weather station; if it is in ${other.unit}, write {column: …, unit: ${other.unit}}`,
      }),
    });
  });
}

interface Temperatures {
  /** Channels of temperatures that are no component's. */
  readonly air: readonly number[];
  readonly parts: readonly number[];
}

function findTemperatures({ source: { channels } }: ScannedFarm, outputs: readonly string[]): Temperatures {
  const warm = channels.flatMap(({ unit }, channel) =>
    dimensionOf(unit) === "temperature" ? [channel] : [],
  );
  const isPart = (channel: number): boolean => outputs.includes(channels[channel]!.name);
  return { air: warm.filter((channel) => !isPart(channel)), parts: warm.filter(isPart) };
}

/** Air that is hotter than air gets. */
function checkHotAir(farm: ScannedFarm, channel: number): DataFinding[] {
  const { name, unit } = farm.source.channels[channel]!;
  const asCelsius = toCelsius(unit);
  return findTurbines(farm, channel, {
    measure: ({ columns }) => {
      const high = computeQuantile(columns[channel]!, 0.99);
      return asCelsius(high) < hotAir ? null : high;
    },
    say: (high, turbines) => ({
      severity: "error",
      value: `one hour of a hundred lies above ${high.toFixed(1)} ${unit}`,
      problem: `${name} of ${turbines} is hotter than air gets`,
      cure: `if the column "${columnNameOf(farm, channel)}" is in degrees Fahrenheit, write {column: …, unit: degF}`,
    }),
  });
}

/** Air that most parts are far below, as winter's in Fahrenheit is, and that in another unit they would not be. */
function checkColdParts(farm: ScannedFarm, channel: number, parts: readonly number[]): DataFinding[] {
  const { name, unit } = farm.source.channels[channel]!;
  const column = columnNameOf(farm, channel);
  return findTurbines(farm, channel, {
    measure: (series) => {
      const beside = { series, air: channel, parts };
      const cold = measureColdest(beside).filter((kelvin) => kelvin < coldest.below);
      if (cold.length === 0 || 2 * cold.length < parts.length) return null;
      const other = findOther(farm, beside);
      return other === null ? null : { kelvin: -Math.min(...cold), other };
    },
    say: ({ kelvin, other }, turbines) => ({
      severity: "error",
      value: `one hour of a hundred parts of the turbine are up to ${kelvin.toFixed(1)} K colder than it; read as ${other.unit} it would be ${other.middle.toFixed(1)} ${unit} in the median, and none would`,
      problem: `${name} of ${turbines} seems to be in ${other.unit}: no part of a turbine is so much colder than the air`,
      cure: `write {column: "${column}", unit: ${other.unit}}, or, where the air is right, the true units of the parts' columns`,
    }),
  });
}

/** A turbine's air and parts, as channels. */
interface PartsBesideAir {
  readonly series: TurbineSeries;
  readonly air: number;
  readonly parts: readonly number[];
}

interface OtherAir {
  readonly unit: string;
  /** Median of the air, had the column been in that unit. */
  readonly middle: number;
}

/** The unit in which the air would be air, and no part far below it; null: there is none. */
function findOther(farm: ScannedFarm, beside: PartsBesideAir): OtherAir | null {
  const { series, air } = beside;
  const asCelsius = toCelsius(farm.source.channels[air]!.unit);
  const median = computeQuantile(series.columns[air]!, 0.5);
  const found = listRereadings(farm, air).find(({ convert }) => {
    const middle = asCelsius(convert(median));
    if (middle < middleAir.low || middle > middleAir.high) return false;
    return measureColdest(beside, convert).every((kelvin) => kelvin >= -colderThanAir);
  });
  return found === undefined ? null : { unit: found.unit, middle: found.convert(median) };
}

/** How far each part is above the air when it is coldest beside it; nothing of a turbine with less than a day. */
function measureColdest(
  { series: { columns, rows }, air, parts }: PartsBesideAir,
  read: ConvertUnit = (value) => value,
): number[] {
  if (rows < leastRows) return [];
  return parts.map((part) => {
    const above = columns[part]!.map((value, row) => value - read(columns[air]![row]!));
    return computeQuantile(above, coldest.share);
  });
}

/** A component that is colder than the air. */
function checkAgainstAir(farm: ScannedFarm, channel: number, airs: readonly number[]): DataFinding[] {
  const { channels } = farm.source;
  const { name, unit } = channels[channel]!;
  const air = airs.find((other) => channels[other]!.unit === unit);
  if (air === undefined) return [];
  return findTurbines(farm, channel, {
    measure: ({ columns }) => {
      const middle = computeQuantile(
        columns[channel]!.map((value, row) => value - columns[air]![row]!),
        0.5,
      );
      return middle > -colderThanAir ? null : middle;
    },
    say: (middle, turbines) => ({
      severity: "error",
      value: `in the median it is ${(-middle).toFixed(1)} ${unit} colder`,
      problem: `${name} of ${turbines} is colder than ${channels[air]!.name}, which no part of a turbine is for long`,
      cure: `compare the units of "${columnNameOf(farm, channel)}" and "${columnNameOf(farm, air)}" with those of the configuration`,
    }),
  });
}

/** Of a unit of temperature. */
function toCelsius(unit: string): ConvertUnit {
  const conversion = convertUnit(unit, "degC");
  return (conversion.ok ? conversion.convert : null) ?? ((value) => value);
}
