import { expect, it } from "vitest";
import { countOf } from "../../../../src/cli/score/files/file-report.ts";

it("counts one thing in the singular", () => {
  expect([0, 1, 2].map((number) => countOf(number, "window"))).toEqual([
    "0 windows",
    "1 window",
    "2 windows",
  ]);
});
