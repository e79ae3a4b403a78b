/**
 * Thins prediction batches that wait for a collector further, to rows of ten minutes: windows summed, means weighted by
 * them, maxima kept. Every window stays counted in exactly one row. Knows no outbox.
 */

import type { PredictionBatch } from "../../core/contract/uplink-record.ts";
import { findOrMake } from "../../core/maths/find-or-make.ts";

/** Length of a row, counted from the epoch. */
const summaryRowMs = 600_000;
/** Rows of one batch: a day. */
const maxSummaryRows = 144;

/** Batches of longer rows with the same windows; one or more a point, model and set of failure modes. */
export function summarisePredictions(batches: readonly PredictionBatch[]): PredictionBatch[] {
  const groups = new Map<string, Group>();
  for (const batch of batches) {
    const { site, turbine, component, modelName, modelVersion, failureModes } = batch;
    const key = JSON.stringify([site, turbine, component, modelName, modelVersion, failureModes]);
    const group = findOrMake(groups, key, () => ({ header: batch, rows: new Map() }));
    for (let row = 0; row < batch.timesMs.length; row++) addRow(group, batch, row);
  }
  return [...groups.values()].flatMap(({ header, rows }) => {
    const all = [...rows.values()];
    const parts: PredictionBatch[] = [];
    for (let start = 0; start < all.length; start += maxSummaryRows)
      parts.push(buildBatch(header, all.slice(start, start + maxSummaryRows)));
    return parts;
  });
}

interface Group {
  readonly header: PredictionBatch;
  /** By the number of the row since the epoch. */
  readonly rows: Map<number, SummaryRow>;
}

interface SummaryRow {
  timeMs: number;
  windows: number;
  readonly shaftRpm: WeightedMean;
  readonly modes: readonly {
    readonly probability: WeightedMean;
    readonly risk: WeightedMean;
  }[];
  isLearning: boolean | null;
}

interface WeightedMean {
  sum: number;
  weight: number;
  max: number;
}

function addRow({ header, rows }: Group, batch: PredictionBatch, index: number): void {
  const timeMs = batch.timesMs[index]!;
  const number = Math.floor(timeMs / summaryRowMs);
  const row = findOrMake(rows, number, () => ({
    timeMs,
    windows: 0,
    shaftRpm: createMean(),
    modes: header.failureModes.map(() => ({ probability: createMean(), risk: createMean() })),
    isLearning: null,
  }));
  const windows = batch.windows[index]!;
  row.timeMs = Math.max(row.timeMs, timeMs);
  row.windows += windows;
  row.isLearning = batch.isLearning?.[index] ?? row.isLearning;
  addToMean(row.shaftRpm, batch.shaftRpm[index]!, { max: batch.shaftRpm[index]!, weight: windows });
  for (const [mode, { probability, risk }] of row.modes.entries()) {
    const cell = index * header.failureModes.length + mode;
    addToMean(probability, batch.meanProbability[cell]!, {
      max: batch.maxProbability[cell]!,
      weight: windows,
    });
    const meanRisk = batch.meanRisk?.[cell] ?? Number.NaN;
    addToMean(risk, meanRisk, { max: batch.maxRisk?.[cell] ?? meanRisk, weight: windows });
  }
}

function createMean(): WeightedMean {
  return { sum: 0, weight: 0, max: Number.NEGATIVE_INFINITY };
}

/** What is not known (NaN) weighs nothing. */
function addToMean(
  mean: WeightedMean,
  value: number,
  { max, weight }: { readonly max: number; readonly weight: number },
): void {
  if (Number.isNaN(value)) return;
  mean.sum += value * weight;
  mean.weight += weight;
  mean.max = Math.max(mean.max, max);
}

/** Of rows without a window: what was said last is not known either. */
function meanOf({ sum, weight, max }: WeightedMean): number | null {
  return weight === 0 ? null : Math.min(max, sum / weight);
}

function buildBatch(header: PredictionBatch, rows: readonly SummaryRow[]): PredictionBatch {
  const { site, turbine, component, modelName, modelVersion, failureModes } = header;
  const cells = rows.flatMap((row) => row.modes);
  const meanRisk = cells.map(({ risk }) => meanOf(risk));
  const isLearning = rows.map((row) => row.isLearning);
  return {
    kind: "prediction-batch",
    site,
    turbine,
    component,
    modelName,
    modelVersion,
    failureModes,
    timesMs: rows.map((row) => row.timeMs),
    windows: rows.map((row) => row.windows),
    meanProbability: cells.map(({ probability }) => meanOf(probability) ?? 0),
    maxProbability: cells.map(({ probability }) => Math.max(0, probability.max)),
    shaftRpm: rows.map(({ shaftRpm }) => meanOf(shaftRpm) ?? Number.NaN),
    ...(meanRisk.every((risk) => risk === null)
      ? {}
      : { meanRisk, maxRisk: cells.map(({ risk }) => (risk.weight === 0 ? null : risk.max)) }),
    ...(isLearning.every((each) => each === null) ? {} : { isLearning }),
  };
}
