import { shareCounts } from "../../core/maths/wasm-module.ts";

/**
 * Reads counts out of memory that both threads see into that of this thread's kernels, which is filled anew each time: what lies in
 * shared memory is copied many times more slowly by whoever takes it next, and a view on it would be made for each block.
 */
export function createCountsReader(words: Int32Array): (fromWord: number, length: number) => Int16Array {
  const room = shareCounts();
  let held = new Int32Array(room.buffer, room.byteOffset, room.length >> 1);
  /** By length: devices send few. */
  let views: (Int16Array | undefined)[] = [];
  return (fromWord, length) => {
    const many = (length + 1) >> 1;
    if (many > held.length) {
      held = new Int32Array(2 * many);
      views = [];
    }
    for (let index = 0; index < many; index++) held[index] = words[fromWord + index]!;
    let view = views[length];
    if (view === undefined) {
      view = new Int16Array(held.buffer, held.byteOffset, length);
      views[length] = view;
    }
    return view;
  };
}
