/** Numbers that stand at equal distances in a file, as the samples of one channel do among others'. Holds a piece of them, never the file. */
import { openDataFile, readWhole } from "../read-data-file.ts";

/** The number that begins at a place. */
export type ReadNumber = (view: DataView, at: number, little: boolean) => number;

interface StridedNumbers {
  /** Where the first begins in the file. */
  readonly from: number;
  readonly numberBytes: number;
  /** From the begin of one to that of the next. */
  readonly stepBytes: number;
  readonly count: number;
  readonly read: ReadNumber;
  readonly little: boolean;
}

const pieceBytes = 64 * 1024;

/** Reads all, in pieces that are valid until the next is asked for; `op` says what for. Fails with DATA_MISSING, DATA_FORMAT. */
export async function* readStrided(
  path: string,
  op: string,
  { from, numberBytes, stepBytes, count, read, little }: StridedNumbers,
): AsyncGenerator<Float64Array> {
  const most = Math.max(1, Math.floor(pieceBytes / stepBytes));
  const piece = new Float64Array(most);
  const bytes = new Uint8Array(most * stepBytes);
  const view = new DataView(bytes.buffer);
  const file = await openDataFile(path, op);
  try {
    for (let done = 0; done < count; ) {
      const taken = Math.min(most, count - done);
      // Behind the last number nothing need be there.
      const span = (taken - 1) * stepBytes + numberBytes;
      await readWhole({ file, path, op }, bytes.subarray(0, span), from + done * stepBytes);
      for (let index = 0; index < taken; index++) piece[index] = read(view, index * stepBytes, little);
      yield piece.subarray(0, taken);
      done += taken;
    }
  } finally {
    await file.close();
  }
}
