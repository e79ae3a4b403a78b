/**
 * The whitening kernel as vectors of two doubles in WebAssembly. Side by side are two samples of one filter or of one lag's sum, and
 * four blocks of one recursion.
 */
import { conversionSlackBytes, describeConversion } from "./convert-counts.ts";
import { encodeRecursion, recursionLocals, rowsAbreast } from "./levinson-vectors.ts";
import { type Code, countBytes, doubleBytes, f64, f64x2, i32, repeat, vectorBytes } from "./wasm-code.ts";
import { createCountsIntake, encodeModule, type Locals, startModule, takeRoom } from "./wasm-module.ts";
import {
  countRunBlocks,
  highPassPoles,
  type WhiteningKernel,
  type WhiteningOptions,
  whiteningRidge,
  whiteningState,
} from "./whitening-kernel.ts";

/** Higher orders have more lags than a processor has registers. */
const maxOrder = 8;

/** Where in the memory what lies, bytes. */
interface Layout {
  /** Raw, high, then lag products. */
  readonly state: number;
  /** Two blocks a row: every lag product of both. */
  readonly products: number;
  /** The same of coefficients 1 … order. */
  readonly coefficients: number;
  readonly samples: number;
  /** Before they come, what a conversion writes beyond the samples is written here. */
  readonly magnitudes: number;
  readonly counts: number;
  readonly end: number;
}

/**
 * Creates the kernel; null for a make that does not suit it: a high order, or blocks that are not made of fours.
 * @throws Error where the processor or the runtime has no vectors.
 */
export function createVectorWhiteningKernel(options: WhiteningOptions): WhiteningKernel | null {
  const { order, blockSamples } = options;
  if (order < 1 || order > maxOrder || blockSamples % 4 !== 0) return null;
  const maxBlocks = countRunBlocks(blockSamples);
  const { memory, from } = takeRoom(layOut(options, maxBlocks, 0).end);
  const layout = layOut(options, maxBlocks, from);
  const module = startModule(encodeWhitening(options, layout), memory);
  const run = module.find("run");
  const convert = module.find("convert");
  const takeIn = createCountsIntake(memory, layout.counts, maxBlocks * blockSamples);
  const pairs = countLagPairs(order);
  const inner = new Float64Array(module.memory, layout.state, 2 + 2 * pairs);
  const { faded } = whiteningState;
  return {
    samples: new Float64Array(module.memory, layout.samples, order + maxBlocks * blockSamples),
    magnitudes: new Float64Array(module.memory, layout.magnitudes, maxBlocks * blockSamples),
    fill: (counts, start, scale) => {
      if (counts.length === 0) return;
      const at = takeIn(counts);
      convert(at, at + countBytes * counts.length, layout.samples + doubleBytes * start, scale, 0);
    },
    run: (state, blocks) => {
      inner[0] = state[whiteningState.raw]!;
      inner[1] = state[whiteningState.high]!;
      for (let lag = 0; lag <= order; lag++) inner[2 + lag] = state[faded + lag]!;
      run(blocks);
      state[whiteningState.raw] = inner[0];
      state[whiteningState.high] = inner[1];
      for (let lag = 0; lag <= order; lag++) state[faded + lag] = inner[2 + lag]!;
    },
  };
}

function countLagPairs(order: number): number {
  return (order >> 1) + 1;
}

/** From `state` on. */
function layOut({ order, blockSamples }: WhiteningOptions, maxBlocks: number, state: number): Layout {
  const rows = rowsAbreast * Math.ceil(maxBlocks / (2 * rowsAbreast));
  const products = state + doubleBytes * (2 + 2 * countLagPairs(order));
  const coefficients = products + rows * vectorBytes * (order + 1);
  // Samples are taken by twos, also where an order of 1 needs one alone.
  const samples = coefficients + rows * vectorBytes * order + doubleBytes;
  const magnitudes = samples + doubleBytes * (order + maxBlocks * blockSamples);
  const counts = magnitudes + doubleBytes * maxBlocks * blockSamples;
  return {
    state,
    products,
    coefficients,
    samples,
    magnitudes,
    counts,
    end: counts + countBytes * maxBlocks * blockSamples + conversionSlackBytes,
  };
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** Three passes over the blocks of a run, each with more going on at once than one pass over all would have. */
function encodeWhitening(options: WhiteningOptions, layout: Layout): Uint8Array {
  const { order } = options;
  const pairs = range(countLagPairs(order));
  const named = [
    "pole poles laterPoles raw high pair rise now0 now1 fresh last",
    recursionLocals(order),
    ...pairs.map((pair) => `f${pair} odd${pair}`),
    ...range(order + 1).map((lag) => `r${lag} a${lag}`),
  ];
  return encodeModule("given", [
    describeConversion(),
    {
      name: "run",
      parameters: { blocks: "i32" },
      locals: { i32: "block at stop row", v128: named.join(" ") },
      body: (locals) => [
        ...encodeLagProducts(options, layout, locals),
        ...encodeRecursion(order, layout, locals),
        ...encodePrediction(options, layout, locals),
      ],
    },
  ]);
}

/** `row` = the row of the present block in a table of `rowBytes` from `base`, at its half. */
function findRow({ get, set }: Locals, base: number, rowBytes: number): Code {
  const whole = i32.mul(i32.shiftRight(get("block"), i32.constant(1)), i32.constant(rowBytes));
  const half = i32.shiftLeft(i32.and(get("block"), i32.constant(1)), i32.constant(3));
  return set("row", i32.add(i32.constant(base), i32.add(whole, half)));
}

function forEachBlock({ get, set, advance }: Locals, body: Code): Code {
  return [
    ...set("block", i32.constant(0)),
    ...repeat([...body, ...advance("block", 1)], i32.isBelow(get("block"), get("blocks"))),
  ];
}

/** The high-pass, four samples a turn, and lag products of what it leaves, faded and put down for the recursion. */
function encodeLagProducts(
  { order, blockSamples, memory }: WhiteningOptions,
  layout: Layout,
  locals: Locals,
): Code {
  const { get, set, advance } = locals;
  const { add, sub, mul, slide, firsts, seconds } = f64x2;
  const lags = range(order + 1);
  const pairs = range(countLagPairs(order));
  const delayed = range((order - 1) >> 1);
  const reach = doubleBytes * Math.max(2, order);
  const state = i32.constant(layout.state);
  const pole = (power: 0 | 1 | 2 | 3): Code => f64x2.both(f64.constant(highPassPoles[power]));
  /** Of samples before the pair of this turn, the first or the second: `at` stands at the oldest one that the first needs. */
  const back = (samples: number, pair = 0): Code =>
    f64x2.load(get("at"), reach + vectorBytes * pair - doubleBytes * samples);
  /** The two samples `lag` before those of this pair: neighbours as they were put down, or one of this pair and one of that. */
  const delay = (lag: number, pair: number): Code => {
    if (lag === 0) return get(`now${pair}`);
    if (lag <= 2) return get(lag === 1 ? "fresh" : "last");
    return lag % 2 === 0 ? back(lag, pair) : get(`odd${(lag - 3) / 2}`);
  };
  /** What the outputs of a pair are but for the output before: its own rises, the first also within the second. */
  const rise = (pair: number): Code => [
    ...set("pair", back(0, pair)),
    ...set("rise", sub(get("pair"), slide(get("raw"), get("pair")))),
    ...set("raw", get("pair")),
    ...set(`now${pair}`, add(slide(get("rise"), get("rise")), mul(get("pole"), get("rise")))),
    ...set(`now${pair}`, firsts(get("rise"), get(`now${pair}`))),
  ];
  const followOn = (pair: number, poles: string, output: Code): Code =>
    set(`now${pair}`, add(get(`now${pair}`), mul(get(poles), output)));
  const addPair = (pair: number): Code => [
    ...set("fresh", slide(get("last"), get(`now${pair}`))),
    ...lags.flatMap((lag) => set(`r${lag}`, add(get(`r${lag}`), mul(get(`now${pair}`), delay(lag, pair))))),
    ...delayed.toReversed().flatMap((odd) => set(`odd${odd}`, get(odd === 0 ? "fresh" : `odd${odd - 1}`))),
    ...set("last", get(`now${pair}`)),
  ];
  const put = (pair: number): Code =>
    f64x2.store({ address: get("at"), offset: reach + vectorBytes * pair }, get(`now${pair}`));
  const takeFour: Code = [
    ...rise(0),
    ...rise(1),
    ...followOn(1, "poles", seconds(get("now0"), get("now0"))),
    ...followOn(0, "poles", get("high")),
    ...followOn(1, "laterPoles", get("high")),
    ...set("high", seconds(get("now1"), get("now1"))),
    ...put(0),
    ...put(1),
    ...addPair(0),
    ...addPair(1),
  ];
  const putDown = (pair: number): Code => {
    const place = (lag: number) => ({ address: get("row"), offset: vectorBytes * lag });
    const value = get(`f${pair}`);
    const raised = pair === 0 ? mul(value, f64x2.both(f64.constant(1 + whiteningRidge))) : value;
    return [
      ...f64x2.storeLane(place(2 * pair), raised, 0),
      ...(2 * pair + 1 > order ? [] : f64x2.storeLane(place(2 * pair + 1), value, 1)),
    ];
  };
  /** What both halves of two lags' sums come to; the lag behind an even order is the one before it once more, and thrown away. */
  const sumUp = (pair: number): Code => {
    const [one, other] = [get(`r${2 * pair}`), get(`r${Math.min(order, 2 * pair + 1)}`)];
    return add(firsts(one, other), seconds(one, other));
  };
  return [
    ...set("pole", pole(0)),
    ...set("poles", firsts(pole(0), pole(1))),
    ...set("laterPoles", firsts(pole(2), pole(3))),
    ...set("raw", f64x2.loadBoth(state)),
    ...set("high", f64x2.loadBoth(state, doubleBytes)),
    ...pairs.flatMap((pair) => set(`f${pair}`, f64x2.load(state, doubleBytes * (2 + 2 * pair)))),
    ...set("at", i32.constant(layout.samples + doubleBytes * order - reach)),
    ...set("last", back(2)),
    ...delayed.flatMap((odd) => set(`odd${odd}`, back(2 * odd + 3))),
    ...forEachBlock(locals, [
      ...lags.flatMap((lag) => set(`r${lag}`, f64x2.zero())),
      ...set("stop", i32.add(get("at"), i32.constant(doubleBytes * blockSamples))),
      ...repeat([...takeFour, ...advance("at", 2 * vectorBytes)], i32.isBelow(get("at"), get("stop"))),
      ...findRow(locals, layout.products, vectorBytes * (order + 1)),
      ...pairs.flatMap((pair) => [
        ...set(`f${pair}`, add(sumUp(pair), mul(f64x2.both(f64.constant(memory)), get(`f${pair}`)))),
        ...putDown(pair),
      ]),
    ]),
    ...f64x2.storeLane({ address: state }, get("raw"), 1),
    ...f64x2.storeLane({ address: state, offset: doubleBytes }, get("high"), 1),
    ...pairs.flatMap((pair) =>
      f64x2.store({ address: state, offset: doubleBytes * (2 + 2 * pair) }, get(`f${pair}`)),
    ),
  ];
}

/** Magnitudes of the prediction error. */
function encodePrediction({ order, blockSamples }: WhiteningOptions, layout: Layout, locals: Locals): Code {
  const { get, set, advance } = locals;
  const reach = doubleBytes * order;
  const taps = range(order).map((index) => index + 1);
  const late = taps.reduce<Code>(
    (error, k) => f64x2.add(error, f64x2.mul(get(`a${k}`), f64x2.load(get("at"), reach - doubleBytes * k))),
    f64x2.load(get("at"), reach),
  );
  return [
    ...set("at", i32.constant(layout.samples)),
    ...forEachBlock(locals, [
      ...findRow(locals, layout.coefficients, vectorBytes * order),
      ...taps.flatMap((k) => set(`a${k}`, f64x2.loadBoth(get("row"), vectorBytes * (k - 1)))),
      ...set("stop", i32.add(get("at"), i32.constant(doubleBytes * blockSamples))),
      ...repeat(
        [
          ...f64x2.store({ address: get("at"), offset: layout.magnitudes - layout.samples }, f64x2.abs(late)),
          ...advance("at", vectorBytes),
        ],
        i32.isBelow(get("at"), get("stop")),
      ),
    ]),
  ];
}
