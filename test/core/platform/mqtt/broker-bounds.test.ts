import { expect, test } from "vitest";
import { createRetainedBound } from "../../../../src/core/platform/mqtt/broker-bounds.ts";

test("retained messages are bounded by topics, and an empty one gives its topic back", () => {
  const bound = createRetainedBound(2, 1000);
  expect(["a", "b", "c"].map((topic) => bound.admits(topic, 1))).toEqual([true, true, false]);
  expect(bound.admits("a", 2)).toBe(true);
  expect([bound.admits("b", 0), bound.admits("c", 1)]).toEqual([true, true]);
});

test("they are bounded by bytes, of which a smaller one gives some back; what is refused counts for nothing", () => {
  const bound = createRetainedBound(10, 100);
  expect([bound.admits("a", 90), bound.admits("b", 11)]).toEqual([true, false]);
  expect([bound.admits("a", 80), bound.admits("b", 20)]).toEqual([true, true]);
  expect(bound.admits("c", 1)).toBe(false);
});
