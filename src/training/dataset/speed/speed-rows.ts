/**
 * How a speed stands in the rows beside the samples of a recording, where it was taken more seldom than they: in a few of the
 * rows, with nothing between; or in the first rows, a value in each, and nothing behind them. Says nothing of its unit.
 */
import type { SampleFile } from "../samples/samples.ts";

/** Of the rows of a channel. */
interface SpeedRows {
  readonly rows: number;
  /** Rows up to the last value. */
  readonly values: number;
  /** Rows from one value to the next, at least, where there is nothing between; 1: a value in each. */
  readonly everyRows: number;
}

/** Steps from value to value that show how a speed was taken. */
const fewestSteps = 2;
/** Values further apart than so many times the shortest way have one missing between them. */
const mostSteps = 2;
const pieceSamples = 8192;

/** Reads all rows of `file`. Fails as its reader does. */
export async function measureSpeedRows(file: SampleFile): Promise<SpeedRows> {
  let [rows, count, first, last] = [0, 0, 0, 0];
  let leastApart = Number.POSITIVE_INFINITY;
  for await (const piece of file.pieces()) {
    for (const value of piece) {
      if (!Number.isNaN(value)) {
        if (count++ === 0) first = rows;
        else leastApart = Math.min(leastApart, rows - last);
        last = rows;
      }
      rows++;
    }
  }
  const steps = count - 1;
  const isSeldom = steps >= fewestSteps && steps * leastApart * mostSteps >= last - first;
  return { rows, values: count === 0 ? 0 : last + 1, everyRows: isSeldom ? leastApart : 1 };
}

/** `file` with a value in each row: between two that follow each other the speed goes evenly; it stays for one step more. */
export function fillBetween(file: SampleFile, everyRows: number): SampleFile {
  async function* read(): AsyncGenerator<Float64Array> {
    const out = new Float64Array(pieceSamples);
    let filled = 0;
    let [row, from, start] = [0, 0, Number.NaN];
    function* fill(to: number, end: number): Generator<Float64Array> {
      const rows = to - from;
      const isEven = rows <= mostSteps * everyRows && !Number.isNaN(end - start);
      for (let at = 0; at < rows; at++) {
        out[filled++] = isEven ? start + ((end - start) * at) / rows : at < everyRows ? start : Number.NaN;
        if (filled < pieceSamples) continue;
        yield out;
        filled = 0;
      }
    }
    for await (const piece of file.pieces()) {
      for (const value of piece) {
        if (!Number.isNaN(value)) {
          // The first value holds for the rows above it, where they are few.
          if (Number.isNaN(start) && row <= everyRows) start = value;
          yield* fill(row, value);
          [from, start] = [row, value];
        }
        row++;
      }
    }
    yield* fill(row, Number.NaN);
    if (filled > 0) yield out.subarray(0, filled);
  }
  return { ...file, pieces: read };
}
