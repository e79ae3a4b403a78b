/**
 * Bands as vectors of two doubles in WebAssembly, which round to the same bits as JavaScript. A recursion waits for its own last
 * output, so one band alone leaves the processor idle while several in JavaScript run out of registers: three pairs of bands go in
 * one loop (`npx tsx scripts/bench-features.ts 25600`: levels).
 */
import {
  type BandKernel,
  type BandKernelMake,
  type BandSum,
  bandHistoryDoubles,
  bandKernelSamples,
  bandPairDoubles,
  bandSums,
  createScriptBandKernel,
  firstBandVariable,
} from "./band-kernel.ts";
import { conversionSlackBytes, describeConversion } from "./convert-counts.ts";
import { findOrMake } from "./find-or-make.ts";
import { branch, type Code, countBytes, doubleBytes, f64x2, i32, repeat, vectorBytes } from "./wasm-code.ts";
import {
  createCountsIntake,
  encodeModule,
  type Locals,
  preferVectors,
  startModule,
  takeRoom,
  type WasmFunction,
} from "./wasm-module.ts";

/** Where in the memory what lies, bytes. */
interface Layout {
  readonly pairs: number;
  /** The input, behind what came before it. */
  readonly given: number;
  readonly differences: number;
  readonly counts: number;
  readonly end: number;
}

function layOut(pairs: number, from: number): Layout {
  const given = from + doubleBytes * bandPairDoubles * pairs;
  const differences = given + doubleBytes * (bandHistoryDoubles + bandKernelSamples) + conversionSlackBytes;
  const counts = differences + doubleBytes * bandKernelSamples + vectorBytes;
  return {
    pairs: from,
    given,
    differences,
    counts,
    end: counts + countBytes * bandKernelSamples + conversionSlackBytes,
  };
}

/** Creates the kernel of vectors. @throws Error where the processor or the runtime has none. */
export function createVectorBandKernel(make: BandKernelMake): BandKernel {
  const { memory, from } = takeRoom(layOut(make.length, 0).end);
  const layout = layOut(make.length, from);
  const loops: WasmFunction[] = [];
  for (let pair = 0; pair < make.length; pair += pairsAbreast) {
    const abreast = make.slice(pair, pair + pairsAbreast).map(({ sums, sharesHighPassOf = -1 }, index) => {
      const source = sharesHighPassOf < 2 * pair ? null : sharesHighPassOf - 2 * pair;
      return { at: from + doubleBytes * bandPairDoubles * (pair + index), sums, source };
    });
    loops.push(encodeBandLoop(`run${pair}`, layout.differences, abreast));
  }
  const functions = [encodeDifferences(layout), ...loops];
  const { find } = startModule(encodeModule("given", [...functions, describeConversion()]), memory);
  const runs = functions.map(({ name }) => find(name));
  const convert = find("convert");
  const takeIn = createCountsIntake(memory, layout.counts, bandKernelSamples);
  const { buffer } = memory;
  const values = new Float64Array(buffer, from, bandPairDoubles * make.length);
  const given = new Float64Array(buffer, layout.given, bandHistoryDoubles + bandKernelSamples);
  const inputAt = layout.given + doubleBytes * bandHistoryDoubles;
  return {
    input: new Float64Array(buffer, inputAt, bandKernelSamples),
    fill: (counts, scale, level) => {
      if (counts.length === 0) return;
      const at = takeIn(counts);
      convert(at, at + countBytes * counts.length, inputAt, scale, level);
    },
    run: (bank, samples) => {
      const end = values.length;
      for (let index = 0; index < end; index++) values[index] = bank[index]!;
      for (let index = 0; index < bandHistoryDoubles; index++) given[index] = bank[end + index]!;
      for (let step = 0; step < runs.length; step++) runs[step]!(doubleBytes * samples);
      for (let index = firstBandVariable; index < end; index++) bank[index] = values[index]!;
      for (let index = 0; index < bandHistoryDoubles; index++) bank[end + index] = given[samples + index]!;
    },
  };
}

/** All bands' zeros: each sample, less twice the second before it, and the fourth. */
function encodeDifferences({ given, differences }: Layout): WasmFunction {
  return {
    name: "differences",
    parameters: { bytes: "i32" },
    locals: { i32: "at", v128: "middle" },
    body: ({ get, set, advance }) => {
      const before = (samples: number): Code =>
        f64x2.load(get("at"), given + doubleBytes * (bandHistoryDoubles - samples));
      const value = f64x2.add(f64x2.sub(before(0), f64x2.add(get("middle"), get("middle"))), before(4));
      return repeat(
        [
          ...set("middle", before(2)),
          ...f64x2.store({ address: get("at"), offset: differences }, value),
          ...advance("at", vectorBytes),
        ],
        i32.isBelow(get("at"), get("bytes")),
      );
    },
  };
}

/** Pairs wait for each other's last outputs less than for their own. For a third there is no register: what is stored meanwhile costs less. */
const pairsAbreast = 3;
const coefficients = ["a1", "a2", "k1", "k2"];
const states = ["m1", "m2", "y1", "y2"];

/** Where a state of the pair at an address is written down. */
function locateState(pairAt: number, state: string): number {
  return pairAt + doubleBytes * firstBandVariable + vectorBytes * states.indexOf(state);
}

interface PairInMemory {
  readonly at: number;
  readonly sums: readonly BandSum[];
  /** Which band of the same loop its high-pass is taken from. */
  readonly source: number | null;
}

/** A function `name(bytes)` that filters some pairs over so many bytes of differences, one at least. */
function encodeBandLoop(name: string, differencesAt: number, pairs: readonly PairInMemory[]): WasmFunction {
  const numbered = (pair: number, names: readonly string[]): string[] => names.map((each) => each + pair);
  const named = pairs.map(({ sums }, pair) => numbered(pair, [...states, ...sums, "spare"]));
  return {
    name,
    parameters: { bytes: "i32" },
    locals: { i32: "at", v128: ["x", ...named.flat()].join(" ") },
    body: (locals) => {
      const { get, set, advance } = locals;
      const variables = pairs.flatMap(({ at, sums, source }, pair) => [
        ...states.slice(source === null ? 0 : 2).map((each) => {
          return { local: each + pair, at: locateState(at, each) };
        }),
        ...sums.map((each) => ({ local: each + pair, at: at + doubleBytes * bandSums[each] })),
      ]);
      const takeSample = (offset: number, newest: 1 | 2): Code => {
        const steps = pairs.map((each, pair) => encodeBandStep(locals, each, { pair, newest }));
        return [
          ...set("x", f64x2.loadBoth(get("at"), differencesAt + offset)),
          ...steps[0]!.flatMap((_, line) => steps.flatMap((step) => step[line]!)),
        ];
      };
      /** The older of two outputs becomes the newest, in its place: after one sample they change places. */
      const change = (state: string): Code =>
        pairs.flatMap((_, pair) => [
          ...set(`spare${pair}`, get(`${state}1${pair}`)),
          ...set(`${state}1${pair}`, get(`${state}2${pair}`)),
          ...set(`${state}2${pair}`, get(`spare${pair}`)),
        ]);
      const isLeft = i32.isBelow(get("at"), get("bytes"));
      const one = [...takeSample(0, 1), ...change("m"), ...change("y"), ...advance("at", doubleBytes)];
      const two = [...takeSample(0, 1), ...takeSample(doubleBytes, 2), ...advance("at", 2 * doubleBytes)];
      return [
        ...variables.flatMap(({ local, at }) => set(local, f64x2.load(i32.constant(at)))),
        ...branch(i32.and(get("bytes"), i32.constant(doubleBytes)), one, []),
        ...branch(isLeft, repeat(two, isLeft), []),
        ...variables.flatMap(({ local, at }) => f64x2.store({ address: i32.constant(at) }, get(local))),
      ];
    },
  };
}

/**
 * Line by line what `filterBand` says. Of a state's two values the one before is in the local with the number `newest`, and the new one
 * takes the other's place.
 */
function encodeBandStep(
  { get, set }: Locals,
  { at, sums, source }: PairInMemory,
  { pair, newest }: { readonly pair: number; readonly newest: 1 | 2 },
): readonly Code[] {
  const { add, sub, mul } = f64x2;
  const of = (name: string): Code => get(name + pair);
  const put = (name: string, value: Code): Code => set(name + pair, value);
  // Of the memory each time: there are not as many registers.
  const times = (coefficient: string, value: Code): Code =>
    mul(f64x2.load(i32.constant(at + vectorBytes * coefficients.indexOf(coefficient))), value);
  // V8 else loads the coefficients of everything that follows ahead, and has no register left for any.
  const writeDown = (name: string): Code =>
    f64x2.store({ address: i32.constant(locateState(at, name)) }, of(name));
  const [m, y] = newest === 1 ? ["m2", "y2"] : ["m1", "y1"];
  const square = mul(of(y), of(y));
  const takeBoth = (band: number): Code => {
    const source = get(m + (band >> 1));
    return put(m, band & 1 ? f64x2.seconds(source, source) : f64x2.firsts(source, source));
  };
  return [
    ...(source === null
      ? [
          put(m, sub(get("x"), times("a2", of(m)))),
          [...put(m, sub(of(m), times("a1", of(`m${newest}`)))), ...writeDown(m)],
        ]
      : [[], takeBoth(source)]),
    put(y, sub(of(m), times("k2", of(y)))),
    [...put(y, sub(of(y), times("k1", of(`y${newest}`)))), ...writeDown(y)],
    sums.includes("s2") ? put("s2", add(of("s2"), square)) : [],
    sums.includes("peak") ? put("peak", f64x2.pmax(of("peak"), f64x2.abs(of(y)))) : [],
  ];
}

const shared = new Map<string, BandKernel>();

/** The kernel of this process for a make: vectors where there are any. */
export function shareBandKernel(make: BandKernelMake): BandKernel {
  const key = make.map(({ sums, sharesHighPassOf }) => `${sums.join()}<${sharesHighPassOf}`).join("/");
  return findOrMake(shared, key, () =>
    preferVectors(() => createVectorBandKernel(make), createScriptBandKernel),
  );
}
