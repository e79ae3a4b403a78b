import { expect, it } from "vitest";
import { dayMs, formatDuration } from "../../../src/core/maths/durations.ts";

it("says a length of time as people do", () => {
  const lengths = [-5, 0, 119_000, 125_000, 7_200_000, 12_000_000, 3 * dayMs, 20_000 * dayMs];
  expect(lengths.map(formatDuration)).toEqual([
    "0 s",
    "0 s",
    "119 s",
    "2 min",
    "2 h",
    "3 h 20 min",
    "3 d",
    "20000 d",
  ]);
});
