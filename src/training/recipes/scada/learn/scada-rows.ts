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
import { type EdpPeriod, type EdpSignals, readEdpSignals } from "../../../dataset/edp-signals.ts";
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
  "columns" | "channels" | "features" | "residuals" | "operation" | "guard"
>;

/** Days since the epoch. */
export function dayOf(timestampMs: number): number {
  return Math.floor(timestampMs / dayMs);
}

/** Fingerprints the files that {@link readScadaRows} reads. */
export async function fingerprintEdp(dataDir: string): Promise<ScadaFingerprint> {
  const read = async (period: EdpPeriod): Promise<string> =>
    (await readEdpSignals(dataDir, period, [])).fingerprint;
  return { train: await read("train"), test: await read("test") };
}

/** Reads `periods`, the train period first. Fails with CONFIG_INVALID, DATA_MISSING or DATA_FORMAT. */
export async function readScadaRows(
  dataDir: string,
  config: RowsConfig,
  periods: readonly EdpPeriod[],
): Promise<ScadaRows> {
  const columns = config.channels.map(({ name }) => config.columns[name] ?? name);
  const parts: (readonly EdpSignals[])[] = [];
  for (const period of periods) parts.push((await readEdpSignals(dataDir, period, columns)).turbines);
  const operation = fitOperation(parts[0]!, config);
  const turbines = parts[0]!.map((_, index) =>
    makeTurbineRows(
      parts.map((part) => part[index]!),
      operation,
      config,
    ),
  );
  return { turbines, operation };
}

function fitOperation(turbines: readonly EdpSignals[], config: RowsConfig): OperationSpec {
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

/** Rows of one turbine: its `parts` as one stretch, the train period first, their columns in the sequence of the channels. */
export function makeTurbineRows(
  parts: readonly EdpSignals[],
  operation: OperationSpec,
  config: RowsConfig,
): TurbineRows {
  const channels = config.channels.map(({ name }) => name);
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const width = config.features.list.length;
  const outputs = config.residuals.map((residual) => channels.indexOf(residual.channel));
  const out: TurbineRows = {
    turbine: parts[0]!.turbine,
    rows,
    trainRows: parts[0]!.rows,
    timestampMs: new Float64Array(rows),
    features: new Float32Array(rows * width),
    readings: new Float32Array(rows * channels.length),
    measured: new Float32Array(rows * outputs.length),
    usable: new Uint8Array(rows),
  };
  const extractor = createScalarExtractor(config.features);
  const isNormal = createOperationFilter(operation, channels);
  const guard = createFrozenGuard(config.guard.frozenRows);
  const values = new Float64Array(channels.length);
  let row = 0;
  for (const part of parts) {
    for (let index = 0; index < part.rows; index++, row++) {
      extractor.begin();
      for (const [channel, column] of part.columns.entries()) {
        values[channel] = column[index]!;
        extractor.push(channels[channel]!, column[index]!);
      }
      const timeMs = part.timestampMs[index]!;
      extractor.finish(out.features, row * width, timeMs);
      out.timestampMs[row] = timeMs;
      out.readings.set(values, row * channels.length);
      for (const [output, channel] of outputs.entries()) {
        out.measured[row * outputs.length + output] = values[channel]!;
      }
      const frozen = guard.update(values);
      out.usable[row] = isNormal(values) && !frozen ? 1 : 0;
    }
  }
  return out;
}
