/**
 * Is a column in the unit that is said? Held against the same channel of the other turbines, and against the air: no place of a
 * turbine is colder than the air around it for long, and no air is hotter than it gets anywhere. Corrects nothing.
 */
import { computeQuantile } from "../../../../core/maths/robust.ts";
import type { TurbineSeries } from "../growing-rows.ts";
import { columnOf } from "../table-columns.ts";
import { type ConvertUnit, convertUnit, dimensionOf, listUnits } from "../units.ts";
import type { DataFinding } from "./data-finding.ts";
import { placeOfRow, type ScannedFarm } from "./scanned-farm.ts";

/** A reading of the column in another unit than it is said to be in. */
interface Rereading {
  readonly unit: string;
  readonly convert: ConvertUnit;
}

/** Kelvin: less is weather, shelter and mounting. */
const leastTemperatureGap = 12;
/** Share of the others' level: less is another type of turbine. */
const leastRelativeGap = 0.5;
/** Another unit explains it when no more than this share of the gap is left. */
const leftShare = 0.35;
/** Degrees Celsius that hardly any air has for one hour of a hundred. */
const hotAir = 48;
/** Kelvin that a place's median may lie below the air's: errors of two sensors. */
const colderThanAir = 3;

/** Share of its channel's range that a column in the right unit reaches, and that one in a wrong unit does not. */
const usualReach = 0.3;
const leastReach = 0.04;

/** Looks at every column; `outputs` are the channels whose temperatures are a component's. */
export function checkLevels(farm: ScannedFarm, outputs: readonly string[]): DataFinding[] {
  const { channels } = farm.source;
  const bySiblings = channels.flatMap(({ name, unit }, channel) =>
    checkAgainstSiblings(farm, channel, listRereadings(declaredUnit(farm, name, unit), unit)),
  );
  if (bySiblings.length > 0) return bySiblings;
  return [
    ...channels.flatMap((_, channel) => checkReach(farm, channel)),
    ...checkTemperatures(farm, outputs),
  ];
}

function checkTemperatures(farm: ScannedFarm, outputs: readonly string[]): DataFinding[] {
  const { channels } = farm.source;
  const warm = channels.map(({ unit }) => dimensionOf(unit) === "temperature");
  const air = channels.flatMap(({ name }, channel) =>
    warm[channel] && !outputs.includes(name) ? checkAir(farm, channel) : [],
  );
  // Against air in a wrong unit everything looks cold.
  if (air.length > 0) return air;
  return channels.flatMap(({ name }, channel) =>
    warm[channel] && outputs.includes(name) ? checkAgainstAir(farm, channel, outputs) : [],
  );
}

function declaredUnit({ source: { dataset } }: ScannedFarm, name: string, unit: string): string {
  const column = dataset.columns[name];
  return column === undefined || typeof column === "string" ? unit : column.unit;
}

/** What a value in the channel's unit would be, had its column been in another unit than `declared`. */
function listRereadings(declared: string, unit: string): Rereading[] {
  const dimension = dimensionOf(unit);
  if (dimension === null) return [];
  return listUnits(dimension).flatMap((other): Rereading[] => {
    const [back, there] = [convertUnit(unit, declared), convertUnit(other, unit)];
    if (!back.ok || !there.ok) return [];
    const [undo, redo] = [back.convert, there.convert];
    const convert: ConvertUnit = (value) => {
      const written = undo === null ? value : undo(value);
      return redo === null ? written : redo(written);
    };
    return Math.abs(convert(1) - 1) < 1e-9 && Math.abs(convert(100) - 100) < 1e-6
      ? []
      : [{ unit: other, convert }];
  });
}

function checkAgainstSiblings(
  farm: ScannedFarm,
  channel: number,
  rereadings: readonly Rereading[],
): DataFinding[] {
  const levels = farm.turbines.map((series) =>
    series.rows === 0 ? Number.NaN : median(series.columns[channel]!),
  );
  const { name, unit } = farm.source.channels[channel]!;
  return farm.turbines.flatMap((series, index) => {
    const own = levels[index]!;
    const others = levels.filter((level, at) => at !== index && Number.isFinite(level));
    if (others.length === 0 || !Number.isFinite(own)) return [];
    const usual = median(Float64Array.from(others));
    const gap = Math.abs(own - usual);
    const isTemperature = dimensionOf(unit) === "temperature";
    if (gap < (isTemperature ? leastTemperatureGap : leastRelativeGap * Math.abs(usual))) return [];
    const better = rereadings
      .map((each) => ({ ...each, left: Math.abs(each.convert(own) - usual) }))
      .sort((a, b) => a.left - b.left)[0];
    if (better === undefined || better.left > leftShare * gap) return [];
    return [
      describe(
        farm,
        { series, channel },
        {
          severity: "error",
          value: `its median is ${own.toFixed(1)} ${unit}, that of the others ${usual.toFixed(1)}; read as ${better.unit} it would be ${better.convert(own).toFixed(1)}`,
          problem: `the column "${columnOf(farm.source.dataset, name)}" of ${series.turbine} seems to be in ${better.unit}`,
          cure: `convert this turbine's column, or write unit: ${better.unit} if it is the others that are wrong`,
        },
      ),
    ];
  });
}

/** A column that hardly leaves zero in its channel's range, and fills it when it is read in another unit. */
function checkReach(farm: ScannedFarm, channel: number): DataFinding[] {
  const { name, unit, max } = farm.source.channels[channel]!;
  if (dimensionOf(unit) === "temperature") return [];
  const filled = farm.turbines.filter(({ rows }) => rows > 0);
  const highs = filled.map(({ columns }) => computeQuantile(columns[channel]!, 0.99));
  const high = Math.max(...highs);
  if (filled.length === 0 || high > leastReach * max) return [];
  const declared = declaredUnit(farm, name, unit);
  const better = listRereadings(declared, unit).find(({ convert }) => {
    const reached = convert(high);
    return reached > usualReach * max && reached <= max;
  });
  if (better === undefined) return [];
  return [
    describe(
      farm,
      { series: filled[0]!, channel },
      {
        severity: "error",
        value: `one hour of a hundred lies above ${high.toPrecision(3)} ${unit}, where the channel goes to ${max}; read as ${better.unit} it would be ${better.convert(high).toPrecision(3)}`,
        problem: `the column "${columnOf(farm.source.dataset, name)}" seems to be in ${better.unit}`,
        cure: `write {column: …, unit: ${better.unit}}, or mend the channel's range`,
      },
    ),
  ];
}

/** Air that is hotter than air gets. */
function checkAir(farm: ScannedFarm, channel: number): DataFinding[] {
  const { name, unit } = farm.source.channels[channel]!;
  const asCelsius = convertUnit(unit, "degC");
  if (!asCelsius.ok) return [];
  const { convert } = asCelsius;
  return findTurbines(farm, channel, {
    measure: ({ columns }) => {
      const high = computeQuantile(columns[channel]!, 0.99);
      return (convert?.(high) ?? high) < hotAir ? null : high;
    },
    say: (high, turbines) => ({
      value: `one hour of a hundred lies above ${high.toFixed(1)} ${unit}`,
      problem: `${name} of ${turbines} is hotter than air gets`,
      cure: `if the column "${columnOf(farm.source.dataset, name)}" is in degrees Fahrenheit, write {column: …, unit: degF}`,
    }),
  });
}

/** A component that is colder than the air. */
function checkAgainstAir(farm: ScannedFarm, channel: number, outputs: readonly string[]): DataFinding[] {
  const { channels, dataset } = farm.source;
  const { name, unit } = channels[channel]!;
  const air = channels.findIndex((other) => other.unit === unit && !outputs.includes(other.name));
  if (air < 0) return [];
  return findTurbines(farm, channel, {
    measure: ({ columns }) => {
      const middle = median(columns[channel]!.map((value, row) => value - columns[air]![row]!));
      return middle > -colderThanAir ? null : middle;
    },
    say: (middle, turbines) => ({
      value: `in the median it is ${(-middle).toFixed(1)} ${unit} colder`,
      problem: `${name} of ${turbines} is colder than ${channels[air]!.name}, which no part of a turbine is for long`,
      cure: `compare the units of "${columnOf(dataset, name)}" and "${columnOf(dataset, channels[air]!.name)}" with those of the configuration`,
    }),
  });
}

/** What is looked for turbine by turbine: `measure` gives what is wrong there, or null; `say` the words for the first of all. */
interface TurbineQuestion {
  readonly measure: (series: TurbineSeries) => number | null;
  readonly say: (measured: number, turbines: string) => Omit<FindingWords, "severity">;
}

/** One error for all turbines of which something is wrong, at the first of them. */
function findTurbines(farm: ScannedFarm, channel: number, { measure, say }: TurbineQuestion): DataFinding[] {
  const hits = farm.turbines.flatMap((series) => {
    const measured = series.rows === 0 ? null : measure(series);
    return measured === null ? [] : [{ series, measured }];
  });
  const [first] = hits;
  if (first === undefined) return [];
  const { series, measured } = first;
  return [describe(farm, { series, channel }, { severity: "error", ...say(measured, nameTurbines(hits)) })];
}

type FindingWords = Pick<DataFinding, "severity" | "value" | "problem" | "cure">;

function nameTurbines(hits: readonly { readonly series: TurbineSeries }[]): string {
  const [first, ...more] = hits.map(({ series }) => series.turbine);
  return more.length === 0 ? first! : `${first} and ${more.length} more turbines`;
}

function describe(
  farm: ScannedFarm,
  { series, channel }: { readonly series: TurbineSeries; readonly channel: number },
  words: FindingWords,
): DataFinding {
  const values = series.columns[channel]!;
  // A row in the middle of what is wrong shows it best.
  const middle = median(values);
  const row = Math.max(
    0,
    values.findIndex((value) => value >= middle),
  );
  const place = placeOfRow(farm, series, row);
  return { check: "unit", ...place, ...words, value: `${values[row]!.toPrecision(3)} there; ${words.value}` };
}

function median(values: Float64Array): number {
  return computeQuantile(values, 0.5);
}
