import { expect, test } from "vitest";
import { parseBearingWords } from "../../../../src/training/dataset/sidecar/bearing-words.ts";

test("fault orders are refused where a geometry in two units comes to what no bearing has", () => {
  const words = { balls: 9, ball_diameter: 0.00794, pitch_diameter: 39.04 };
  const refused = parseBearingWords(words);
  expect(refused.ok ? "" : refused.error).toMatch(/bsf: must be at most 60\): are both in the same unit\?/);
  expect(parseBearingWords({ ...words, ball_diameter: 7.94 }).ok).toBe(true);
});
