import { shareCounts } from "../../core/maths/wasm-module.ts";

/** Counts in a word of eight bytes. */
const countsPerWord = 4;

/**
 * Reads counts out of memory that both threads see into that of this thread's kernels, which is filled anew each time: what lies in
 * shared memory is copied many times more slowly by whoever takes it next, and a view on it would be made for each block. Eight
 * bytes at a time, as whole numbers: each keeps its bits.
 */
export function createCountsReader(
  records: SharedArrayBuffer,
): (fromByte: number, length: number) => Int16Array {
  const words = new BigInt64Array(records);
  const room = shareCounts();
  let held = new BigInt64Array(room.buffer, room.byteOffset, room.length / countsPerWord);
  /** By length: devices send few. */
  let views: (Int16Array | undefined)[] = [];
  return (fromByte, length) => {
    const many = Math.ceil(length / countsPerWord);
    if (many > held.length) {
      held = new BigInt64Array(2 * many);
      views = [];
    }
    const from = fromByte >> 3;
    for (let index = 0; index < many; index++) held[index] = words[from + index]!;
    let view = views[length];
    if (view === undefined) {
      view = new Int16Array(held.buffer, held.byteOffset, length);
      views[length] = view;
    }
    return view;
  };
}
