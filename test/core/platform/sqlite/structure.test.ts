import { expect, test } from "vitest";
import { checkStructure } from "../../../../src/core/platform/sqlite/structure.ts";

/** Answers of SQLite 3.53 as they came from a disk that failed to read once: no disk does so when it is asked to. */
function answering(...answers: readonly string[]) {
  const left = [...answers];
  return { prepare: () => ({ all: () => [{ quick_check: left.shift() }] }) };
}

const failedRead = "*** in database main ***\nTree 5 page 71: unable to get the page. error code=8458";

test("a read that failed in passing is no damage", () => {
  expect(checkStructure(answering(failedRead, "ok"))).toEqual({ leakedPages: 0, damage: null });
});

test("what fails at both looks is one", () => {
  const found = checkStructure(answering(failedRead, failedRead));
  expect(found.damage).toBe("Tree 5 page 71: unable to get the page. error code=8458");
});
