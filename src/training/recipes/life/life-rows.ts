/** Feature rows of engines, cycle by cycle, with the serving code; and which of them count for how much. */

import type { FeatureSpec } from "../../../core/contract/bundle/feature-spec.ts";
import { createHistoryExtractor } from "../../../core/features/history-extractor.ts";
import { type CmapssEngine, cmapssChannels } from "../../dataset/cmapss.ts";

/** Rows of several engines, engine by engine in order of time. */
export interface LifeRows {
  readonly rows: number;
  /** [rows × features], not standardised. */
  readonly features: Float32Array;
  /** Cycles left after each row. */
  readonly remaining: Float32Array;
  /** Index of each row's engine. */
  readonly engine: Int32Array;
}

/** Computes features of all rows from `minHistory` cycles on; engines with fewer give no row. */
export function createLifeRows(
  engines: readonly CmapssEngine[],
  spec: FeatureSpec,
  minHistory: number,
): LifeRows {
  const extractor = createHistoryExtractor(spec);
  const columns = extractor.channels.map((channel) => cmapssChannels.indexOf(channel));
  const width = spec.list.length;
  const rows = engines.reduce((sum, engine) => sum + Math.max(0, engine.cycles - minHistory + 1), 0);
  const features = new Float32Array(rows * width);
  const remaining = new Float32Array(rows);
  const owner = new Int32Array(rows);
  let row = 0;
  for (const [index, engine] of engines.entries()) {
    extractor.begin();
    const readings = new Float64Array(columns.length);
    for (let cycle = 1; cycle <= engine.cycles; cycle++) {
      const start = (cycle - 1) * cmapssChannels.length;
      for (const [to, from] of columns.entries()) readings[to] = engine.values[start + from]!;
      extractor.push(readings);
      if (cycle < minHistory) continue;
      extractor.read(features, row * width);
      remaining[row] = engine.cycles - cycle + engine.remainingCycles;
      owner[row] = index;
      row++;
    }
  }
  return { rows, features, remaining, engine: owner };
}

/**
 * Weights as if every engine were cut off once, at a cycle drawn evenly from those with at most `maxRemaining` cycles
 * left: each engine weighs 1 in all. Without this, long-lived engines and their healthy years would decide.
 */
export function weighCuts(rows: LifeRows, maxRemaining: number): Float32Array {
  const counts = new Map<number, number>();
  for (const [row, engine] of rows.engine.entries()) {
    if (rows.remaining[row]! <= maxRemaining) counts.set(engine, (counts.get(engine) ?? 0) + 1);
  }
  return Float32Array.from(rows.engine, (engine, row) =>
    rows.remaining[row]! <= maxRemaining ? 1 / counts.get(engine)! : 0,
  );
}

/** The rows for which `keep` holds. */
export function selectRows(rows: LifeRows, keep: (row: number) => boolean): LifeRows {
  const kept = Array.from({ length: rows.rows }, (_, row) => row).filter(keep);
  const width = rows.rows === 0 ? 0 : rows.features.length / rows.rows;
  const features = new Float32Array(kept.length * width);
  for (const [to, from] of kept.entries()) {
    features.set(rows.features.subarray(from * width, (from + 1) * width), to * width);
  }
  return {
    rows: kept.length,
    features,
    remaining: Float32Array.from(kept, (row) => rows.remaining[row]!),
    engine: Int32Array.from(kept, (row) => rows.engine[row]!),
  };
}

/** The last row of every engine, where test engines are scored. */
export function selectLastRows(rows: LifeRows): LifeRows {
  return selectRows(rows, (row) => rows.engine[row] !== rows.engine[row + 1]);
}
