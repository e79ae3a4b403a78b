import { describe, expect, test } from "vitest";
import { createRandomRows, createRandomStudent } from "../../../scripts/mcu/random-student.ts";
import type { QuantisedMlp } from "../../../src/core/contract/bundle/quantised-mlp.ts";
import { createIntegerEngine } from "../../../src/core/inference/integer-engine.ts";
import { encodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import { createOnnxEngine } from "../../../src/core/inference/onnx-session.ts";
import { createRandom } from "../../../src/core/maths/random.ts";

const shapes = [
  [17, 16, 8, 3],
  [1, 1],
  [1, 7, 1],
  [3, 2],
  [64, 32, 16, 6],
  [17, 3],
  [130, 33, 5],
  [8, 8, 8, 8, 8],
  [512, 64, 32],
  [31, 100, 9],
];

describe("ONNX Runtime and the integer engine", () => {
  let compared = 0;
  let inside = 0;
  let rowsCompared = 0;
  for (const [shapeIndex, widths] of shapes.entries()) {
    test(`give the same integers for random students of ${widths.join("-")}`, async () => {
      const random = createRandom(100 + shapeIndex);
      for (let repeat = 0; repeat < 8; repeat++) {
        const mlp = createRandomStudent(random, widths);
        const onnx = await createOnnxEngine(encodeStudent(mlp));
        const integer = createIntegerEngine(mlp);
        for (const rows of [1, 2, 7, 64, 1_500]) {
          const input = createRandomRows(random, mlp, rows);
          const expected = await integer.run(input, rows);
          const actual = await onnx.run(input, rows);
          expect(Buffer.compare(actual, expected), `rows ${rows}`).toBe(0);
          compared += expected.length;
          rowsCompared += rows;
          for (const value of expected) if (value > 0 && value < 255) inside++;
        }
        await onnx.close();
      }
    });
  }
  test("round in the order of the definition where any other order gives another integer", async () => {
    // Channels whose bias alone is the accumulator, searched so that leaving out one float32 rounding shows.
    const random = createRandom(500);
    const inputScale = Math.fround(0.013);
    const outputScale = Math.fround(0.047);
    const weightScales: number[] = [];
    const biases: number[] = [];
    const expected: number[] = [];
    const isOtherInteger = (accumulator: number, scale: number): boolean => {
      const exact = (accumulator * inputScale * scale) / outputScale;
      const once = Math.fround(accumulator) * Math.fround((inputScale * scale) / outputScale);
      const defined = requantise(accumulator, inputScale, scale, outputScale);
      return roundHalfEven(exact) !== defined || roundHalfEven(Math.fround(once)) !== defined;
    };
    while (biases.length < 256) {
      const scale = Math.fround(1e-6 * 2 ** (random.uniform() * 8));
      // Accumulators next to a half: the only ones that a last bit can tip.
      const half = random.integer(250) + 0.5;
      const accumulator = Math.round((half * outputScale) / (inputScale * scale));
      if (accumulator > 2 ** 30 || !isOtherInteger(accumulator, scale)) continue;
      weightScales.push(scale);
      biases.push(accumulator);
      expected.push(requantise(accumulator, inputScale, scale, outputScale));
    }
    const mlp: QuantisedMlp = {
      inputScale,
      inputZeroPoint: 0,
      layers: [
        {
          inputs: 1,
          outputs: biases.length,
          weights: new Int8Array(biases.length).fill(1),
          weightScales: Float32Array.from(weightScales),
          bias: Int32Array.from(biases),
          relu: false,
          outputScale,
          outputZeroPoint: 0,
        },
      ],
    };
    const onnx = await createOnnxEngine(encodeStudent(mlp));
    expect([...(await onnx.run(new Float32Array(1), 1))]).toEqual(expected);
    expect([...(await createIntegerEngine(mlp).run(new Float32Array(1), 1))]).toEqual(expected);
    await onnx.close();
  });

  test("have been compared on more than 100,000 rows, with outputs at both ends and inside of uint8", () => {
    expect(rowsCompared).toBeGreaterThan(100_000);
    expect(inside / compared).toBeGreaterThan(0.3);
    expect(inside / compared).toBeLessThan(0.9);
  });
});

/** The definition of `core/contract/bundle/quantised-mlp.ts`, written once more, for zero point 0 and no clamp. */
function requantise(accumulator: number, scaleIn: number, weightScale: number, scaleOut: number): number {
  const multiplier = Math.fround(Math.fround(scaleIn * weightScale) / scaleOut);
  return roundHalfEven(Math.fround(Math.fround(accumulator) * multiplier));
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const isUp = value - floor > 0.5 || (value - floor === 0.5 && floor % 2 === 1);
  return isUp ? floor + 1 : floor;
}
