/**
 * Packs thinned predictions: times as differences, probabilities as whole thousandths, shaft speed to 0.1 rpm. A row
 * of one failure mode takes about 11 bytes. Loses what lies below those steps, and nothing else.
 */
import type { PredictionBatch } from "../contract/uplink-record.ts";
import {
  asCount,
  asList,
  asListOf,
  asText,
  asUint32,
  compact,
  maxBatchRows,
  maxFailureModes,
  type Plain,
  WireRangeError,
} from "./uplink-schema.ts";

/** Fields of the message; throws {@link WireRangeError} for a batch whose columns do not fit together. */
export function packPredictionBatch(batch: PredictionBatch): Plain {
  const rows = asList(batch.timesMs, "timesMs", maxBatchRows).length;
  const modes = asList(batch.failureModes, "failureModes", maxFailureModes).length;
  asListOf(rows, batch.windows, "windows");
  asListOf(rows, batch.shaftRpm, "shaftRpm");
  asListOf(rows * modes, batch.meanProbability, "meanProbability");
  asListOf(rows * modes, batch.maxProbability, "maxProbability");
  const times = batch.timesMs.map((time) => asCount(Math.round(time), "timesMs"));
  return compact({
    site: asText(batch.site, "site"),
    turbine: asText(batch.turbine, "turbine"),
    component: asText(batch.component, "component"),
    modelName: asText(batch.modelName, "modelName"),
    modelVersion: asText(batch.modelVersion, "modelVersion"),
    failureModes: batch.failureModes.map((mode) => asText(mode, "failureModes")),
    rows,
    startMs: times[0] ?? 0,
    deltaMs: times.slice(1).map((time, index) => time - times[index]!),
    windows: batch.windows.map((count) => asUint32(count, "windows")),
    meanPerMille: batch.meanProbability.map(toPerMille),
    maxPerMille: batch.maxProbability.map(toPerMille),
    shaftDeciRpm: batch.shaftRpm.map(toDeciRpm),
  });
}

/** The batch of a decoded message; throws {@link WireRangeError} for one that breaks its bounds. */
export function unpackPredictionBatch(plain: Plain): PredictionBatch {
  const rows = asCount(plain.rows, "rows");
  if (rows > maxBatchRows) throw new WireRangeError(`${rows} rows, at most ${maxBatchRows} allowed`);
  const failureModes = asList(plain.failureModes, "failureModes", maxFailureModes);
  const cells = rows * failureModes.length;
  const numbers = (name: string, expected: number): number[] =>
    asListOf(expected, plain[name], name).map((value) => Number(value));
  const timesMs: number[] = [];
  let timeMs = asCount(plain.startMs, "startMs");
  for (const [index, deltaMs] of [0, ...numbers("deltaMs", Math.max(0, rows - 1))].slice(0, rows).entries()) {
    timeMs = asCount(timeMs + deltaMs, `time of row ${index}`);
    timesMs.push(timeMs);
  }
  return {
    kind: "prediction-batch",
    site: asText(plain.site, "site"),
    turbine: asText(plain.turbine, "turbine"),
    component: asText(plain.component, "component"),
    modelName: asText(plain.modelName, "modelName"),
    modelVersion: asText(plain.modelVersion, "modelVersion"),
    failureModes: failureModes.map((mode) => asText(mode, "failureModes")),
    timesMs,
    windows: numbers("windows", rows),
    meanProbability: numbers("meanPerMille", cells).map(fromPerMille),
    maxProbability: numbers("maxPerMille", cells).map(fromPerMille),
    shaftRpm: numbers("shaftDeciRpm", rows).map((value) => (value === 0 ? Number.NaN : (value - 1) / 10)),
  };
}

function toPerMille(probability: number): number {
  if (!(probability >= 0 && probability <= 1)) throw new WireRangeError(`probability ${probability}`);
  return Math.round(probability * 1000);
}

function fromPerMille(value: number): number {
  if (value > 1000) throw new WireRangeError(`probability of ${value} per mille`);
  return value / 1000;
}

function toDeciRpm(rpm: number): number {
  if (Number.isNaN(rpm)) return 0;
  return asUint32(Math.round(Math.abs(rpm) * 10) + 1, "shaftRpm");
}
