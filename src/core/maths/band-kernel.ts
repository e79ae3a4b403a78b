/**
 * Filters a signal into two bands at once, each by a high-pass and a low-pass section in a row (transposed direct form
 * II), and sums up what comes out. A section waits for its own last output, so one band alone leaves the processor idle
 * while several in JavaScript run out of registers: as vectors of two doubles in WebAssembly they take half the time,
 * and round to the same bits (`npx tsx scripts/bench-features.ts`: levels).
 */
import { conversionSlackBytes, describeConversion } from "./convert-counts.ts";
import type { Section } from "./filter-design.ts";
import {
  encodeModule,
  f64x2,
  i32,
  preferVectors,
  repeat,
  startModule,
  type WasmFunction,
} from "./wasm-code.ts";

/** Most samples of one run. */
export const bandKernelSamples = 512;
/** Doubles of one pair of bands: a value of the first band, the same of the second, and so on. */
export const bandPairDoubles = 34;
/** The first of them that changes. */
const firstVariable = 20;
/** Where the sums of a band lie (its first value, two apart): Σy², Σy⁴, largest |y|. */
export const bandSums = { s2: 28, s4: 30, peak: 32 } as const;
const vectorBytes = 16;
const inputByte = 8 * bandPairDoubles;
const countsByte = inputByte + 8 * bandKernelSamples + conversionSlackBytes;

/** One for the whole process: a pair of bands is put in, run and taken out again. */
interface BandKernel {
  /** The input, {@link bandKernelSamples} values. */
  readonly input: Float64Array;
  /** Makes the input of counts, at most {@link bandKernelSamples}: count · scale − level. */
  fill(counts: Int16Array, scale: number, level: number): void;
  /** Runs `pair` (see {@link fillBandPair}) over the first `samples` values of the input, 1 … {@link bandKernelSamples}. */
  run(pair: Float64Array, samples: number): void;
}

/** Where a band lies: the first or the second of a pair. */
export interface BandPlace {
  readonly pair: Float64Array;
  readonly side: 0 | 1;
}

/** Writes the sections of a band into its pair, without state or sums. */
export function fillBandPair({ pair, side }: BandPlace, high: Section, low: Section): void {
  const { b0: h0, b1: h1, b2: h2, a1: g1, a2: g2 } = high;
  const { b0: l0, b1: l1, b2: l2, a1: k1, a2: k2 } = low;
  for (const [index, value] of [h0, h1, h2, g1, g2, l0, l1, l2, k1, k2].entries())
    pair[2 * index + side] = value;
  for (let index = firstVariable + side; index < bandPairDoubles; index += 2) pair[index] = 0;
}

/** Forgets state and sums of both bands. */
export function resetBandPair(pair: Float64Array): void {
  pair.fill(0, firstVariable);
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptBandKernel(): BandKernel {
  const input = new Float64Array(bandKernelSamples);
  return {
    input,
    fill: (counts, scale, level) => {
      for (let index = 0; index < counts.length; index++) input[index] = counts[index]! * scale - level;
    },
    run: (pair, samples) => {
      for (let side = 0; side < 2; side++) filterBand(input, samples, pair.subarray(side));
    },
  };
}

/** Every second value of `band` is its own. */
function filterBand(input: Float64Array, samples: number, band: Float64Array): void {
  const h0 = band[0]!;
  const h1 = band[2]!;
  const h2 = band[4]!;
  const g1 = band[6]!;
  const g2 = band[8]!;
  const l0 = band[10]!;
  const l1 = band[12]!;
  const l2 = band[14]!;
  const k1 = band[16]!;
  const k2 = band[18]!;
  let u = band[20]!;
  let v = band[22]!;
  let w = band[24]!;
  let z = band[26]!;
  let s2 = band[28]!;
  let s4 = band[30]!;
  let peak = band[32]!;
  for (let index = 0; index < samples; index++) {
    const x = input[index]!;
    const middle = h0 * x + u;
    u = h1 * x - g1 * middle + v;
    v = h2 * x - g2 * middle;
    const y = l0 * middle + w;
    w = l1 * middle - k1 * y + z;
    z = l2 * middle - k2 * y;
    const square = y * y;
    s2 += square;
    s4 += square * square;
    const magnitude = Math.abs(y);
    if (peak < magnitude) peak = magnitude;
  }
  band[20] = u;
  band[22] = v;
  band[24] = w;
  band[26] = z;
  band[28] = s2;
  band[30] = s4;
  band[32] = peak;
}

/** Creates the kernel of vectors. @throws Error where the processor or the runtime has none. */
export function createVectorBandKernel(): BandKernel {
  const conversion = describeConversion({ countsAt: countsByte });
  const end = countsByte + 2 * bandKernelSamples + conversionSlackBytes;
  const { memory, find } = startModule(encodeModule(end, [bandLoop, conversion]));
  const run = find("run");
  const convert = find("convert");
  const counted = new Int16Array(memory, countsByte, bandKernelSamples);
  const values = new Float64Array(memory, 0, bandPairDoubles);
  return {
    input: new Float64Array(memory, inputByte, bandKernelSamples),
    fill: (counts, scale, level) => {
      if (counts.length === 0) return;
      counted.set(counts);
      convert(2 * counts.length, inputByte, scale, level);
    },
    run: (pair, samples) => {
      for (let index = 0; index < bandPairDoubles; index++) values[index] = pair[index]!;
      run(8 * samples);
      for (let index = firstVariable; index < bandPairDoubles; index++) pair[index] = values[index]!;
    },
  };
}

const constants = ["h0", "h1", "h2", "g1", "g2", "l0", "l1", "l2", "k1", "k2"];
const variables = ["u", "v", "w", "z", "s2", "s4", "peak"];

/** `run(bytes)` filters the pair that begins the memory over so many bytes of the input. */
const bandLoop: WasmFunction = {
  name: "run",
  parameters: { bytes: "i32" },
  locals: { i32: "at", v128: [...constants, ...variables, "x middle y square"].join(" ") },
  body: ({ get, set }) => {
    const { add, sub, mul } = f64x2;
    const times = (one: string, other: string): readonly number[] => mul(get(one), get(other));
    const zero = i32.constant(0);
    const firstByte = vectorBytes * constants.length;
    return [
      ...[...constants, ...variables].flatMap((name, index) =>
        set(name, f64x2.load(zero, vectorBytes * index)),
      ),
      ...repeat(
        [
          // Line by line what `filterBand` says.
          ...set("x", f64x2.loadBoth(get("at"), inputByte)),
          ...set("middle", add(times("h0", "x"), get("u"))),
          ...set("u", add(sub(times("h1", "x"), times("g1", "middle")), get("v"))),
          ...set("v", sub(times("h2", "x"), times("g2", "middle"))),
          ...set("y", add(times("l0", "middle"), get("w"))),
          ...set("w", add(sub(times("l1", "middle"), times("k1", "y")), get("z"))),
          ...set("z", sub(times("l2", "middle"), times("k2", "y"))),
          ...set("square", times("y", "y")),
          ...set("s2", add(get("s2"), get("square"))),
          ...set("s4", add(get("s4"), times("square", "square"))),
          ...set("peak", f64x2.pmax(get("peak"), f64x2.abs(get("y")))),
          ...set("at", i32.add(get("at"), i32.constant(8))),
        ],
        i32.isBelow(get("at"), get("bytes")),
      ),
      ...variables.flatMap((name, index) =>
        f64x2.store({ address: zero, offset: firstByte + vectorBytes * index }, get(name)),
      ),
    ];
  },
};

let shared: BandKernel | null = null;

/** The kernel of this process: vectors where there are any. */
export function shareBandKernel(): BandKernel {
  shared ??= preferVectors(createVectorBandKernel, createScriptBandKernel);
  return shared;
}
