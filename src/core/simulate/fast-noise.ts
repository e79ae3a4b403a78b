/** Gaussian noise at tens of millions of samples a second: xorshift32 picks from a table of normal deviates. */
import { createRandom } from "../maths/random.ts";

const tableSize = 65_536;
let sharedTable: Float64Array | undefined;

/** Fills `out[0 … length)` with white noise of zero mean and unit variance. */
interface FastNoise {
  fill(out: Float64Array, length: number): void;
}

/** Creates the stream of a seed. Good enough for noise (tails end near 4.3 σ), not for statistics or secrets. */
export function createFastNoise(seed: number): FastNoise {
  const table = normalTable();
  // xorshift32 (Marsaglia 2003) must not start from zero.
  let state = Math.trunc(seed) | 0 || 0x6d2b79f5;
  return {
    fill: (out, length) => {
      let x = state;
      for (let index = 0; index < length; index++) {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
        // The upper half: xorshift's low bits are its weaker ones.
        out[index] = table[x >>> 16]!;
      }
      state = x;
    },
  };
}

/** 65,536 normal deviates, centred and scaled to variance 1; the same in every process. */
function normalTable(): Float64Array {
  if (sharedTable !== undefined) return sharedTable;
  const random = createRandom(0x5eed);
  const table = new Float64Array(tableSize);
  let sum = 0;
  let squares = 0;
  for (let index = 0; index < tableSize; index++) {
    const value = random.normal();
    table[index] = value;
    sum += value;
    squares += value * value;
  }
  const mean = sum / tableSize;
  const deviation = Math.sqrt(squares / tableSize - mean * mean);
  for (let index = 0; index < tableSize; index++) table[index] = (table[index]! - mean) / deviation;
  sharedTable = table;
  return table;
}
