import { expect, test } from "vitest";
import { createRetainedBound } from "../../../../src/core/platform/mqtt/broker-bounds.ts";

test("a login's retained messages are bounded by an eighth of all topics, and an empty one gives its topic back", () => {
  const bound = createRetainedBound(16, 1000);
  expect(["a", "b", "c"].map((topic) => bound.admits("gw-1", topic, 1))).toEqual([true, true, false]);
  expect(bound.admits("gw-1", "a", 2)).toBe(true);
  expect([bound.admits("gw-1", "b", 0), bound.admits("gw-1", "c", 1)]).toEqual([true, true]);
  expect([bound.admits("gw-2", "d", 1), bound.admits("gw-2", "c", 1)]).toEqual([true, true]);
  // Its last publisher has it now.
  expect([bound.admits("gw-1", "b", 1), bound.admits("gw-2", "e", 1)]).toEqual([true, false]);
});

test("they are bounded by bytes, of which a smaller one gives some back; what is refused counts for nothing", () => {
  const bound = createRetainedBound(80, 800);
  expect([bound.admits("gw-1", "a", 90), bound.admits("gw-1", "b", 11)]).toEqual([true, false]);
  expect([bound.admits("gw-1", "a", 80), bound.admits("gw-1", "b", 20)]).toEqual([true, true]);
  expect([bound.admits("gw-1", "c", 1), bound.admits("gw-2", "c", 1)]).toEqual([false, true]);
});

test("a message that has no room leaves none of its topic, and the room of the older one to others", () => {
  const bound = createRetainedBound(16, 800);
  expect([bound.admits("gw-1", "a", 90), bound.admits("gw-1", "a", 101)]).toEqual([true, false]);
  expect(bound.admits("gw-1", "b", 100)).toBe(true);
});

test("all together have no more than all of the room", () => {
  const bound = createRetainedBound(3, 1000);
  const logins = ["gw-1", "gw-2", "gw-3", "gw-4"];
  expect(logins.map((login) => bound.admits(login, login, 1))).toEqual([true, true, true, false]);
});
