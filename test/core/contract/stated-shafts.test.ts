import { expect, test } from "vitest";
import { parseGearedShafts } from "../../../src/core/contract/stated-shafts.ts";

test.each([
  ["4.765", [4.765]],
  ["4.765, 0.21", [4.765, 0.21]],
  [
    [4.765, "0.21"],
    [4.765, 0.21],
  ],
  ["", null],
  ["4.765,", null],
  ["81/17", null],
  ["0", null],
  ["-4.765", null],
  ["1001", null],
  ["1,2,3,4,5", null],
  [[], null],
  [[null], null],
  [4.765, null],
  [undefined, null],
])("the turns of geared shafts are read of %j", (value, turns) => {
  expect(parseGearedShafts(value)).toEqual(turns);
});
