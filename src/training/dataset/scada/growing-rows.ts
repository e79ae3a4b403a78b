/** Rows of one turbine as they come, in memory that grows by half; given back in order of time, of equal times the first. */

/** Rows of one turbine in order of time. */
export interface TurbineSeries {
  readonly turbine: string;
  readonly rows: number;
  /** Of each interval, as the table stamps it; strictly rising, epoch ms. */
  readonly timestampMs: Float64Array;
  /** [rows] a channel, in the channel's unit, in the sequence of the configuration's channels. */
  readonly columns: readonly Float64Array[];
}

export interface GrowingRows {
  readonly rows: number;
  /** Adds a row; `values` are copied. */
  add(timeMs: number, values: Float64Array): void;
  /** All rows; `repeated` is told the times of those that were left out, because another row has their time. */
  finish(turbine: string, repeated: (timesMs: Float64Array) => void): TurbineSeries;
}

/** Creates rows of `channels` values each. */
export function createGrowingRows(channels: number): GrowingRows {
  const width = channels + 1;
  let held = new Float64Array(width * 4096);
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    add: (timeMs, values) => {
      if ((rows + 1) * width > held.length) {
        const larger = new Float64Array(width * Math.ceil((1.5 * held.length) / width));
        larger.set(held);
        held = larger;
      }
      held[rows * width] = timeMs;
      held.set(values, rows * width + 1);
      rows++;
    },
    finish: (turbine, repeated) => {
      const timeOf = (row: number): number => held[row * width]!;
      // Stable: of equal times the first that came stays the first.
      const order = Uint32Array.from({ length: rows }, (_, row) => row).sort(
        (a, b) => timeOf(a) - timeOf(b) || a - b,
      );
      const isFirst = (row: number, at: number): boolean =>
        at === 0 || timeOf(row) !== timeOf(order[at - 1]!);
      const kept = order.filter(isFirst);
      if (kept.length < rows)
        repeated(
          Float64Array.from(
            order.filter((row, at) => !isFirst(row, at)),
            timeOf,
          ),
        );
      const series = {
        turbine,
        rows: kept.length,
        timestampMs: Float64Array.from(kept, timeOf),
        columns: Array.from({ length: channels }, (_, channel) =>
          Float64Array.from(kept, (row) => held[row * width + 1 + channel]!),
        ),
      };
      held = new Float64Array(0);
      rows = 0;
      return series;
    },
  };
}
