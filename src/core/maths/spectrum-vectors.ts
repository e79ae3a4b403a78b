/**
 * The spectrum kernel as vectors of two doubles in WebAssembly. Each function reads what the one before it has written: all of a
 * length lies in one memory.
 */
import { createMedianSearch, describeCount, describeSum } from "./counted-median.ts";
import { findOrMake } from "./find-or-make.ts";
import { tabulateTransform } from "./real-fft.ts";
import { createScriptSpectrumKernel, createSelection, type SpectrumKernel } from "./spectrum-kernel.ts";
import { type Code, doubleBytes, f64, f64x2, i32, repeat, vectorBytes } from "./wasm-code.ts";
import { encodeModule, type Locals, preferVectors, startModule, type WasmFunction } from "./wasm-module.ts";

const addressBytes = 4;
/** Right behind what `count` finds. */
const inputAt = 3 * vectorBytes;

/** Where in the memory what lies, bytes. The first half of the transform's results is its real parts. */
interface Layout {
  readonly half: number;
  readonly re: number;
  readonly im: number;
  /** One more, for the vector that reaches beyond the last. */
  readonly amplitudes: number;
  /** Of the last step, and of the steps before it, one after the other. */
  readonly cosines: number;
  readonly sines: number;
  readonly stepCosines: number;
  readonly stepSines: number;
  /** Where the first value of each pair of the first step lies in the input. */
  readonly sources: number;
  /** All bits set of an amplitude that a ridge does not pass over, behind one that there is not; none beyond the last. */
  readonly kept: number;
  readonly ridge: number;
  readonly end: number;
}

/** Creates the kernel of vectors, of 16 values at least. @throws Error where the processor or the runtime has none. */
export function createVectorSpectrumKernel(size: number): SpectrumKernel | null {
  if (size < 16) return null;
  const layout = layOut(size);
  const { half } = layout;
  const transform = describeTransform(layout);
  const module = startModule(
    encodeModule(layout.end, [transform, describeCount(0), describeSum(), describeRidge(layout)]),
  );
  const { memory } = module;
  fillTables(memory, layout);
  const run = module.find(transform.name);
  const re = new Float64Array(memory, layout.re, 1);
  const im = new Float64Array(memory, layout.im, 1);
  const amplitudes = new Float64Array(memory, layout.amplitudes, half + 1);
  const search = createMedianSearch(module, { foundAt: 0, valuesAt: layout.amplitudes });
  const select = createSelection(amplitudes);
  const raise = module.find("raise");
  const ridge = new Float64Array(memory, layout.ridge, half + 1);
  const kept = new Int32Array(memory, layout.kept, 2 * (half + 2));
  let markedBy: Uint8Array | null = null;
  return {
    input: new Float64Array(memory, inputAt, size),
    amplitudes,
    transform: () => {
      run();
      // Both ends are real.
      const first = re[0]! + im[0]!;
      const last = re[0]! - im[0]!;
      amplitudes[0] = Math.sqrt(first * first);
      amplitudes[half] = Math.sqrt(last * last);
    },
    median: (from, to) => search(from, to) ?? select(from, to),
    ridge: (passedOver) => {
      if (passedOver !== markedBy) {
        for (let bin = 0; bin <= half; bin++)
          kept.fill(passedOver[bin] === 0 ? -1 : 0, 2 * (bin + 1), 2 * (bin + 2));
      }
      markedBy = passedOver;
      raise();
      return ridge;
    },
  };
}

function layOut(size: number): Layout {
  const half = size / 2;
  const re = inputAt + doubleBytes * size;
  const im = re + doubleBytes * half;
  const amplitudes = im + doubleBytes * half;
  const cosines = amplitudes + doubleBytes * (half + 2);
  const sines = cosines + doubleBytes * half;
  const stepCosines = sines + doubleBytes * half;
  const stepSines = stepCosines + doubleBytes * half;
  const sources = stepSines + doubleBytes * half;
  const kept = sources + addressBytes * (half / 2) + vectorBytes;
  const ridge = kept + doubleBytes * (half + 4);
  const end = ridge + doubleBytes * (half + 2);
  return { half, re, im, amplitudes, cosines, sines, stepCosines, stepSines, sources, kept, ridge, end };
}

/** The same numbers as `createRealFft` uses, in the order in which they are wanted. */
function fillTables(memory: ArrayBuffer, layout: Layout): void {
  const { half } = layout;
  const { reversed, cosine, sine } = tabulateTransform(2 * half);
  new Float64Array(memory, layout.cosines, half).set(cosine);
  new Float64Array(memory, layout.sines, half).set(sine);
  const stepCosines = new Float64Array(memory, layout.stepCosines, half);
  const stepSines = new Float64Array(memory, layout.stepSines, half);
  for (let span = 2; span < half; span <<= 1) {
    for (let offset = 0; offset < span; offset++) {
      stepCosines[span + offset] = cosine[(half / span) * offset]!;
      stepSines[span + offset] = sine[(half / span) * offset]!;
    }
  }
  const sources = new Uint32Array(memory, layout.sources, half / 2);
  for (let pair = 0; pair < half / 2; pair++) sources[pair] = inputAt + vectorBytes * reversed[2 * pair]!;
}

/** `transform()`: line by line what `createRealFft` says, two values at a time. */
function describeTransform(layout: Layout): WasmFunction {
  const v128 = "wr wi xr xi yr yi br bi ar ai";
  return {
    name: "transform",
    parameters: {},
    locals: { i32: "at mirror source step", v128 },
    body: (locals) => {
      const steps: Code[] = [];
      for (let span = 2; span < layout.half; span <<= 1) steps.push(encodeStep(locals, layout, span));
      return [...encodeFirstStep(locals, layout), ...steps.flat(), ...encodeUnpacking(locals, layout)];
    },
  };
}

/** Puts the input into the order of reversed bits, and does the step that needs no multiplication. */
function encodeFirstStep({ get, set, advance }: Locals, { half, re, im, sources }: Layout): Code {
  // Of a pair, both lie half of the input apart.
  const apart = (vectorBytes * half) / 2;
  return [
    ...set("at", i32.constant(0)),
    ...repeat(
      [
        ...set("source", i32.load(i32.shiftRight(get("at"), i32.constant(2)), sources)),
        ...set("xr", f64x2.load(get("source"))),
        ...set("xi", f64x2.load(get("source"), apart)),
        ...set("ar", f64x2.add(get("xr"), get("xi"))),
        ...set("br", f64x2.sub(get("xr"), get("xi"))),
        ...f64x2.store({ address: get("at"), offset: re }, f64x2.firsts(get("ar"), get("br"))),
        ...f64x2.store({ address: get("at"), offset: im }, f64x2.seconds(get("ar"), get("br"))),
        ...advance("at", vectorBytes),
      ],
      i32.isBelow(get("at"), i32.constant(doubleBytes * half)),
    ),
  ];
}

function encodeStep({ get, set, advance }: Locals, layout: Layout, span: number): Code {
  const { half, re, im, stepCosines, stepSines } = layout;
  const { add, sub, mul } = f64x2;
  const spanBytes = doubleBytes * span;
  const take = (name: string, offset: number): Code => set(name, f64x2.load(get("at"), offset));
  const put = (offset: number, value: Code): Code => f64x2.store({ address: get("at"), offset }, value);
  const butterfly = [
    ...set("wr", f64x2.load(get("step"), stepCosines + spanBytes)),
    ...set("wi", f64x2.load(get("step"), stepSines + spanBytes)),
    ...take("xr", re + spanBytes),
    ...take("xi", im + spanBytes),
    ...set("br", sub(mul(get("xr"), get("wr")), mul(get("xi"), get("wi")))),
    ...set("bi", add(mul(get("xr"), get("wi")), mul(get("xi"), get("wr")))),
    ...take("ar", re),
    ...take("ai", im),
    ...put(re, add(get("ar"), get("br"))),
    ...put(im, add(get("ai"), get("bi"))),
    ...put(re + spanBytes, sub(get("ar"), get("br"))),
    ...put(im + spanBytes, sub(get("ai"), get("bi"))),
  ];
  return [
    ...set("at", i32.constant(0)),
    ...repeat(
      [
        ...set("step", i32.constant(0)),
        ...repeat(
          [...butterfly, ...advance("at", vectorBytes), ...advance("step", vectorBytes)],
          i32.isBelow(get("step"), i32.constant(spanBytes)),
        ),
        ...advance("at", spanBytes),
      ],
      i32.isBelow(get("at"), i32.constant(doubleBytes * half)),
    ),
  ];
}

/** Joins the spectra of even and odd values; of the last vector the second is no amplitude. */
function encodeUnpacking({ get, set, advance }: Locals, layout: Layout): Code {
  const { half, re, im, amplitudes, cosines, sines } = layout;
  const { add, sub, mul } = f64x2;
  const both = (value: number): Code => f64x2.both(f64.constant(value));
  const halved = (value: Code): Code => mul(both(0.5), value);
  const take = (name: string, offset: number): Code => set(name, f64x2.load(get("at"), offset));
  const swapped = (offset: number): Code =>
    f64x2.slide(f64x2.load(get("mirror"), offset), f64x2.load(get("mirror"), offset));
  const firstAt = doubleBytes;
  return [
    ...set("at", i32.constant(firstAt)),
    ...set("mirror", i32.constant(doubleBytes * (half - 2))),
    ...repeat(
      [
        ...take("wr", cosines),
        ...take("wi", sines),
        ...take("xr", re),
        ...take("xi", im),
        ...set("yr", swapped(re)),
        ...set("yi", swapped(im)),
        ...set("ar", halved(add(get("xr"), get("yr")))),
        ...set("ai", halved(sub(get("xi"), get("yi")))),
        ...set("br", halved(add(get("xi"), get("yi")))),
        ...set("bi", halved(sub(get("yr"), get("xr")))),
        ...set("xr", sub(add(get("ar"), mul(get("br"), get("wr"))), mul(get("bi"), get("wi")))),
        ...set("xi", add(add(get("ai"), mul(get("br"), get("wi"))), mul(get("bi"), get("wr")))),
        ...f64x2.store(
          { address: get("at"), offset: amplitudes },
          f64x2.sqrt(add(mul(get("xr"), get("xr")), mul(get("xi"), get("xi")))),
        ),
        ...advance("at", vectorBytes),
        ...set("mirror", i32.sub(get("mirror"), i32.constant(vectorBytes))),
      ],
      i32.isBelow(get("at"), i32.constant(doubleBytes * half)),
    ),
  ];
}

/** `raise()`: two amplitudes a turn, each the largest of those of three that are kept; what is no number is none of them. */
function describeRidge({ half, amplitudes, kept, ridge }: Layout): WasmFunction {
  return {
    name: "raise",
    parameters: {},
    locals: { i32: "at", v128: "peak" },
    body: ({ get, set, advance }) => {
      const addNear = (place: number): Code => {
        const amplitude = f64x2.load(get("at"), amplitudes + doubleBytes * place);
        const mask = f64x2.load(get("at"), kept + doubleBytes * (place + 1));
        return set("peak", f64x2.pmax(get("peak"), f64x2.and(amplitude, mask)));
      };
      return repeat(
        [
          ...set("peak", f64x2.zero()),
          ...[-1, 0, 1].flatMap(addNear),
          ...f64x2.store({ address: get("at"), offset: ridge }, get("peak")),
          ...advance("at", vectorBytes),
        ],
        i32.isBelow(get("at"), i32.constant(doubleBytes * (half + 1))),
      );
    },
  };
}

const shared = new Map<number, SpectrumKernel>();

/** The kernel of this process for a length: vectors where there are any. @throws RangeError as `createRealFft` does. */
export function shareSpectrumKernel(size: number): SpectrumKernel {
  return findOrMake(shared, size, () =>
    preferVectors(
      () => createVectorSpectrumKernel(size),
      () => createScriptSpectrumKernel(size),
    ),
  );
}
