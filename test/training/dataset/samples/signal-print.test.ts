import { describe, expect, it } from "vitest";
import { createRandom } from "../../../../src/core/maths/random.ts";
import {
  createSignalPrint,
  findTwins,
  type SignalPrint,
} from "../../../../src/training/dataset/samples/signal-print.ts";

/** A tone under noise, as recordings of one machine are alike. */
function invent(seed: number, samples = 20_000): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from({ length: samples }, (_, at) => Math.sin(at / 9) + 0.3 * random.normal());
}

function print(signal: Float64Array, pieceLength = 8192): SignalPrint {
  const maker = createSignalPrint();
  for (let at = 0; at < signal.length; at += pieceLength) maker.update(signal.subarray(at, at + pieceLength));
  return maker.finish();
}

describe("the fingerprint of a signal", () => {
  const signal = invent(1);
  const changed: Readonly<Record<string, Float64Array>> = {
    "as float32": Float64Array.from(Float32Array.from(signal)),
    "in other units, over a constant": signal.map((value) => 9.80665 * value + 1000),
    "as a text of four digits": signal.map((value) => Number(value.toPrecision(4))),
    "as int16 of its peak": signal.map((value) => Math.round((value / 3) * 32_000)),
    "the other way round": signal.map((value) => -value),
  };
  it.each(Object.entries(changed))("is the same %s", (_, other) => {
    const prints = [print(invent(2)), print(signal), print(invent(3)), print(other, 1000)];
    expect(findTwins(prints, (each) => each)).toEqual([{ first: prints[1], again: prints[3] }]);
  });

  it("is another for every other signal, a shifted and a shorter one among them, and silence has none", () => {
    const prints = [
      ...Array.from({ length: 300 }, (_, seed) => print(invent(seed, 2000))),
      print(invent(7, 2001).subarray(1)),
      print(invent(7, 1999)),
      print(new Float64Array(2000).fill(3)),
      print(new Float64Array(2000).fill(4)),
    ];
    expect(findTwins(prints, (each) => each)).toEqual([]);
    expect(prints.at(-1)!.projections).toBeNull();
  });

  it("names the first of several, and takes missing values for nothing", () => {
    const holed = invent(5).fill(Number.NaN, 100, 200);
    const prints = [print(holed), print(invent(6)), print(holed.map((value) => 2 * value)), print(holed)];
    expect(findTwins(prints, (each) => each)).toEqual([
      { first: prints[0], again: prints[2] },
      { first: prints[0], again: prints[3] },
    ]);
  });
});
