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
import { type EdpPeriod, type EdpSignals, readEdpSignals } from "../../../dataset/edp-signals.ts";
import type { ScadaConfig } from "../scada-config.ts";
import { fitPowerCurve } from "./fit-power-curve.ts";

/** One turbine. */
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

/** All turbines, and what was learnt about their operation. */
export interface ScadaRows {
  readonly turbines: readonly TurbineRows[];
  readonly operation: OperationSpec;
}

/** Fingerprints of the files of both periods. */
export interface ScadaFingerprint {
  readonly train: string;
  readonly test: string;
}

/** The share of the configuration that decides the rows. */
export type RowsConfig = Pick<
  ScadaConfig,
  "columns" | "channels" | "features" | "residuals" | "operation" | "guard"
>;

/** Fingerprints the files that {@link readScadaRows} reads. */
export async function fingerprintEdp(dataDir: string): Promise<ScadaFingerprint> {
  const read = async (period: EdpPeriod): Promise<string> =>
    (await readEdpSignals(dataDir, period, [])).fingerprint;
  return { train: await read("train"), test: await read("test") };
}

/** Reads the train period alone, or train and test. Fails with CONFIG_INVALID, DATA_MISSING or DATA_FORMAT. */
export async function readScadaRows(
  dataDir: string,
  config: RowsConfig,
  periods: "train" | "train-and-test",
): Promise<ScadaRows> {
  const channels = config.channels.map((channel) => channel.name);
  const columns = channels.map((channel) => config.columns[channel] ?? channel);
  const train = await readEdpSignals(dataDir, "train", columns);
  const test = periods === "train" ? null : await readEdpSignals(dataDir, "test", columns);
  const operation = fitOperation(train.turbines, channels, config);
  const turbines = train.turbines.map((signals, index) =>
    makeTurbineRows(signals, test?.turbines[index] ?? null, channels, operation, config),
  );
  return { turbines, operation };
}

function fitOperation(
  turbines: readonly EdpSignals[],
  channels: readonly string[],
  config: RowsConfig,
): OperationSpec {
  const { limits, windChannel, powerChannel, minRatio, maxRatio, binWidth } = config.operation;
  const wind = channels.indexOf(windChannel);
  const power = channels.indexOf(powerChannel);
  const points = fitPowerCurve(
    turbines.map(({ columns }) => ({ wind: columns[wind]!, power: columns[power]! })),
    binWidth,
  );
  return { limits, powerCurve: { windChannel, powerChannel, points, minRatio, maxRatio } };
}

/** Rows of one turbine: of both periods as one stretch, or of `train` alone. `channels` name the columns. */
export function makeTurbineRows(
  train: EdpSignals,
  test: EdpSignals | null,
  channels: readonly string[],
  operation: OperationSpec,
  config: RowsConfig,
): TurbineRows {
  const parts = test === null ? [train] : [train, test];
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const width = config.features.list.length;
  const outputs = config.residuals.map((residual) => channels.indexOf(residual.channel));
  const out: TurbineRows = {
    turbine: train.turbine,
    rows,
    trainRows: train.rows,
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
