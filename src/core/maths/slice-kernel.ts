/**
 * Integrates a stream into equal slices of another axis, low-passes the slices and keeps every second one. In plain
 * JavaScript, and as WebAssembly with eight outputs of the low-pass at a time: the same bits, each adds in the order of its taps.
 */
import { findOrMake } from "./find-or-make.ts";
import { branch, type Code, f64, f64x2, i32, repeat } from "./wasm-code.ts";
import { encodeModule, type Locals, preferVectors, startModule } from "./wasm-module.ts";

/** Samples of one run at most. */
export const sliceRunSamples = 512;
/** Slices of one run at most: `samples` · (`step` + 1) must stay below. */
export const sliceRunSlices = 16_384;

/** One for the whole process: samples and state are put in, run and taken out again. */
export interface SliceKernel {
  /** The samples of a run. */
  readonly samples: Float64Array;
  /** What comes of it. */
  readonly outputs: Float64Array;
  /** Takes `count` samples, each of which covers `step` > 0 slices; returns the number of outputs. */
  run(state: SliceState, count: number, step: number): number;
}

/** Of one stream, between two runs. */
export interface SliceState {
  /** Share of the running slice that is filled, 0 … 1, and the integral over it so far. */
  readonly running: Float64Array;
  /** Slices that the next output needs, and how many: every second one, and those between. */
  readonly even: Float64Array;
  readonly odd: Float64Array;
  held: number;
}

/** Creates the state of a stream that has not begun, for a low-pass of so many taps. */
export function createSliceState(taps: number): SliceState {
  const half = (taps + 1) >> 1;
  // In one piece: a buffer of its own for each would take more than what it holds.
  const doubles = new Float64Array(2 + 2 * half);
  return {
    running: doubles.subarray(0, 2),
    even: doubles.subarray(2, 2 + half),
    odd: doubles.subarray(2 + half),
    held: 0,
  };
}

export function resetSliceState(state: SliceState): void {
  state.running.fill(0);
  state.held = 0;
}

/** Creates the kernel in plain JavaScript: for machines without vectors, and to hold the other one against. */
export function createScriptSliceKernel(taps: Float64Array): SliceKernel {
  const length = taps.length;
  const reversed = Float64Array.from(taps).reverse();
  const samples = new Float64Array(sliceRunSamples);
  const slices = new Float64Array(length + sliceRunSlices);
  const outputs = new Float64Array(sliceRunSlices / 2);
  return {
    samples,
    outputs,
    run: (state, count, step) => {
      let { held } = state;
      for (let index = 0; index < held; index++) {
        slices[index] = (index & 1 ? state.odd : state.even)[index >> 1]!;
      }
      let part = state.running[0]!;
      let sum = state.running[1]!;
      for (let index = 0; index < count; index++) {
        const sample = samples[index]!;
        let next = part + step;
        if (next < 1) {
          sum += sample * step;
        } else {
          // It spans the boundary of a slice (or several, where few samples come): it is shared by what it covers.
          slices[held++] = sum + sample * (1 - part);
          next -= 1;
          for (; next >= 1; next -= 1) slices[held++] = sample;
          sum = sample * next;
        }
        part = next;
      }
      state.running[0] = part;
      state.running[1] = sum;
      let many = 0;
      for (let from = 0; from + length <= held; from += 2, many++) {
        let output = 0;
        for (let tap = 0; tap < length; tap++) output += slices[from + tap]! * reversed[tap]!;
        outputs[many] = output;
      }
      state.held = held - 2 * many;
      for (let index = 0; index < state.held; index++) {
        (index & 1 ? state.odd : state.even)[index >> 1] = slices[2 * many + index]!;
      }
      return many;
    },
  };
}

const doubleBytes = 8;
const vectorBytes = 16;
/** Vectors of outputs that are computed together: none waits for its own last sum. */
const abreast = 4;

/** Where in the memory what lies, bytes. */
interface Layout {
  readonly running: number;
  readonly taps: number;
  readonly samples: number;
  readonly even: number;
  readonly odd: number;
  readonly outputs: number;
  readonly end: number;
}

/** Creates the kernel in WebAssembly. @throws Error where the processor or the runtime has no vectors. */
export function createVectorSliceKernel(taps: Float64Array): SliceKernel {
  const layout = layOut(taps.length);
  const { memory, find } = startModule(encodeSlices(taps.length, layout));
  const run = find("run");
  const view = (from: number, to: number): Float64Array =>
    new Float64Array(memory, from, (to - from) / doubleBytes);
  view(layout.taps, layout.samples).set(Float64Array.from(taps).reverse());
  const running = view(layout.running, layout.taps);
  const even = view(layout.even, layout.odd);
  const odd = view(layout.odd, layout.outputs);
  return {
    samples: view(layout.samples, layout.even),
    outputs: view(layout.outputs, layout.end),
    run: (state, count, step) => {
      running[0] = state.running[0]!;
      running[1] = state.running[1]!;
      for (let index = 0; index < state.held; index += 2) even[index >> 1] = state.even[index >> 1]!;
      for (let index = 1; index < state.held; index += 2) odd[index >> 1] = state.odd[index >> 1]!;
      const slices = run(doubleBytes * count, state.held, step);
      state.running[0] = running[0];
      state.running[1] = running[1];
      const many = slices < taps.length ? 0 : ((slices - taps.length) >> 1) + 1;
      state.held = slices - 2 * many;
      for (let index = 0; index < state.held; index += 2) state.even[index >> 1] = even[many + (index >> 1)]!;
      for (let index = 1; index < state.held; index += 2) state.odd[index >> 1] = odd[many + (index >> 1)]!;
      return many;
    },
  };
}

const shared = new Map<string, SliceKernel>();

/** The kernel of this process for a low-pass: vectors where there are any. */
export function shareSliceKernel(taps: Float64Array): SliceKernel {
  return findOrMake(shared, taps.join(), () =>
    preferVectors(
      () => createVectorSliceKernel(taps),
      () => createScriptSliceKernel(taps),
    ),
  );
}

function layOut(taps: number): Layout {
  // Outputs are computed by eights: what lies behind the last slice is read and thrown away.
  const half = taps + sliceRunSlices / 2 + 2 * abreast;
  const tapsAt = 2 * doubleBytes;
  const samples = tapsAt + doubleBytes * taps;
  const even = samples + doubleBytes * sliceRunSamples;
  const odd = even + doubleBytes * half;
  const outputs = odd + doubleBytes * half;
  const end = outputs + doubleBytes * half;
  return { running: 0, taps: tapsAt, samples, even, odd, outputs, end };
}

/** `run(bytes, slices, step)` returns the slices, those that were held included. */
function encodeSlices(taps: number, layout: Layout): Uint8Array {
  const sums = Array.from({ length: abreast }, (_, index) => `sum${index}`);
  return encodeModule(layout.end, [
    {
      name: "run",
      parameters: { bytes: "i32", slices: "i32", step: "f64" },
      result: "i32",
      locals: { i32: "at stop", f64: "part sum next sample", v128: `tap ${sums.join(" ")}` },
      body: (locals) => [
        ...encodeIntegration(layout, locals),
        ...encodeLowPass(taps, layout, locals),
        ...locals.get("slices"),
      ],
    },
  ]);
}

function encodeIntegration(layout: Layout, { get, set }: Locals): Code {
  const { add, sub, mul } = f64;
  const one = f64.constant(1);
  const running = i32.constant(layout.running);
  /** Even slices and odd ones lie apart, so that the low-pass reads neighbours. */
  const keep = (value: Code): Code => {
    const place = i32.shiftLeft(i32.shiftRight(get("slices"), i32.constant(1)), i32.constant(3));
    const apart = i32.mul(i32.and(get("slices"), i32.constant(1)), i32.constant(layout.odd - layout.even));
    return [
      ...f64.store({ address: i32.add(place, apart), offset: layout.even }, value),
      ...set("slices", i32.add(get("slices"), i32.constant(1))),
    ];
  };
  return [
    ...set("part", f64.load(running)),
    ...set("sum", f64.load(running, doubleBytes)),
    ...repeat(
      [
        ...set("sample", f64.load(get("at"), layout.samples)),
        ...set("next", add(get("part"), get("step"))),
        ...branch(
          f64.isBelow(get("next"), one),
          set("sum", add(get("sum"), mul(get("sample"), get("step")))),
          [
            ...keep(add(get("sum"), mul(get("sample"), sub(one, get("part"))))),
            ...set("next", sub(get("next"), one)),
            ...branch(
              f64.isAtLeast(get("next"), one),
              repeat(
                [...keep(get("sample")), ...set("next", sub(get("next"), one))],
                f64.isAtLeast(get("next"), one),
              ),
              [],
            ),
            ...set("sum", mul(get("sample"), get("next"))),
          ],
        ),
        ...set("part", get("next")),
        ...set("at", i32.add(get("at"), i32.constant(doubleBytes))),
      ],
      i32.isBelow(get("at"), get("bytes")),
    ),
    ...f64.store({ address: running }, get("part")),
    ...f64.store({ address: running, offset: doubleBytes }, get("sum")),
  ];
}

/** Output j is the sum of slice 2j + tap times tap. */
function encodeLowPass(taps: number, layout: Layout, { get, set }: Locals): Code {
  const sums = Array.from({ length: abreast }, (_, index) => index);
  const addTap = (tap: number): Code => {
    const from = (tap & 1 ? layout.odd : layout.even) + doubleBytes * (tap >> 1);
    return [
      ...set("tap", f64x2.loadBoth(i32.constant(layout.taps), doubleBytes * tap)),
      ...sums.flatMap((index) => {
        const slices = f64x2.load(get("at"), from + vectorBytes * index);
        return set(`sum${index}`, f64x2.add(get(`sum${index}`), f64x2.mul(slices, get("tap"))));
      }),
    ];
  };
  // So many outputs, rounded up, in bytes: (slices − taps) / 2 + 1.
  const bytes = i32.shiftLeft(
    i32.shiftRight(i32.sub(get("slices"), i32.constant(taps - 2)), i32.constant(1)),
    i32.constant(3),
  );
  return [
    ...set("at", i32.constant(0)),
    ...branch(
      i32.isBelow(get("slices"), i32.constant(taps)),
      [],
      [
        ...set("stop", bytes),
        ...repeat(
          [
            ...sums.flatMap((index) => set(`sum${index}`, f64x2.zero())),
            ...Array.from({ length: taps }, (_, tap) => tap).flatMap(addTap),
            ...sums.flatMap((index) =>
              f64x2.store(
                { address: get("at"), offset: layout.outputs + vectorBytes * index },
                get(`sum${index}`),
              ),
            ),
            ...set("at", i32.add(get("at"), i32.constant(vectorBytes * abreast))),
          ],
          i32.isBelow(get("at"), get("stop")),
        ),
      ],
    ),
  ];
}
