/** What standardises features before the student: learnt from training rows only, and one for corresponding features. */
import type { Scaler } from "../../core/contract/bundle/manifest.ts";
import { standardise } from "../../core/features/standardise.ts";
import type { Tying } from "./tied-network.ts";

/**
 * Mean and inverse standard deviation of every column of `features` [rows × columns]. Corresponding own features of
 * the hypotheses share theirs (pooled), since they share their weights. A constant column gets inverseStd 1. Values
 * are rounded to float32, as they are used.
 */
export function fitScaler(
  { rows, features }: { readonly rows: number; readonly features: Float32Array },
  tying: Tying,
  clamp: number,
): Scaler {
  const columns = features.length / rows;
  const pools: (readonly number[])[] = tying.own[0]!.map((_, input) => tying.own.map((own) => own[input]!));
  const pooled = new Set(pools.flat());
  for (let column = 0; column < columns; column++) if (!pooled.has(column)) pools.push([column]);
  const mean = new Array<number>(columns).fill(0);
  const inverseStd = new Array<number>(columns).fill(1);
  for (const pool of pools) {
    let sum = 0;
    let squares = 0;
    for (const column of pool) {
      for (let row = 0; row < rows; row++) sum += features[row * columns + column]!;
    }
    const centre = sum / (rows * pool.length);
    for (const column of pool) {
      for (let row = 0; row < rows; row++) squares += (features[row * columns + column]! - centre) ** 2;
    }
    const deviation = Math.sqrt(squares / (rows * pool.length));
    for (const column of pool) {
      mean[column] = Math.fround(centre);
      inverseStd[column] = deviation > 1e-9 ? Math.fround(1 / deviation) : 1;
    }
  }
  return { mean, inverseStd, clamp };
}

/** Standardises rows as the runtime does. */
export function standardiseRows(features: Float32Array, rows: number, scaler: Scaler): Float32Array {
  const out = new Float32Array(features.length);
  standardise(features, rows, scaler, out);
  return out;
}
