import { expect, test } from "vitest";
import { joinParts } from "../../../src/core/maths/join-parts.ts";

test("parts follow each other in one array of their kind, empty ones too, and nothing is empty", () => {
  const parts = [Float64Array.of(1, 2.5), new Float64Array(0), Float64Array.of(-3)];
  expect(joinParts(parts, Float64Array)).toStrictEqual(Float64Array.of(1, 2.5, -3));
  expect(joinParts([Int16Array.of(7), Int16Array.of(-32_768)], Int16Array)).toStrictEqual(
    Int16Array.of(7, -32_768),
  );
  expect(joinParts([], Float32Array)).toStrictEqual(new Float32Array(0));
});
