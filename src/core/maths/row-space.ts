/** Rows of numbers in one piece of memory: an array with a buffer of its own takes some 550 bytes beside its numbers. */

/** Numbers of each row, in either precision. */
export interface RowWidth {
  readonly doubles: number;
  readonly singles: number;
}

/** Room for some rows, one behind the other, all 0. */
interface RowSpace {
  readonly doubles: Float64Array;
  readonly singles: Float32Array;
}

/** Makes room for so many rows: those of `space`, as wide, and more. */
export function growRowSpace(space: RowSpace, rows: number, width: RowWidth): RowSpace {
  const grown = makeRowSpace(rows, width);
  grown.doubles.set(space.doubles);
  grown.singles.set(space.singles);
  return grown;
}

/** Makes room for so many rows. */
export function makeRowSpace(rows: number, width: RowWidth): RowSpace {
  const doubles = rows * width.doubles;
  const singles = rows * width.singles;
  const singlesAt = doubles * Float64Array.BYTES_PER_ELEMENT;
  const buffer = new ArrayBuffer(singlesAt + singles * Float32Array.BYTES_PER_ELEMENT);
  return {
    doubles: new Float64Array(buffer, 0, doubles),
    singles: new Float32Array(buffer, singlesAt, singles),
  };
}
