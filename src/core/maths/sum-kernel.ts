/**
 * Sums of raw counts and of their squares, exact whatever the order. In plain JavaScript, and eight counts at a time in
 * WebAssembly. Knows no channel.
 */
import { f64x2, i16x8, i32, i64x2, repeat } from "./wasm-code.ts";
import { encodeModule, preferVectors, startModule } from "./wasm-module.ts";

/** What was summed up; whole numbers, exact below 2^53. */
interface CountSums {
  sum: number;
  squares: number;
}

export interface SumKernel {
  /** Valid until the next call. */
  readonly found: Readonly<CountSums>;
  /** Sums up any number of counts. */
  run(counts: Int16Array): void;
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptSumKernel(): SumKernel {
  const found: CountSums = { sum: 0, squares: 0 };
  return {
    found,
    run: (counts) => {
      found.sum = 0;
      found.squares = 0;
      addCounts(found, counts, 0);
    },
  };
}

/** Adds `counts[from …)`. In variables, since a field is written to the heap each time. */
function addCounts(sums: CountSums, counts: Int16Array, from: number): void {
  let { sum, squares } = sums;
  for (let index = from; index < counts.length; index++) {
    const count = counts[index]!;
    sum += count;
    squares += count * count;
  }
  sums.sum = sum;
  sums.squares = squares;
}

const vectorBytes = 16;
const countBytes = 2;
const together = 8;
/** Counts of one run at most: 2^12 sums of two counts each stay far within 32 bits. */
const runCounts = 4096;
/** Behind four sums of 32 bits: two of squares, 64 bits each. */
const squaresAt = vectorBytes;
const countsAt = 2 * vectorBytes;

/** Creates the kernel in WebAssembly. @throws Error where the processor or the runtime has no vectors. */
export function createVectorSumKernel(): SumKernel {
  const { memory, find } = startModule(encodeSum());
  const sum = find("sum");
  const held = new Int16Array(memory, countsAt, runCounts);
  const sums = new Int32Array(memory, 0, 4);
  const squares = new Uint32Array(memory, squaresAt, 4);
  const found: CountSums = { sum: 0, squares: 0 };
  return {
    found,
    run: (counts) => {
      found.sum = 0;
      found.squares = 0;
      const whole = counts.length - (counts.length % together);
      for (let from = 0; from < whole; from += runCounts) {
        const to = Math.min(whole, from + runCounts);
        held.set(to - from === counts.length ? counts : counts.subarray(from, to));
        sum(countBytes * (to - from));
        found.sum += sums[0]! + sums[1]! + sums[2]! + sums[3]!;
        found.squares += squares[0]! + squares[2]! + (squares[1]! + squares[3]!) * 2 ** 32;
      }
      addCounts(found, counts, whole);
    },
  };
}

let shared: SumKernel | null = null;

/** The kernel of this process: vectors where there are any. */
export function shareSumKernel(): SumKernel {
  shared ??= preferVectors(createVectorSumKernel, createScriptSumKernel);
  return shared;
}

/** `sum(bytes)`: of whole vectors, one at least. */
function encodeSum(): Uint8Array {
  return encodeModule(countsAt + countBytes * runCounts, [
    {
      name: "sum",
      parameters: { bytes: "i32" },
      locals: { i32: "at", v128: "counts pairs sums squares" },
      body: ({ get, set }) => [
        ...set("sums", f64x2.zero()),
        ...set("squares", f64x2.zero()),
        ...repeat(
          [
            ...set("counts", f64x2.load(get("at"), countsAt)),
            ...set("sums", i16x8.addSums(get("sums"), i16x8.addPairs(get("counts")))),
            // Two squares of −32,768 are 2^31: without a sign they fit.
            ...set("pairs", i16x8.multiplyPairs(get("counts"), get("counts"))),
            ...set("squares", i64x2.add(get("squares"), i64x2.widenLow(get("pairs")))),
            ...set("squares", i64x2.add(get("squares"), i64x2.widenHigh(get("pairs")))),
            ...set("at", i32.add(get("at"), i32.constant(vectorBytes))),
          ],
          i32.isBelow(get("at"), get("bytes")),
        ),
        ...f64x2.store({ address: i32.constant(0) }, get("sums")),
        ...f64x2.store({ address: i32.constant(0), offset: squaresAt }, get("squares")),
      ],
    },
  ]);
}
