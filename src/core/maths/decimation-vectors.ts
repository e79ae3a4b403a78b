/** The decimating low-pass as vectors of two doubles in WebAssembly, eight outputs at a time, each adding in the order of its taps. */
import {
  countPiece,
  type Decimation,
  type DecimationKernel,
  decimationRunCounts,
} from "./decimation-kernel.ts";
import { branch, type Code, f64, f64x2, i16x8, i32, repeat } from "./wasm-code.ts";
import { createCountsIntake, encodeModule, type Locals, startModule, takeRoom } from "./wasm-module.ts";

const countBytes = 2;
const doubleBytes = 8;
const vectorBytes = 16;
const together = vectorBytes / countBytes;
/** Vectors of outputs that are computed together: none waits for its own last sum. */
const abreast = 4;
/** What is read behind the last count without meaning anything must lie within what stands behind a block. */
const maxFactor = 9;

/** Where in the memory what lies, bytes. */
interface Layout {
  /** As {@link DecimationState.doubles}. */
  readonly state: number;
  readonly taps: number;
  readonly counts: number;
  /** Of each piece. */
  readonly samples: readonly number[];
  readonly outputs: number;
  readonly end: number;
}

/**
 * Creates the kernel in WebAssembly, in room that it shares: counts and outputs that lie there are taken and put where they lie,
 * others are copied. Null for a make that does not suit it. @throws Error where the processor or the runtime has no vectors.
 */
export function createVectorDecimationKernel(decimation: Decimation): DecimationKernel | null {
  const { taps, factor } = decimation;
  const length = taps.length;
  if (factor > maxFactor) return null;
  const { memory, from: base } = takeRoom(layOut(decimation, 0).end);
  const layout = layOut(decimation, base);
  const run = startModule(encodeDecimation(decimation, layout), memory).find("run");
  const { buffer } = memory;
  new Float64Array(buffer, layout.taps, length).set(Float64Array.from(taps).reverse());
  const inner = new Float64Array(buffer, layout.state, factor * countPiece(decimation));
  const own = new Float64Array(buffer, layout.outputs, Math.ceil(decimationRunCounts / factor));
  const takeIn = createCountsIntake(memory, layout.counts, decimationRunCounts);
  /** Where outputs went last, and where that begins in the memory; null: elsewhere. */
  let target: Float64Array = own;
  let targetAt: number | null = layout.outputs;
  return {
    run: (state, { counts, from, to, scale }, { out, at }) => {
      if (out !== target) targetAt = out.buffer === buffer ? out.byteOffset : null;
      target = out;
      const total = state.held + to - from;
      const many = total < length ? 0 : Math.floor((total - length) / factor) + 1;
      inner.set(state.doubles);
      const first = takeIn(counts, from, to);
      const put = targetAt === null ? layout.outputs : targetAt + doubleBytes * at;
      run(first, first + countBytes * (to - from), state.held, scale, put, doubleBytes * many);
      state.doubles.set(inner);
      state.held = total - factor * many;
      if (targetAt === null) for (let index = 0; index < many; index++) out[at + index] = own[index]!;
      return many;
    },
  };
}

function layOut(decimation: Decimation, state: number): Layout {
  const { taps, factor } = decimation;
  const pieceBytes = doubleBytes * countPiece(decimation);
  // Outputs are computed by eights: what lies behind the last sample is read and thrown away.
  const outputsBytes = doubleBytes * (Math.ceil(decimationRunCounts / factor) + 2 * abreast);
  const tapsAt = state + factor * pieceBytes;
  const counts = tapsAt + doubleBytes * taps.length;
  const samples =
    counts + Math.ceil((countBytes * (decimationRunCounts + maxFactor)) / vectorBytes) * vectorBytes;
  const outputs = samples + factor * (pieceBytes + outputsBytes);
  return {
    state,
    taps: tapsAt,
    counts,
    samples: Array.from({ length: factor }, (_, piece) => samples + piece * (pieceBytes + outputsBytes)),
    outputs,
    end: outputs + outputsBytes,
  };
}

/** `run(at, stop, held, scale, target, bytes)` of the counts between two addresses, and of so many bytes of outputs. */
function encodeDecimation(decimation: Decimation, layout: Layout): Uint8Array {
  const { factor } = decimation;
  const places = Array.from({ length: factor }, (_, index) => `to${index}`);
  const sums = Array.from({ length: abreast }, (_, index) => `sum${index}`);
  return encodeModule("given", [
    {
      name: "run",
      parameters: { at: "i32", stop: "i32", held: "i32", scale: "f64", target: "i32", bytes: "i32" },
      locals: { i32: `from ${places.join(" ")}`, v128: `counts four scales tap ${sums.join(" ")}` },
      body: (locals) => [
        ...encodeCopies(decimation, layout, (first, kept) =>
          f64x2.store({ address: i32.constant(first) }, f64x2.load(i32.constant(kept))),
        ),
        ...encodeIntake(factor, layout, locals),
        ...encodeLowPass(decimation, layout, locals),
        // Where the low-pass came to its end lies the first sample that the next output needs.
        ...encodeCopies(decimation, layout, (first, kept) =>
          f64x2.store({ address: i32.constant(kept) }, f64x2.load(locals.get("bytes"), first)),
        ),
      ],
    },
  ]);
}

/** Copies between the beginning of the samples and the state, however many of them are held. */
function encodeCopies(
  decimation: Decimation,
  layout: Layout,
  copy: (first: number, kept: number) => Code,
): Code {
  const bytes = doubleBytes * countPiece(decimation);
  const offsets = Array.from({ length: bytes / vectorBytes }, (_, index) => vectorBytes * index);
  return layout.samples.flatMap((first, piece) =>
    offsets.flatMap((offset) => copy(first + offset, layout.state + piece * bytes + offset)),
  );
}

/** Counts as doubles, every `factor`-th in a piece of its own, so that the low-pass reads neighbours. */
function encodeIntake(factor: number, { samples }: Layout, locals: Locals): Code {
  const { get, set } = locals;
  const inTurn = Array.from({ length: factor }, (_, index) => index);
  const every = i32.constant(factor);
  const between = i32.constant(samples[1]! - samples[0]!);
  const placeOf = (sample: Code): Code =>
    i32.add(
      i32.add(i32.constant(samples[0]!), i32.mul(i32.remainder(sample, every), between)),
      i32.shiftLeft(i32.div(sample, every), i32.constant(3)),
    );
  const isVector = together % factor === 0 && factor < together;
  const counts = isVector ? together : factor;
  const bytes = (doubleBytes * counts) / factor;
  return [
    ...inTurn.flatMap((index) => set(`to${index}`, placeOf(i32.add(get("held"), i32.constant(index))))),
    ...set("scales", f64x2.both(get("scale"))),
    ...repeat(
      [
        ...(isVector ? encodeEightCounts(factor, locals) : encodeCounts(factor, locals)),
        ...inTurn.flatMap((index) => set(`to${index}`, i32.add(get(`to${index}`), i32.constant(bytes)))),
        ...set("at", i32.add(get("at"), i32.constant(countBytes * counts))),
      ],
      i32.isBelow(get("at"), get("stop")),
    ),
  ];
}

/** One for each piece. */
function encodeCounts(factor: number, { get }: Locals): Code {
  return Array.from({ length: factor }, (_, index) => {
    const count = f64.fromInteger(i32.loadCount(get("at"), countBytes * index));
    return f64.store({ address: get(`to${index}`) }, f64.mul(count, get("scale")));
  }).flat();
}

/** Eight, of which those of a piece are put side by side first. */
function encodeEightCounts(factor: number, { get, set }: Locals): Code {
  const each = together / factor;
  const order = Array.from(
    { length: together },
    (_, place) => factor * (place % each) + Math.floor(place / each),
  );
  const put = (pair: number): Code => {
    const address = get(`to${Math.floor((2 * pair) / each)}`);
    const values = f64x2.fromIntegers(pair % 2 === 0 ? get("four") : f64x2.slide(get("four"), get("four")));
    return f64x2.store(
      { address, offset: doubleBytes * ((2 * pair) % each) },
      f64x2.mul(values, get("scales")),
    );
  };
  return [
    ...set("counts", i16x8.arrange(f64x2.load(get("at")), order)),
    ...set("four", f64x2.widenLow(get("counts"))),
    ...put(0),
    ...put(1),
    ...set("four", f64x2.widenHigh(get("counts"))),
    ...put(2),
    ...put(3),
  ];
}

/** Output j is the sum of sample factor · j + tap times tap. */
function encodeLowPass({ taps, factor }: Decimation, layout: Layout, { get, set }: Locals): Code {
  const sums = Array.from({ length: abreast }, (_, index) => index);
  const addTap = (_: number, tap: number): Code => {
    const first = layout.samples[tap % factor]! + doubleBytes * Math.floor(tap / factor);
    return [
      ...set("tap", f64x2.loadBoth(i32.constant(layout.taps), doubleBytes * tap)),
      ...sums.flatMap((index) => {
        const samples = f64x2.load(get("from"), first + vectorBytes * index);
        return set(`sum${index}`, f64x2.add(get(`sum${index}`), f64x2.mul(samples, get("tap"))));
      }),
    ];
  };
  return branch(
    get("bytes"),
    [
      ...set("from", i32.constant(0)),
      ...repeat(
        [
          ...sums.flatMap((index) => set(`sum${index}`, f64x2.zero())),
          ...Array.from(taps, addTap).flat(),
          ...sums.flatMap((index) =>
            f64x2.store({ address: get("target"), offset: vectorBytes * index }, get(`sum${index}`)),
          ),
          ...set("target", i32.add(get("target"), i32.constant(vectorBytes * abreast))),
          ...set("from", i32.add(get("from"), i32.constant(vectorBytes * abreast))),
        ],
        i32.isBelow(get("from"), get("bytes")),
      ),
    ],
    [],
  );
}
