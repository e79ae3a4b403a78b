import { expect, it } from "vitest";
import { countOf } from "../../../src/cli/terminal/count-of.ts";

it("counts one thing in the singular", () => {
  expect([0, 1, 2].map((number) => countOf(number, "window"))).toEqual([
    "0 windows",
    "1 window",
    "2 windows",
  ]);
});
