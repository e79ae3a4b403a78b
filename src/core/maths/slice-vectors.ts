/** Slices as vectors in WebAssembly, with eight outputs of the low-pass at a time: each adds in the order of its taps. */
import {
  countHalf,
  roundingBias,
  runningDoubles,
  type SliceKernel,
  sliceRunSamples,
  sliceRunSlices,
} from "./slice-kernel.ts";
import { branch, type Code, doubleBytes, f64, f64x2, i32, repeat, vectorBytes } from "./wasm-code.ts";
import { encodeModule, type Locals, startModule, takeRoom } from "./wasm-module.ts";

/** Vectors of outputs that are computed together: none waits for its own last sum. */
const abreast = 4;

/** Where in the memory what lies, bytes. */
interface Layout {
  /** As `doubles` of a state of `slice-kernel.ts`. */
  readonly state: number;
  readonly taps: number;
  readonly samples: number;
  /** Up to each sample of a run, from 0 on. */
  readonly integral: number;
  readonly even: number;
  readonly odd: number;
  readonly outputs: number;
  readonly end: number;
}

/**
 * Creates the kernel in WebAssembly, of two taps at least, in room that it shares: samples that another kernel has written there are taken where they
 * lie, others are copied. @throws Error where the processor or the runtime has no vectors, or there are fewer taps.
 */
export function createVectorSliceKernel(taps: Float64Array): SliceKernel {
  if (taps.length < 2) throw new RangeError("a low-pass of slices as vectors takes two taps at least");
  const { memory, from } = takeRoom(layOut(taps.length, 0).end);
  const layout = layOut(taps.length, from);
  const run = startModule(encodeSlices(taps.length, layout), memory).find("run");
  const { buffer } = memory;
  new Float64Array(buffer, layout.taps, taps.length).set(Float64Array.from(taps).reverse());
  const inner = new Float64Array(buffer, layout.state, (layout.taps - layout.state) / doubleBytes);
  const own = new Float64Array(buffer, layout.samples, sliceRunSamples);
  /** Whose samples came last, and where they begin in the memory. */
  let source: Float64Array = own;
  let sourceAt: number | null = layout.samples;
  return {
    samples: own,
    outputs: new Float64Array(buffer, layout.outputs, sliceRunSlices / 2),
    run: (state, { samples, from, to, isSquared }, step) => {
      if (samples !== source) sourceAt = samples.buffer === buffer ? samples.byteOffset : null;
      source = samples;
      if (sourceAt === null) own.set(samples.subarray(from, to));
      inner.set(state.doubles);
      const at = sourceAt === null ? layout.samples : sourceAt + doubleBytes * from;
      const slices = run(at, to - from, state.held, isSquared ? 1 : 0, step, 1 / step);
      state.doubles.set(inner);
      const many = slices < taps.length ? 0 : ((slices - taps.length) >> 1) + 1;
      state.held = slices - 2 * many;
      return many;
    },
  };
}

function layOut(taps: number, state: number): Layout {
  // Outputs are computed by eights: what lies behind the last slice is read and thrown away.
  const half = taps + sliceRunSlices / 2 + 2 * abreast;
  const tapsAt = state + doubleBytes * (runningDoubles + 2 * countHalf(taps));
  const samples = tapsAt + doubleBytes * taps;
  // Samples are taken by fours.
  const integral = samples + doubleBytes * (sliceRunSamples + 4);
  const even = integral + doubleBytes * (1 + sliceRunSamples + 4);
  const odd = even + doubleBytes * half;
  const outputs = odd + doubleBytes * half;
  return { state, taps: tapsAt, samples, integral, even, odd, outputs, end: outputs + doubleBytes * half };
}

/** `run(at, count, slices, squared, step, length)` of so many samples from an address on, a slice's length in samples; returns the slices, those that were held included. */
function encodeSlices(taps: number, layout: Layout): Uint8Array {
  const sums = Array.from({ length: abreast }, (_, index) => `sum${index}`);
  return encodeModule("given", [
    {
      name: "run",
      parameters: { at: "i32", count: "i32", slices: "i32", squared: "i32", step: "f64", length: "f64" },
      result: "i32",
      locals: {
        i32: "from stop to whole",
        f64: "edge last carried end biased here",
        v128: `base two four tap ${sums.join(" ")}`,
      },
      body: (locals) => [
        ...encodeCopies(taps, layout, (held, kept) =>
          f64x2.store({ address: i32.constant(held) }, f64x2.load(i32.constant(kept))),
        ),
        ...branch(locals.get("squared"), encodeSquares(layout, locals), []),
        ...encodeIntegral(layout, locals),
        ...encodeSlicing(layout, locals),
        ...encodeLowPass(taps, layout, locals),
        // Where the low-pass came to its end lies the first slice that the next output needs.
        ...encodeCopies(taps, layout, (held, kept) =>
          f64x2.store({ address: i32.constant(kept) }, f64x2.load(locals.get("stop"), held)),
        ),
        ...locals.get("slices"),
      ],
    },
  ]);
}

/** Copies between the beginning of the slices and the state, however many of them are held. */
function encodeCopies(taps: number, layout: Layout, copy: (held: number, kept: number) => Code): Code {
  const half = doubleBytes * countHalf(taps);
  const kept = layout.state + doubleBytes * runningDoubles;
  const offsets = Array.from({ length: half / vectorBytes }, (_, index) => vectorBytes * index);
  return [
    ...offsets.flatMap((offset) => copy(layout.even + offset, kept + offset)),
    ...offsets.flatMap((offset) => copy(layout.odd + offset, kept + half + offset)),
  ];
}

/** Into the kernel's own room, from which they are taken from here on. */
function encodeSquares(layout: Layout, { get, set, advance }: Locals): Code {
  return [
    ...set("from", get("at")),
    ...set("to", i32.constant(layout.samples)),
    ...set("stop", i32.add(get("to"), i32.shiftLeft(get("count"), i32.constant(3)))),
    ...repeat(
      [
        ...set("two", f64x2.load(get("from"))),
        ...f64x2.store({ address: get("to") }, f64x2.mul(get("two"), get("two"))),
        ...advance("from", vectorBytes),
        ...advance("to", vectorBytes),
      ],
      i32.isBelow(get("to"), get("stop")),
    ),
    ...set("at", i32.constant(layout.samples)),
  ];
}

/** As `integrate` does. */
function encodeIntegral(layout: Layout, { get, set, advance }: Locals): Code {
  const { add, slide, seconds } = f64x2;
  const behindFirst = (pair: string): Code => add(get(pair), slide(f64x2.zero(), get(pair)));
  return [
    ...set("from", get("at")),
    ...set("stop", i32.add(get("at"), i32.shiftLeft(get("count"), i32.constant(3)))),
    ...set("to", i32.constant(layout.integral + doubleBytes)),
    ...set("base", f64x2.zero()),
    ...repeat(
      [
        ...set("two", f64x2.load(get("from"))),
        ...set("four", f64x2.load(get("from"), vectorBytes)),
        ...set("two", behindFirst("two")),
        ...set("four", add(behindFirst("four"), seconds(get("two"), get("two")))),
        ...f64x2.store({ address: get("to") }, add(get("two"), get("base"))),
        ...f64x2.store({ address: get("to"), offset: vectorBytes }, add(get("four"), get("base"))),
        ...set("base", add(get("base"), seconds(get("four"), get("four")))),
        ...advance("from", 2 * vectorBytes),
        ...advance("to", 2 * vectorBytes),
      ],
      i32.isBelow(get("from"), get("stop")),
    ),
  ];
}

function encodeSlicing(layout: Layout, { get, set, advance }: Locals): Code {
  const { add, sub, mul } = f64;
  const one = f64.constant(1);
  const bias = f64.constant(roundingBias);
  const running = i32.constant(layout.state);
  const eight = i32.constant(3);
  /** Even slices and odd ones lie apart, so that the low-pass reads neighbours. */
  const keep = (value: Code): Code => {
    const place = i32.shiftLeft(i32.shiftRight(get("slices"), i32.constant(1)), eight);
    const apart = i32.mul(i32.and(get("slices"), i32.constant(1)), i32.constant(layout.odd - layout.even));
    return [
      ...f64.store({ address: i32.add(place, apart), offset: layout.even }, value),
      ...advance("slices", 1),
    ];
  };
  const sinceLast = (upTo: Code): Code => add(mul(sub(upTo, get("last")), get("step")), get("carried"));
  const takeSlice: Code = [
    ...set("biased", add(sub(get("edge"), f64.constant(0.5)), bias)),
    ...set("whole", i32.shiftLeft(f64.lowerBits(get("biased")), eight)),
    ...set(
      "here",
      add(
        f64.load(get("whole"), layout.integral),
        mul(f64.load(i32.add(get("at"), get("whole"))), sub(get("edge"), sub(get("biased"), bias))),
      ),
    ),
    ...keep(sinceLast(get("here"))),
    ...set("last", get("here")),
    ...set("carried", f64.constant(0)),
    ...set("edge", add(get("edge"), get("length"))),
  ];
  const hasEnded = f64.isBelow(get("edge"), get("end"));
  const whole = f64.load(i32.shiftLeft(get("count"), eight), layout.integral);
  return [
    ...set("end", f64.fromInteger(get("count"))),
    ...set("edge", mul(sub(one, f64.load(running)), get("length"))),
    ...set("carried", f64.load(running, doubleBytes)),
    ...set("last", f64.constant(0)),
    ...branch(hasEnded, repeat(takeSlice, hasEnded), []),
    ...f64.store({ address: running }, sub(one, mul(sub(get("edge"), get("end")), get("step")))),
    ...f64.store({ address: running, offset: doubleBytes }, sinceLast(whole)),
  ];
}

/** Output j is the sum of slice 2j + tap times tap. A loop, two taps a turn: V8 else loads what all taps need ahead, and has no registers for it. */
function encodeLowPass(taps: number, layout: Layout, { get, set, advance }: Locals): Code {
  const sums = Array.from({ length: abreast }, (_, index) => index);
  const addTap = (parity: 0 | 1): Code => [
    ...set("tap", f64x2.loadBoth(get("to"), doubleBytes * parity)),
    ...sums.flatMap((index) => {
      const from = (parity === 0 ? layout.even : layout.odd) + vectorBytes * index;
      const slices = f64x2.load(get("from"), from);
      return set(`sum${index}`, f64x2.add(get(`sum${index}`), f64x2.mul(slices, get("tap"))));
    }),
  ];
  const lastPair = i32.constant(layout.taps + doubleBytes * (taps - 1));
  // So many outputs, rounded up, in bytes: (slices − taps) / 2 + 1.
  const bytes = i32.shiftLeft(
    i32.shiftRight(i32.sub(get("slices"), i32.constant(taps - 2)), i32.constant(1)),
    i32.constant(3),
  );
  return [
    ...set("at", i32.constant(0)),
    ...set("stop", i32.constant(0)),
    ...branch(
      i32.isBelow(get("slices"), i32.constant(taps)),
      [],
      [
        ...set("stop", bytes),
        ...repeat(
          [
            ...sums.flatMap((index) => set(`sum${index}`, f64x2.zero())),
            ...set("from", get("at")),
            ...set("to", i32.constant(layout.taps)),
            ...repeat(
              [
                ...addTap(0),
                ...addTap(1),
                ...advance("from", doubleBytes),
                ...advance("to", 2 * doubleBytes),
              ],
              i32.isBelow(get("to"), lastPair),
            ),
            ...(taps % 2 === 0 ? [] : addTap(0)),
            ...sums.flatMap((index) =>
              f64x2.store(
                { address: get("at"), offset: layout.outputs + vectorBytes * index },
                get(`sum${index}`),
              ),
            ),
            ...advance("at", vectorBytes * abreast),
          ],
          i32.isBelow(get("at"), get("stop")),
        ),
      ],
    ),
  ];
}
