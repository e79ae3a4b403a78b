/**
 * The decimating low-pass as vectors in WebAssembly: neighbouring counts times neighbouring taps, both products of eight counts in
 * one instruction, four outputs a vector and sixteen at a time.
 */
import {
  type CountRun,
  countSteps,
  createDecimationState,
  createScriptDecimationKernel,
  type Decimation,
  type DecimationKernel,
  decimationRunCounts,
  isOfOneScale,
  scaleOfSums,
} from "./decimation-kernel.ts";
import {
  branch,
  type Code,
  countBytes,
  doubleBytes,
  f64x2,
  i16x8,
  i32,
  repeat,
  vectorBytes,
} from "./wasm-code.ts";
import { createCountsIntake, encodeModule, type Locals, startModule, takeRoom } from "./wasm-module.ts";

const pairBytes = 2 * countBytes;
/** Outputs of a vector: a sum has as many bits as a pair of counts. */
const together = vectorBytes / pairBytes;
/** Vectors of outputs that are computed together. */
const abreast = 4;
/** What is read behind the last count without meaning anything must lie within what stands behind a block. */
const maxFactor = 9;

/** Where in the memory what lies, bytes. */
interface Layout {
  /** Counts in their sequence: those that were held, then those of the run. */
  readonly counts: number;
  /** The same as pairs, those at the same place in an output's step in a piece of their own; `counts` where a step is a pair. */
  readonly pieces: readonly number[];
  /** Pairs of taps, each in all parts of a vector: those of a step side by side. */
  readonly taps: number;
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
  const held = createDecimationState(decimation).counts.length;
  const { memory, from: base } = takeRoom(layOut(decimation, { held, base: 0 }).end);
  const layout = layOut(decimation, { held, base });
  const find = startModule(encodeDecimation(decimation, { held, layout }), memory).find("run");
  const { buffer } = memory;
  const pairs = arrangeTaps(decimation);
  new Int16Array(buffer, layout.taps, pairs.length).set(pairs);
  const inner = new Int16Array(buffer, layout.counts, held);
  const own = new Float64Array(buffer, layout.outputs, Math.ceil(decimationRunCounts / factor));
  const takeIn = createCountsIntake(memory, layout.counts + countBytes * held, decimationRunCounts);
  const script = createScriptDecimationKernel(decimation);
  /** Where outputs went last, and where that begins in the memory; null: elsewhere. */
  let target: Float64Array = own;
  let targetAt: number | null = layout.outputs;
  return {
    run: (state, run: Readonly<CountRun>, place) => {
      if (!isOfOneScale(state, run)) return script.run(state, run, place);
      const { counts, from, to, scale } = run;
      const { out, at } = place;
      if (out !== target) targetAt = out.buffer === buffer ? out.byteOffset : null;
      target = out;
      const total = state.held + to - from;
      const many = total < length ? 0 : Math.floor((total - length) / factor) + 1;
      inner.set(state.counts);
      const first = takeIn(counts, from, to);
      const put = targetAt === null ? layout.outputs : targetAt + doubleBytes * at;
      find(first, countBytes * (to - from), state.held, scaleOfSums(scale), put, pairBytes * many);
      state.counts.set(inner);
      state.held = total - factor * many;
      state.scale = scale;
      state.scales = null;
      if (targetAt === null) for (let index = 0; index < many; index++) out[at + index] = own[index]!;
      return many;
    },
  };
}

function layOut(
  decimation: Decimation,
  { held, base }: { readonly held: number; readonly base: number },
): Layout {
  const { factor } = decimation;
  const steps = countSteps(decimation);
  const perStep = Math.ceil(factor / 2);
  // Counts are taken by eights and outputs computed by sixteens: what lies behind the last is read and thrown away.
  const countsBytes = roundUp(countBytes * (held + decimationRunCounts + 2 * factor * steps));
  const pieceBytes = roundUp(pairBytes * (Math.ceil((held + decimationRunCounts) / factor) + 2 * steps));
  const taps = base + countsBytes;
  const pieces = taps + vectorBytes * steps * perStep;
  const outputs = factor === 2 ? pieces : pieces + perStep * pieceBytes;
  return {
    counts: base,
    pieces: Array.from({ length: perStep }, (_, piece) =>
      factor === 2 ? base : pieces + piece * pieceBytes,
    ),
    taps,
    outputs,
    end: outputs + doubleBytes * (Math.ceil(decimationRunCounts / factor) + 2 * together * abreast),
  };
}

function roundUp(bytes: number): number {
  return vectorBytes * Math.ceil(bytes / vectorBytes);
}

/** The oldest count's tap first, as {@link Layout.taps}; what is missing of the last step or pair is 0. */
function arrangeTaps({ taps, factor }: Decimation): Int16Array {
  const reversed = Array.from(taps).reverse();
  const steps = countSteps({ taps, factor });
  const pairs = Array.from({ length: steps }, (_, step) => {
    const own = reversed.slice(factor * step, factor * (step + 1));
    return Array.from({ length: Math.ceil(factor / 2) }, (_pair, pair) => [
      own[2 * pair] ?? 0,
      own[2 * pair + 1] ?? 0,
    ]);
  }).flat();
  return Int16Array.from(pairs.flatMap((pair) => Array.from({ length: together }, () => pair).flat()));
}

/** What a kernel is encoded from. */
interface Plan {
  /** Counts that a state has room for. */
  readonly held: number;
  readonly layout: Layout;
}

/** `run(at, bytes, held, scale, target, outputs)`: so many bytes of counts from an address on; of outputs the pairs' bytes. */
function encodeDecimation(decimation: Decimation, plan: Plan): Uint8Array {
  const sums = Array.from({ length: abreast }, (_, index) => `sum${index}`);
  return encodeModule("given", [
    {
      name: "run",
      parameters: { at: "i32", bytes: "i32", held: "i32", scale: "f64", target: "i32", outputs: "i32" },
      locals: { i32: "from to end stop", v128: `scales tap ${sums.join(" ")}` },
      body: (locals) => [
        ...encodeIntake(plan, locals),
        ...encodePairs(decimation, plan, locals),
        ...encodeLowPass(decimation, plan, locals),
        ...encodeKept(decimation, plan, locals),
      ],
    },
  ]);
}

/** Puts the run's counts behind those that were held. */
function encodeIntake({ layout }: Plan, { get, set, advance }: Locals): Code {
  return [
    ...set("to", i32.add(i32.constant(layout.counts), i32.shiftLeft(get("held"), i32.constant(1)))),
    ...set("end", i32.add(get("to"), get("bytes"))),
    ...repeat(
      [
        ...f64x2.store({ address: get("to") }, f64x2.load(get("at"))),
        ...advance("to", vectorBytes),
        ...advance("at", vectorBytes),
      ],
      i32.isBelow(get("to"), get("end")),
    ),
  ];
}

/** Puts the pairs of each step where they belong; the last count of an odd step is a pair with 0. */
function encodePairs({ factor }: Decimation, { layout }: Plan, { get, set, advance }: Locals): Code {
  if (factor === 2) return [];
  const [first = 0] = layout.pieces;
  const put = layout.pieces.flatMap((piece, pair) => {
    const isWhole = 2 * pair + 1 < factor;
    const offset = pairBytes * pair;
    const counts = isWhole
      ? i32.load(get("from"), offset)
      : i32.and(i32.loadCount(get("from"), offset), i32.constant(0xffff));
    return i32.store({ address: get("to"), offset: piece - first }, counts);
  });
  return [
    ...set("from", i32.constant(layout.counts)),
    ...set("to", i32.constant(first)),
    ...repeat(
      [...put, ...advance("from", countBytes * factor), ...advance("to", pairBytes)],
      i32.isBelow(get("from"), get("end")),
    ),
  ];
}

/** Output j is the sum of count factor · j + tap times tap. A loop over steps: V8 else loads what all of them need ahead, and has no registers for it. */
function encodeLowPass(decimation: Decimation, { layout }: Plan, { get, set, advance }: Locals): Code {
  const sums = Array.from({ length: abreast }, (_, index) => index);
  const [first = 0] = layout.pieces;
  const perStep = layout.pieces.length;
  const addStep: Code = layout.pieces.flatMap((piece, pair) => [
    ...set("tap", f64x2.load(get("to"), vectorBytes * pair)),
    ...sums.flatMap((index) => {
      const counts = f64x2.load(get("end"), piece - first + vectorBytes * index);
      return set(`sum${index}`, i16x8.addSums(get(`sum${index}`), i16x8.multiplyPairs(counts, get("tap"))));
    }),
  ]);
  const behindTaps = i32.constant(layout.taps + vectorBytes * perStep * countSteps(decimation));
  const put = (index: number): Code => {
    const sum = get(`sum${index}`);
    const store = (half: number, two: Code): Code =>
      f64x2.store(
        { address: get("target"), offset: vectorBytes * (2 * index + half) },
        f64x2.mul(f64x2.fromIntegers(two), get("scales")),
      );
    return [...store(0, sum), ...store(1, f64x2.slide(sum, sum))];
  };
  const outputBytes = doubleBytes * together * abreast;
  return branch(
    get("outputs"),
    [
      ...set("scales", f64x2.both(get("scale"))),
      ...set("from", i32.constant(first)),
      ...set("stop", i32.add(i32.constant(first), get("outputs"))),
      ...repeat(
        [
          ...sums.flatMap((index) => set(`sum${index}`, f64x2.zero())),
          ...set("end", get("from")),
          ...set("to", i32.constant(layout.taps)),
          ...repeat(
            [...addStep, ...advance("end", pairBytes), ...advance("to", vectorBytes * perStep)],
            i32.isBelow(get("to"), behindTaps),
          ),
          ...sums.flatMap(put),
          ...advance("target", outputBytes),
          ...advance("from", vectorBytes * abreast),
        ],
        i32.isBelow(get("from"), get("stop")),
      ),
    ],
    [],
  );
}

/** Puts what the next output needs to the front: as many counts as a state has room for. */
function encodeKept({ factor }: Decimation, { held, layout }: Plan, { get, set }: Locals): Code {
  const offsets = Array.from(
    { length: (countBytes * held) / vectorBytes },
    (_, index) => vectorBytes * index,
  );
  // An output is a pair's bytes, and comes of a step of counts.
  const steps = i32.shiftRight(get("outputs"), i32.constant(2));
  return [
    ...set("from", i32.add(i32.constant(layout.counts), i32.mul(steps, i32.constant(countBytes * factor)))),
    ...offsets.flatMap((offset) =>
      f64x2.store({ address: i32.constant(layout.counts + offset) }, f64x2.load(get("from"), offset)),
    ),
  ];
}
