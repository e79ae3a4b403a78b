/**
 * Filters a signal into several bands at once, each by a high-pass and a low-pass section in a row (transposed direct form
 * II), and sums up what comes out. A section waits for its own last output, so one band alone leaves the processor idle
 * while several in JavaScript run out of registers: as vectors of two doubles in WebAssembly, two pairs of bands in a loop, they
 * take a third of the time, and round to the same bits (`npx tsx scripts/bench-features.ts`: levels).
 */

import { conversionSlackBytes, describeConversion } from "./convert-counts.ts";
import type { ButterworthSection } from "./filter-design.ts";
import { findOrMake } from "./find-or-make.ts";
import { branch, type Code, f64x2, i32, repeat } from "./wasm-code.ts";
import {
  createCountsIntake,
  encodeModule,
  type Locals,
  preferVectors,
  startModule,
  takeRoom,
  type WasmFunction,
} from "./wasm-module.ts";

/** Most samples of one run. */
export const bandKernelSamples = 512;
/** What is summed up of a band: Σy², Σy⁴, largest |y|. */
export type BandSum = "s2" | "s4" | "peak";
/** Doubles of one pair of bands: a value of the first band, the same of the second, and so on. */
export const bandPairDoubles = 26;
/** The first of them that changes. */
const firstVariable = 12;
/** Where the sums of a pair's first band lie; those of the second band lie behind each. */
export const bandSums: Readonly<Record<BandSum, number>> = { s2: 20, s4: 22, peak: 24 };
const doubleBytes = 8;
const vectorBytes = 16;
const countBytes = 2;

/** The make of a kernel: what is read of each pair of bands. Other sums are not computed, or nobody's. */
type BandKernelMake = readonly (readonly BandSum[])[];

/** One of a make for the whole process: a bank of pairs is put in, run and taken out again. */
export interface BandKernel {
  /** The input, {@link bandKernelSamples} values. */
  readonly input: Float64Array;
  /** Makes the input of counts, at most {@link bandKernelSamples}: count · scale − level. */
  fill(counts: Int16Array, scale: number, level: number): void;
  /** Runs all pairs (see {@link fillBand}) over the first `samples` values of the input, 1 … {@link bandKernelSamples}. */
  run(bank: Float64Array, samples: number): void;
}

/** Where a band lies in a bank of pairs: two, a pair. */
export interface BandPlace {
  readonly bank: Float64Array;
  readonly index: number;
}

/** Where a value of a pair lies for this band. */
export function locateBandValue({ index }: Pick<BandPlace, "index">, value: number): number {
  return (index >> 1) * bandPairDoubles + value + (index & 1);
}

/** Writes the sections of a band into its bank, without state or sums. */
export function fillBand(place: BandPlace, high: ButterworthSection, low: ButterworthSection): void {
  const values = [high.gain, high.a1, high.a2, low.gain, low.a1, low.a2];
  for (let value = 0; value < bandPairDoubles / 2; value++) {
    place.bank[locateBandValue(place, 2 * value)] = values[value] ?? 0;
  }
}

/** Forgets state and sums of all bands. */
export function resetBandBank(bank: Float64Array): void {
  for (let pair = 0; pair < bank.length; pair += bandPairDoubles) {
    bank.fill(0, pair + firstVariable, pair + bandPairDoubles);
  }
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptBandKernel(): BandKernel {
  const input = new Float64Array(bandKernelSamples);
  return {
    input,
    fill: (counts, scale, level) => {
      for (let index = 0; index < counts.length; index++) input[index] = counts[index]! * scale - level;
    },
    run: (bank, samples) => {
      for (let pair = 0; pair < bank.length; pair += bandPairDoubles) {
        for (let side = 0; side < 2; side++) filterBand(input, samples, bank.subarray(pair + side));
      }
    },
  };
}

/** Every second value of `band` is its own. */
function filterBand(input: Float64Array, samples: number, band: Float64Array): void {
  const highGain = band[0]!;
  const g1 = band[2]!;
  const g2 = band[4]!;
  const lowGain = band[6]!;
  const k1 = band[8]!;
  const k2 = band[10]!;
  let u = band[12]!;
  let v = band[14]!;
  let w = band[16]!;
  let z = band[18]!;
  let s2 = band[20]!;
  let s4 = band[22]!;
  let peak = band[24]!;
  for (let index = 0; index < samples; index++) {
    const raised = highGain * input[index]!;
    const middle = raised + u;
    u = v - (raised + raised + g1 * middle);
    v = raised - g2 * middle;
    const lowered = lowGain * middle;
    const y = lowered + w;
    w = lowered + lowered - k1 * y + z;
    z = lowered - k2 * y;
    const square = y * y;
    s2 += square;
    s4 += square * square;
    const magnitude = Math.abs(y);
    if (peak < magnitude) peak = magnitude;
  }
  band[12] = u;
  band[14] = v;
  band[16] = w;
  band[18] = z;
  band[20] = s2;
  band[22] = s4;
  band[24] = peak;
}

/** Creates the kernel of vectors. @throws Error where the processor or the runtime has none. */
export function createVectorBandKernel(make: BandKernelMake): BandKernel {
  const pairBytes = doubleBytes * bandPairDoubles;
  const length = pairBytes * make.length + (doubleBytes + countBytes) * bandKernelSamples;
  const { memory, from } = takeRoom(length + 2 * conversionSlackBytes);
  const inputAt = from + pairBytes * make.length;
  const countsAt = inputAt + doubleBytes * bandKernelSamples + conversionSlackBytes;
  const loops: WasmFunction[] = [];
  for (let pair = 0; pair < make.length; pair += pairsAbreast) {
    const abreast = make.slice(pair, pair + pairsAbreast).map((sums, index) => {
      return { at: from + pairBytes * (pair + index), sums };
    });
    loops.push(encodeBandLoop(`run${pair}`, inputAt, abreast));
  }
  const { find } = startModule(encodeModule("given", [...loops, describeConversion()]), memory);
  const runs = loops.map(({ name }) => find(name));
  const convert = find("convert");
  const takeIn = createCountsIntake(memory, countsAt, bandKernelSamples);
  const { buffer } = memory;
  const values = new Float64Array(buffer, from, bandPairDoubles * make.length);
  return {
    input: new Float64Array(buffer, inputAt, bandKernelSamples),
    fill: (counts, scale, level) => {
      if (counts.length === 0) return;
      const at = takeIn(counts);
      convert(at, at + countBytes * counts.length, inputAt, scale, level);
    },
    run: (bank, samples) => {
      for (let index = 0; index < values.length; index++) values[index] = bank[index]!;
      for (let loop = 0; loop < runs.length; loop++) runs[loop]!(doubleBytes * samples);
      for (let index = firstVariable; index < values.length; index++) bank[index] = values[index]!;
    },
  };
}

/** Two pairs wait for each other's last outputs less than for their own; for a third there is no register. */
const pairsAbreast = 2;
const coefficients = ["highGain", "g1", "g2", "lowGain", "k1", "k2"];
const states = ["u", "v", "w", "z"];

interface PairInMemory {
  readonly at: number;
  readonly sums: readonly BandSum[];
}

/** A function `name(bytes)` that filters some pairs over so many bytes of the input, one sample at least. */
function encodeBandLoop(name: string, inputAt: number, pairs: readonly PairInMemory[]): WasmFunction {
  const numbered = (pair: number, names: readonly string[]): string[] => names.map((each) => each + pair);
  const named = pairs.map(({ sums }, pair) => numbered(pair, [...states, ...sums, "gained", "middle", "y"]));
  return {
    name,
    parameters: { bytes: "i32" },
    locals: { i32: "at", v128: ["x", ...named.flat()].join(" ") },
    body: (locals) => {
      const { get, set } = locals;
      const variables = pairs.flatMap(({ at, sums }, pair) => [
        ...states.map((each, index) => {
          return { local: each + pair, at: at + doubleBytes * firstVariable + vectorBytes * index };
        }),
        ...sums.map((each) => ({ local: each + pair, at: at + doubleBytes * bandSums[each] })),
      ]);
      const steps = pairs.map((_, pair) => encodeBandStep(locals, pairs[pair]!, pair));
      const together = steps[0]!.flatMap((_, line) => steps.flatMap((step) => step[line]!));
      const takeSample = (offset: number): Code => [
        ...set("x", f64x2.loadBoth(get("at"), inputAt + offset)),
        ...together,
      ];
      const advance = (samples: number): Code =>
        set("at", i32.add(get("at"), i32.constant(doubleBytes * samples)));
      const isLeft = i32.isBelow(get("at"), get("bytes"));
      return [
        ...variables.flatMap(({ local, at }) => set(local, f64x2.load(i32.constant(at)))),
        ...branch(i32.and(get("bytes"), i32.constant(doubleBytes)), [...takeSample(0), ...advance(1)], []),
        ...branch(isLeft, repeat([...takeSample(0), ...takeSample(doubleBytes), ...advance(2)], isLeft), []),
        ...variables.flatMap(({ local, at }) => f64x2.store({ address: i32.constant(at) }, get(local))),
      ];
    },
  };
}

/** Line by line what `filterBand` says. */
function encodeBandStep({ get, set }: Locals, { at, sums }: PairInMemory, pair: number): readonly Code[] {
  const { add, sub, mul } = f64x2;
  const of = (name: string): Code => get(name + pair);
  const put = (name: string, value: Code): Code => set(name + pair, value);
  // Of the memory each time: there are not as many registers.
  const times = (coefficient: string, value: Code): Code =>
    mul(f64x2.load(i32.constant(at + vectorBytes * coefficients.indexOf(coefficient))), value);
  // V8 else loads the coefficients of everything that follows ahead, and has no register left for any.
  const writeDown = (name: string): Code => {
    const place = at + doubleBytes * firstVariable + vectorBytes * states.indexOf(name);
    return f64x2.store({ address: i32.constant(place) }, of(name));
  };
  const square = mul(of("y"), of("y"));
  return [
    put("gained", times("highGain", get("x"))),
    put("middle", add(of("gained"), of("u"))),
    put("u", sub(of("v"), add(add(of("gained"), of("gained")), times("g1", of("middle"))))),
    [...put("v", sub(of("gained"), times("g2", of("middle")))), ...writeDown("v")],
    put("gained", times("lowGain", of("middle"))),
    put("y", add(of("gained"), of("w"))),
    put("w", add(sub(add(of("gained"), of("gained")), times("k1", of("y"))), of("z"))),
    [...put("z", sub(of("gained"), times("k2", of("y")))), ...writeDown("z")],
    sums.includes("s2") ? put("s2", add(of("s2"), square)) : [],
    sums.includes("s4") ? put("s4", add(of("s4"), mul(square, square))) : [],
    sums.includes("peak") ? put("peak", f64x2.pmax(of("peak"), f64x2.abs(of("y")))) : [],
  ];
}

const shared = new Map<string, BandKernel>();

/** The kernel of this process for a make: vectors where there are any. */
export function shareBandKernel(make: BandKernelMake): BandKernel {
  const key = make.map((sums) => sums.join()).join("/");
  return findOrMake(shared, key, () =>
    preferVectors(() => createVectorBandKernel(make), createScriptBandKernel),
  );
}
