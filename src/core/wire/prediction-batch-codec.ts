/**
 * Packs thinned predictions: times as differences, probabilities as whole thousandths, risks as hundredths of a percent,
 * shaft speed to 0.1 rpm. A row of one failure mode takes about 11 bytes, 14 with risk and learning. Loses what lies
 * below those steps, and nothing else.
 */
import { maxFailureModes } from "../contract/alert.ts";
import type { PredictionBatch } from "../contract/uplink-record.ts";
import {
  asCount,
  asList,
  asListOf,
  asText,
  asTexts,
  asUint32,
  compact,
  maxBatchRows,
  modelOfPoint,
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
  if (batch.meanRisk !== undefined) asListOf(rows * modes, batch.meanRisk, "meanRisk");
  if (batch.maxRisk !== undefined) asListOf(rows * modes, batch.maxRisk, "maxRisk");
  if (batch.isLearning !== undefined) asListOf(rows, batch.isLearning, "isLearning");
  const times = batch.timesMs.map((time) => asCount(Math.round(time), "timesMs"));
  return compact({
    ...asTexts(batch, modelOfPoint),
    failureModes: batch.failureModes.map((mode) => asText(mode, "failureModes")),
    rows,
    startMs: times[0] ?? 0,
    deltaMs: times.slice(1).map((time, index) => time - times[index]!),
    windows: batch.windows.map((count) => asUint32(count, "windows")),
    meanPerMille: batch.meanProbability.map(toPerMille),
    maxPerMille: batch.maxProbability.map(toPerMille),
    shaftDeciRpm: batch.shaftRpm.map(toDeciRpm),
    meanRiskBasisPoints: batch.meanRisk?.map(toBasisPoints) ?? [],
    maxRiskBasisPoints: batch.maxRisk?.map(toBasisPoints) ?? [],
    learning: batch.isLearning?.map((isLearning) => (isLearning === null ? 0 : isLearning ? 2 : 1)) ?? [],
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
  /** Empty from a gateway that says nothing of it. */
  const optional = (name: string, expected: number): number[] | undefined =>
    asList(plain[name], name, Number.POSITIVE_INFINITY).length === 0 ? undefined : numbers(name, expected);
  const meanRisk = optional("meanRiskBasisPoints", cells)?.map(fromBasisPoints);
  const maxRisk = optional("maxRiskBasisPoints", cells)?.map(fromBasisPoints);
  const isLearning = optional("learning", rows)?.map(fromLearning);
  const timesMs: number[] = [];
  let timeMs = asCount(plain.startMs, "startMs");
  for (const [index, deltaMs] of [0, ...numbers("deltaMs", Math.max(0, rows - 1))].slice(0, rows).entries()) {
    timeMs = asCount(timeMs + deltaMs, `time of row ${index}`);
    timesMs.push(timeMs);
  }
  return {
    kind: "prediction-batch",
    ...asTexts(plain, modelOfPoint),
    failureModes: failureModes.map((mode) => asText(mode, "failureModes")),
    timesMs,
    windows: numbers("windows", rows),
    meanProbability: numbers("meanPerMille", cells).map(fromPerMille),
    maxProbability: numbers("maxPerMille", cells).map(fromPerMille),
    shaftRpm: numbers("shaftDeciRpm", rows).map((value) => (value === 0 ? Number.NaN : (value - 1) / 10)),
    ...(meanRisk === undefined ? {} : { meanRisk }),
    ...(maxRisk === undefined ? {} : { maxRisk }),
    ...(isLearning === undefined ? {} : { isLearning }),
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

/** Plus 1, so that 0 stays for what is not known. */
function toBasisPoints(risk: number | null): number {
  if (risk === null) return 0;
  if (!(risk >= 0 && risk <= 1)) throw new WireRangeError(`risk ${risk}`);
  return Math.round(risk * 10_000) + 1;
}

function fromBasisPoints(value: number): number | null {
  if (value > 10_001) throw new WireRangeError(`risk of ${value - 1} basis points`);
  return value === 0 ? null : (value - 1) / 10_000;
}

function fromLearning(value: number): boolean | null {
  if (value > 2) throw new WireRangeError(`learning is ${value}`);
  return value === 0 ? null : value === 2;
}

function toDeciRpm(rpm: number): number {
  if (Number.isNaN(rpm)) return 0;
  return asUint32(Math.round(Math.abs(rpm) * 10) + 1, "shaftRpm");
}
