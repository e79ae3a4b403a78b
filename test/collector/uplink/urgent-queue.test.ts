import { expect, test } from "vitest";
import { createUrgentQueue } from "../../../src/collector/uplink/urgent-queue.ts";

const create = () =>
  createUrgentQueue<string>(
    (item) => item.length,
    (item) => item.includes("!"),
  );

test("what is urgent comes first, and both keep the order of their sender", () => {
  const queue = create();
  for (const item of ["a1", "a2", "a3!", "a4!"]) queue.push("a", item);
  queue.push("b", "b1!");
  expect([queue.count, queue.cost, queue.costOf("a"), queue.costOf("b")]).toEqual([5, 13, 10, 3]);
  expect(queue.take(10, 100)).toEqual(["a3!", "b1!", "a4!", "a1", "a2"]);
  expect([queue.count, queue.cost]).toEqual([0, 0]);
  for (const item of ["a2", "a1", "a4!", "a3!"]) queue.putBack("a", item);
  expect(queue.take(10, 100)).toEqual(["a3!", "a4!", "a1", "a2"]);
});

test("what is not has half of what is taken at least, also behind large messages, and all that is left over", () => {
  const queue = create();
  const large = `${"x".repeat(20)}!`;
  for (let number = 0; number < 10; number++) {
    queue.push("a", large);
    queue.push("b", "b");
  }
  expect(queue.take(4, 1_000)).toEqual([large, large, "b", "b"]);
  expect(queue.take(100, 8)).toEqual([large, "b", "b", "b", "b"]);
  expect(queue.take(100, 1_000)).toEqual([...new Array(7).fill(large), "b", "b", "b", "b"]);
  for (let number = 0; number < 10; number++) queue.push("b", "b");
  expect(queue.take(8, 1_000)).toHaveLength(8);
});

test("what is urgent has all that is taken while nothing else waits", () => {
  const queue = create();
  for (let number = 0; number < 10; number++) queue.push("a", "a!");
  expect(queue.take(8, 1_000)).toHaveLength(8);
  expect(queue.take(1, 1_000)).toEqual(["a!"]);
});
