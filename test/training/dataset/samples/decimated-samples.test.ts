import { describe, expect, it } from "vitest";
import { decimateSamples } from "../../../../src/training/dataset/samples/decimated-samples.ts";
import type { SampleFile } from "../../../../src/training/dataset/samples/samples.ts";

const rateHz = 97_656;

function tone(hertz: number, samples = 20_000): Float64Array {
  return Float64Array.from({ length: samples }, (_, index) =>
    Math.sin((2 * Math.PI * hertz * index) / rateHz),
  );
}

function fileOf(values: Float64Array, pieceSamples = 8192): SampleFile {
  return {
    path: "a.npy",
    isCounts: true,
    rateHz,
    pieces: async function* () {
      for (let at = 0; at < values.length; at += pieceSamples) yield values.slice(at, at + pieceSamples);
    },
  };
}

async function read(file: SampleFile): Promise<number[]> {
  const out: number[] = [];
  for await (const piece of file.pieces()) out.push(...piece);
  return out;
}

function rms(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

describe("decimated samples", () => {
  it.each([50, 3000, 14_000])("keep a tone of %d Hz", async (hertz) => {
    const out = await read(decimateSamples(fileOf(tone(hertz)), 2));
    expect(out.length).toBeGreaterThan(9900);
    expect(rms(out)).toBeCloseTo(Math.SQRT1_2, 2);
  });

  it.each([28_000, 33_000, 45_000])(
    "let nothing through of a tone of %d Hz, which would fold back",
    async (hertz) => {
      expect(rms(await read(decimateSamples(fileOf(tone(hertz)), 2)))).toBeLessThan(0.002);
    },
  );

  it.each([2, 3, 7])(
    "are the same however the file is cut into pieces, by a factor of %d",
    async (factor) => {
      const values = tone(1234, 3001);
      const whole = await read(decimateSamples(fileOf(values, 3001), factor));
      expect(whole.length).toBe(Math.floor((values.length - (16 * factor + 1)) / factor) + 1);
      for (const pieceSamples of [1, 5, 97, 1024]) {
        expect(await read(decimateSamples(fileOf(values, pieceSamples), factor))).toEqual(whole);
      }
    },
  );

  it("are numbers of a lower rate, and can be read again", async () => {
    const file = decimateSamples(fileOf(tone(1000)), 2);
    expect(file).toMatchObject({ isCounts: true, isMean: true, rateHz: rateHz / 2 });
    expect(await read(file)).toEqual(await read(file));
  });

  it("have no sample where the file is shorter than the filter", async () => {
    expect(await read(decimateSamples(fileOf(tone(1000, 20)), 2))).toEqual([]);
  });

  it("miss what a missing value touches, and nothing else", async () => {
    const values = tone(1000, 1000);
    values[500] = Number.NaN;
    const missing = (await read(decimateSamples(fileOf(values), 2))).flatMap((value, index) =>
      Number.isNaN(value) ? [index] : [],
    );
    expect(missing).toEqual(Array.from({ length: 17 }, (_, index) => 234 + index));
  });
});
