/**
 * Notices frozen data: when every channel repeats its value for several rows, nobody measures any more. One slow
 * temperature may stand still for hours; all channels together, power and speed among them, do not.
 */

/** One turbine's rows. */
export interface FrozenGuard {
  /** Takes the next row; true when this row and the `rows` − 1 before it were all the same. */
  update(row: ArrayLike<number>): boolean;
}

/** Creates a guard that fires at the `rows`-th identical row and stays until a value changes; rows ≥ 2. */
export function createFrozenGuard(rows: number): FrozenGuard {
  let last: Float64Array | null = null;
  let run = 1;
  return {
    update: (row) => {
      if (last === null || last.length !== row.length) {
        last = Float64Array.from(row);
        run = 1;
        return false;
      }
      let same = true;
      for (let index = 0; index < last.length; index++) {
        if (row[index] !== last[index]) same = false;
        last[index] = row[index]!;
      }
      run = same ? run + 1 : 1;
      return run >= rows;
    },
  };
}
