/**
 * Extremes and repetitions of raw counts in one pass. In plain JavaScript, and eight at a time in WebAssembly: only where
 * neighbours are equal are they looked at one by one.
 */
import { branch, countBytes, f64x2, i16x8, i32, repeat, vectorBytes } from "./wasm-code.ts";
import { createCountsIntake, encodeModule, preferVectors, startModule, takeRoom } from "./wasm-module.ts";

/** Counts of one run at most. */
export const scanRunCounts = 512;

/** What a run found. */
interface ScanResult {
  min: number;
  max: number;
  /** Longest run of identical counts with a part in these, and that which reaches their end. */
  longest: number;
  run: number;
}

interface ScanKernel {
  /** Valid until the next call. */
  readonly found: Readonly<ScanResult>;
  /** Scans 1 … {@link scanRunCounts} counts; `run` counts equal to the first one came right before. */
  scan(counts: Int16Array, run: number): void;
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptScanKernel(): ScanKernel {
  const found: ScanResult = { min: 0, max: 0, longest: 0, run: 0 };
  return {
    found,
    scan: (counts, before) => {
      let low = counts[0]!;
      let high = low;
      let previous = low;
      let run = before;
      let longest = 0;
      for (let index = 0; index < counts.length; index++) {
        const count = counts[index]!;
        if (count < low) low = count;
        if (count > high) high = count;
        if (count === previous) run++;
        else {
          if (run > longest) longest = run;
          run = 1;
          previous = count;
        }
      }
      found.min = low;
      found.max = high;
      found.longest = run > longest ? run : longest;
      found.run = run;
    },
  };
}

const together = 8;
/** Extremes by place in the vector, then the run. */
const highAt = vectorBytes;
const runAt = 2 * vectorBytes;
const countsAt = 4 * vectorBytes;

/** Creates the kernel in WebAssembly. @throws Error where the processor or the runtime has no vectors. */
export function createVectorScanKernel(): ScanKernel {
  const { memory, from: base } = takeRoom(countsAt + countBytes * scanRunCounts);
  const scan = startModule(encodeScan(base), memory).find("scan");
  const takeIn = createCountsIntake(memory, base + countsAt, scanRunCounts);
  const { buffer } = memory;
  const all = new Int16Array(buffer);
  const extremes = new Int16Array(buffer, base, 2 * together);
  const ends = new Int32Array(buffer, base + runAt, 1);
  const found: ScanResult = { min: 0, max: 0, longest: 0, run: 0 };
  const rest = createScriptScanKernel();
  return {
    found,
    scan: (counts, before) => {
      const whole = counts.length - (counts.length % together);
      if (whole === 0) {
        rest.scan(counts, before);
        Object.assign(found, rest.found);
        return;
      }
      const at = takeIn(counts);
      // The count before the first one is held to be its like, whoever's it is.
      const beforeFirst = at / countBytes - 1;
      const kept = all[beforeFirst]!;
      all[beforeFirst] = counts[0]!;
      found.longest = scan(at, at + countBytes * whole, before);
      all[beforeFirst] = kept;
      found.run = ends[0]!;
      found.min = extremes[0]!;
      found.max = extremes[together]!;
      for (let place = 1; place < together; place++) {
        if (extremes[place]! < found.min) found.min = extremes[place]!;
        if (extremes[together + place]! > found.max) found.max = extremes[together + place]!;
      }
      for (let index = whole; index < counts.length; index++) {
        const count = counts[index]!;
        if (count < found.min) found.min = count;
        if (count > found.max) found.max = count;
        found.run = count === counts[index - 1] ? found.run + 1 : 1;
        if (found.run > found.longest) found.longest = found.run;
      }
    },
  };
}

let shared: ScanKernel | null = null;

/** The kernel of this process: vectors where there are any. */
export function shareScanKernel(): ScanKernel {
  shared ??= preferVectors(createVectorScanKernel, createScriptScanKernel);
  return shared;
}

/** `scan(at, end, run)` of the whole vectors between two addresses; returns the longest run. */
function encodeScan(base: number): Uint8Array {
  return encodeModule("given", [
    {
      name: "scan",
      parameters: { at: "i32", end: "i32", run: "i32" },
      result: "i32",
      locals: { i32: "stop longest", v128: "counts low high" },
      body: ({ get, set, advance }) => {
        const one = i32.constant(1);
        const results = i32.constant(base);
        const countBefore = i32.sub(get("at"), i32.constant(countBytes));
        const keepLongest = set("longest", i32.larger(get("longest"), get("run")));
        const isSame = i32.isEqual(i32.loadCount(get("at")), i32.loadCount(countBefore));
        const oneByOne = [
          ...set("stop", i32.add(get("at"), i32.constant(vectorBytes))),
          ...repeat(
            [
              // One further, or the first of its run.
              ...set("run", i32.add(i32.mul(get("run"), isSame), one)),
              ...keepLongest,
              ...advance("at", countBytes),
            ],
            i32.isBelow(get("at"), get("stop")),
          ),
        ];
        return [
          ...set("low", f64x2.load(get("at"))),
          ...set("high", get("low")),
          ...repeat(
            [
              ...set("counts", f64x2.load(get("at"))),
              ...set("low", i16x8.min(get("low"), get("counts"))),
              ...set("high", i16x8.max(get("high"), get("counts"))),
              ...branch(i16x8.isAnyEqual(get("counts"), f64x2.load(countBefore)), oneByOne, [
                ...set("run", one),
                ...advance("at", vectorBytes),
              ]),
            ],
            i32.isBelow(get("at"), get("end")),
          ),
          ...f64x2.store({ address: results }, get("low")),
          ...f64x2.store({ address: results, offset: highAt }, get("high")),
          ...i32.store({ address: results, offset: runAt }, get("run")),
          ...get("longest"),
        ];
      },
    },
  ]);
}
