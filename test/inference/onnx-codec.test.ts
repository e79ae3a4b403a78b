import { describe, expect, test } from "vitest";
import { decodeStudent, encodeStudent } from "../../src/inference/onnx-codec.ts";
import { createRandom } from "../../src/maths/random.ts";
import { createRandomStudent } from "./random-student.ts";

describe("the ONNX codec of students", () => {
  test("gives back the student that was encoded, and the same bytes again", () => {
    const random = createRandom(1);
    for (const widths of [
      [1, 1],
      [17, 16, 8, 3],
      [5, 4],
      [64, 32, 16, 6],
    ]) {
      const mlp = createRandomStudent(random, widths);
      const bytes = encodeStudent(mlp);
      expect(decodeStudent(bytes)).toEqual(mlp);
      expect(encodeStudent(decodeStudent(bytes))).toEqual(bytes);
    }
  });
});
