import { expect, test } from "vitest";
import { checkStructure } from "../../../../src/core/platform/sqlite/structure.ts";

/** Answers of SQLite 3.53 as they came from a disk that failed to read once: no disk does so when it is asked to. */
function answering(...answers: readonly string[]) {
  const left = [...answers];
  return { prepare: () => ({ all: () => [{ quick_check: left.shift() }] }) };
}

const failedRead = "*** in database main ***\nTree 5 page 71: unable to get the page. error code=8458";

test("a read that failed in passing is no damage", () => {
  expect(checkStructure(answering(failedRead, "ok"))).toEqual({
    leakedPages: 0,
    damage: null,
    unreadable: null,
  });
});

test("what cannot be read at both looks is no damage, nor is what SQLite concludes from it, and it is told", () => {
  const consequence = `${failedRead}\nPage 72: never used\nwrong # of entries in index outbox_entry_place`;
  for (const words of [
    "Tree 5 page 71: unable to get the page. error code=8458",
    "Freelist: failed to get page 64",
  ]) {
    const told = consequence.replace(/Tree.*/, words);
    expect(checkStructure(answering(told, told))).toEqual({
      leakedPages: 0,
      damage: null,
      unreadable: `${words}; beside it, which may come of it: wrong # of entries in index outbox_entry_place`,
    });
  }
});

test("a page that SQLite calls malformed is a damage", () => {
  const malformed = failedRead.replace("8458", "11");
  const found = checkStructure(answering(malformed, malformed));
  expect([found.damage, found.unreadable]).toEqual([
    "Tree 5 page 71: unable to get the page. error code=11",
    null,
  ]);
});
