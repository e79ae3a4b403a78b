/** What a column would be in another unit than is said, and a finding on a column of some turbines in words. */
import { computeQuantile } from "../../../../core/maths/robust.ts";
import type { TurbineSeries } from "../growing-rows.ts";
import { columnInUnitOf } from "../table-columns.ts";
import { type ConvertUnit, convertUnit, dimensionOf, listUnits } from "../units.ts";
import type { DataFinding } from "./data-finding.ts";
import { placeOfRow, type ScannedFarm } from "./scanned-farm.ts";

/** A reading of the column in another unit than it is said to be in. */
interface Rereading {
  readonly unit: string;
  readonly convert: ConvertUnit;
}

/** Name of a channel's column. */
export function columnNameOf({ source: { dataset, channels } }: ScannedFarm, channel: number): string {
  return columnInUnitOf(dataset, channels[channel]!).column;
}

/** What a value of a channel would be, had its column been in another unit. */
export function listRereadings({ source: { dataset, channels } }: ScannedFarm, channel: number): Rereading[] {
  const { unit } = channels[channel]!;
  const { unit: declared } = columnInUnitOf(dataset, channels[channel]!);
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

/** What is looked for turbine by turbine: `measure` gives what is wrong there, or null; `say` the words for the first of all. */
interface TurbineQuestion<T> {
  readonly measure: (series: TurbineSeries) => T | null;
  readonly say: (measured: T, turbines: string) => FindingWords;
}

/** What of a finding on a column is said. */
type FindingWords = Pick<DataFinding, "severity" | "value" | "problem" | "cure">;

/** One finding for all turbines of which something is wrong, at the first of them. */
export function findTurbines<T>(
  farm: ScannedFarm,
  channel: number,
  { measure, say }: TurbineQuestion<T>,
): DataFinding[] {
  const hits = farm.turbines.flatMap((series) => {
    const measured = series.rows === 0 ? null : measure(series);
    return measured === null ? [] : [{ series, measured }];
  });
  const [first] = hits;
  if (first === undefined) return [];
  const { series, measured } = first;
  const others = hits.length - 1;
  const turbines = others === 0 ? series.turbine : `${series.turbine} and ${others} more turbines`;
  return [describeColumnFinding(farm, { series, channel }, say(measured, turbines))];
}

/** A finding on a turbine's column, at a row that shows it. */
export function describeColumnFinding(
  farm: ScannedFarm,
  { series, channel }: { readonly series: TurbineSeries; readonly channel: number },
  words: FindingWords,
): DataFinding {
  const values = series.columns[channel]!;
  // A row in the middle of what is wrong shows it best.
  const middle = computeQuantile(values, 0.5);
  const row = Math.max(
    0,
    values.findIndex((value) => value >= middle),
  );
  const place = placeOfRow(farm, series, row);
  return { check: "unit", ...place, ...words, value: `${values[row]!.toPrecision(3)} there; ${words.value}` };
}
