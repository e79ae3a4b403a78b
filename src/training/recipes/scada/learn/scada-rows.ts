/**
 * From SCADA tables to what the student sees: features by the serving extractor, measured values, and whether a row
 * may be scored. Rows keep their order in time; train and test of a turbine are one stretch, as a gateway lives it.
 */
import type { OperationSpec } from "../../../../core/contract/bundle/normal-behaviour.ts";
import {
  createFrozenGuard,
  createOperationFilter,
} from "../../../../core/decision/normal-behaviour/guards.ts";
import { createScalarExtractor } from "../../../../core/features/scalar-extractor.ts";
import { dayMs } from "../../../../core/maths/durations.ts";
import { medianInPlace } from "../../../../core/maths/select.ts";
import { fingerprintFiles } from "../../../dataset/fingerprint.ts";
import type { TurbineSeries } from "../../../dataset/scada/growing-rows.ts";
import { refuseEmptyPeriods } from "../../../dataset/scada/period-rows.ts";
import {
  listPeriodFiles,
  readScadaTables,
  type ScadaPeriod,
  type ScadaSource,
} from "../../../dataset/scada/read-series.ts";
import { sayLoss } from "../../../dataset/scada/row-losses.ts";
import { parseDay, type ScadaTableDataset } from "../../../dataset/scada/table-config.ts";
import type { ScadaRecipeConfig } from "../scada-config.ts";

export interface TurbineRows {
  readonly turbine: string;
  readonly rows: number;
  /** The first rows are the train period's. */
  readonly trainRows: number;
  readonly timestampMs: Float64Array;
  /** [rows × features], not standardised. */
  readonly features: Float32Array;
  /** [rows × channels], as measured, in the order of the configuration's channels. */
  readonly readings: Float32Array;
  /** [rows × outputs], measured. */
  readonly measured: Float32Array;
  /** [rows], 1 = normal operation and not frozen. */
  readonly usable: Uint8Array;
}

export interface ScadaRows {
  readonly turbines: readonly TurbineRows[];
  readonly operation: OperationSpec;
}

/** A split in time: learnt before `startMs`, judged from there to `endMs`. */
export interface TimeSplit {
  readonly startMs: number;
  readonly endMs: number;
}

export interface ScadaFingerprint {
  readonly train: string;
  readonly test: string;
}

/** The share of the configuration that decides the rows. */
type RowsConfig = Pick<
  ScadaRecipeConfig,
  "dataset" | "channels" | "window" | "features" | "residuals" | "operation" | "guard"
>;

/** Days since the epoch. */
export function dayOf(timestampMs: number): number {
  return Math.floor(timestampMs / dayMs);
}

/** Of the files that hold rows to learn from, and of those that hold rows to judge on; log and costs count to both. */
export async function fingerprintTables(
  dataDir: string,
  dataset: ScadaTableDataset,
): Promise<ScadaFingerprint> {
  const { log, costs } = dataset;
  const beside = [...(log?.files ?? []), ...(costs !== undefined && "file" in costs ? [costs.file] : [])];
  const read = async (period: "train" | "test"): Promise<string> => {
    const files = await listPeriodFiles(dataDir, dataset, period);
    return await fingerprintFiles(dataDir, [...beside, ...files.map(({ name }) => name)]);
  };
  return { train: await read("train"), test: await read("test") };
}

/** What the tables of a configuration are read by. */
export function sourceOf({
  dataset,
  channels,
  window,
}: Pick<RowsConfig, "dataset" | "channels" | "window">): ScadaSource {
  return { dataset, channels, intervalMs: 1000 * window.length };
}

/** Reads a period; `leftOut` says of rows that cannot be used. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readScadaRows(
  dataDir: string,
  config: RowsConfig,
  period: ScadaPeriod,
): Promise<ScadaRows & { readonly leftOut: readonly string[] }> {
  const { turbines: read, losses } = await readScadaTables(dataDir, sourceOf(config), period);
  if (period === "all") refuseEmptyPeriods(read, config.dataset);
  const testMs = parseDay(config.dataset.period.test);
  const operation = fitOperation(
    read.map((series) => cutSeries(series, testMs)),
    config,
  );
  const turbines = read.map((series) => makeTurbineRows(series, operation, config));
  return { turbines, operation, leftOut: losses.map(sayLoss) };
}

/** The rows before `endMs`. */
function cutSeries(series: TurbineSeries, endMs: number): TurbineSeries {
  const rows = countRowsBefore(series, endMs);
  return {
    turbine: series.turbine,
    rows,
    timestampMs: series.timestampMs.subarray(0, rows),
    columns: series.columns.map((column) => column.subarray(0, rows)),
  };
}

/** Rows of a turbine before `endMs`; they stand in order of time. */
export function countRowsBefore(
  { rows, timestampMs }: Pick<TurbineSeries, "rows" | "timestampMs">,
  endMs: number,
): number {
  const found = timestampMs.findIndex((time) => time >= endMs);
  return found < 0 ? rows : found;
}

function fitOperation(turbines: readonly TurbineSeries[], config: RowsConfig): OperationSpec {
  const { limits, windChannel, powerChannel, minRatio, maxRatio, binWidth } = config.operation;
  const placeOf = (channel: string): number => config.channels.findIndex(({ name }) => name === channel);
  const [wind, power] = [placeOf(windChannel), placeOf(powerChannel)];
  const points = fitPowerCurve(
    turbines.map(({ columns }) => ({ wind: columns[wind]!, power: columns[power]! })),
    binWidth,
  );
  return { limits, powerCurve: { windChannel, powerChannel, points, minRatio, maxRatio } };
}

const minBinRows = 30;

/**
 * The power that a wind speed gives, from rows in normal operation. Points (wind, power) in rising order of wind: the
 * median power of each bin of `binWidth` at the bin's middle, never below the one before; bins with few rows are left out.
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

/** Rows of one turbine, whose columns are in the sequence of the channels. */
export function makeTurbineRows(
  series: TurbineSeries,
  operation: OperationSpec,
  config: RowsConfig,
): TurbineRows {
  const channels = config.channels.map(({ name }) => name);
  const { turbine, rows, timestampMs } = series;
  const width = config.features.list.length;
  const outputs = config.residuals.map((residual) => channels.indexOf(residual.channel));
  const out: TurbineRows = {
    turbine,
    rows,
    trainRows: countRowsBefore(series, parseDay(config.dataset.period.test)),
    timestampMs,
    features: new Float32Array(rows * width),
    readings: new Float32Array(rows * channels.length),
    measured: new Float32Array(rows * outputs.length),
    usable: new Uint8Array(rows),
  };
  const extractor = createScalarExtractor(config.features);
  const isNormal = createOperationFilter(operation, channels);
  const guard = createFrozenGuard(config.guard.frozenRows);
  const values = new Float64Array(channels.length);
  for (let row = 0; row < rows; row++) {
    extractor.begin();
    for (const [channel, column] of series.columns.entries()) {
      values[channel] = column[row]!;
      extractor.push(channels[channel]!, column[row]!);
    }
    extractor.finish(out.features, row * width, timestampMs[row]!);
    out.readings.set(values, row * channels.length);
    for (const [output, channel] of outputs.entries()) {
      out.measured[row * outputs.length + output] = values[channel]!;
    }
    const frozen = guard.update(values);
    out.usable[row] = isNormal(values) && !frozen ? 1 : 0;
  }
  return out;
}
