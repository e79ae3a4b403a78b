/**
 * Sums of raw counts and of their squares, exact whatever the order. In plain JavaScript, and eight counts at a time in
 * WebAssembly. Knows no channel.
 */
import { countBytes, f64x2, i16x8, i32, i64x2, repeat, vectorBytes } from "./wasm-code.ts";
import { createCountsIntake, encodeModule, preferVectors, startModule, takeRoom } from "./wasm-module.ts";

/** What was summed up; whole numbers, exact below 2^53. */
interface CountSums {
  sum: number;
  squares: number;
}

interface SumKernel {
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

const together = 8;
/** Counts of one run at most: 2^12 sums of two counts each stay far within 32 bits. */
const runCounts = 4096;
/** Behind four sums of 32 bits: two of squares, 64 bits each. */
const squaresAt = vectorBytes;
const countsAt = 2 * vectorBytes;

/** Creates the kernel in WebAssembly. @throws Error where the processor or the runtime has no vectors. */
export function createVectorSumKernel(): SumKernel {
  const { memory, from: base } = takeRoom(countsAt + countBytes * runCounts);
  const sum = startModule(encodeSum(base), memory).find("sum");
  const takeIn = createCountsIntake(memory, base + countsAt, runCounts);
  const { buffer } = memory;
  const sums = new Int32Array(buffer, base, 4);
  const squares = new Uint32Array(buffer, base + squaresAt, 4);
  const found: CountSums = { sum: 0, squares: 0 };
  return {
    found,
    run: (counts) => {
      found.sum = 0;
      found.squares = 0;
      const whole = counts.length - (counts.length % together);
      for (let from = 0; from < whole; from += runCounts) {
        const to = Math.min(whole, from + runCounts);
        // Few counts behind the last whole vector are taken in with it, and summed up below.
        const at = takeIn(counts.length <= runCounts ? counts : counts.subarray(from, to));
        sum(at, at + countBytes * (to - from));
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

/** `sum(at, stop)`: of the whole vectors between two addresses, one at least. */
function encodeSum(base: number): Uint8Array {
  return encodeModule("given", [
    {
      name: "sum",
      parameters: { at: "i32", stop: "i32" },
      locals: { v128: "counts pairs sums squares" },
      body: ({ get, set, advance }) => [
        ...set("sums", f64x2.zero()),
        ...set("squares", f64x2.zero()),
        ...repeat(
          [
            ...set("counts", f64x2.load(get("at"))),
            ...set("sums", i16x8.addSums(get("sums"), i16x8.addPairs(get("counts")))),
            // Two squares of −32,768 are 2^31: without a sign they fit.
            ...set("pairs", i16x8.multiplyPairs(get("counts"), get("counts"))),
            ...set("squares", i64x2.add(get("squares"), i64x2.widenLow(get("pairs")))),
            ...set("squares", i64x2.add(get("squares"), i64x2.widenHigh(get("pairs")))),
            ...advance("at", vectorBytes),
          ],
          i32.isBelow(get("at"), get("stop")),
        ),
        ...f64x2.store({ address: i32.constant(base) }, get("sums")),
        ...f64x2.store({ address: i32.constant(base), offset: squaresAt }, get("squares")),
      ],
    },
  ]);
}
