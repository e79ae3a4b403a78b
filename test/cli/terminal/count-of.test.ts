import { expect, it } from "vitest";
import { countOf, listSome, sayThereAre } from "../../../src/cli/terminal/count-of.ts";

it("counts one thing in the singular", () => {
  expect([0, 1, 2].map((number) => countOf(number, "window"))).toEqual([
    "0 windows",
    "1 window",
    "2 windows",
  ]);
});

it("names eight things, each once, and counts the others", () => {
  expect(listSome(["a", "b", "a"])).toBe("a, b");
  expect(listSome([..."abcdefghij"])).toBe("a, b, c, d, e, f, g, h and 2 more");
  expect([sayThereAre(["a", "b"]), sayThereAre(["a", "a"])]).toEqual(["There are a, b.", "There is only a."]);
});
