import { describe, expect, test } from "vitest";
import { createIntegerEngine } from "../../src/inference/integer-engine.ts";
import { encodeStudent } from "../../src/inference/onnx-codec.ts";
import { createOnnxEngine } from "../../src/inference/onnx-session.ts";
import { createRandom } from "../../src/maths/random.ts";
import { createRandomRows, createRandomStudent } from "./random-student.ts";

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
  test("have been compared on more than 100,000 rows, with outputs at both ends and inside of uint8", () => {
    expect(rowsCompared).toBeGreaterThan(100_000);
    expect(inside / compared).toBeGreaterThan(0.3);
    expect(inside / compared).toBeLessThan(0.9);
  });
});
