import { expect, test } from "vitest";
import { createFairQueue } from "../../../src/collector/uplink/fair-queue.ts";
import { collectGarbage } from "../../support/collect-garbage.ts";

test("senders take turns, each in its own order, and what is put back comes first", () => {
  const queue = createFairQueue<string>((item) => item.length);
  for (let index = 0; index < 5; index++) queue.push("a", `a${index}`);
  queue.push("b", "b0");
  queue.push("c", "c0");
  queue.push("b", "b1");
  expect(queue.costOf("a")).toBe(10);
  expect([queue.take(4, 99), queue.cost]).toEqual([["a0", "b0", "c0", "a1"], 8]);
  expect([queue.take(9, 5), queue.take(9, 99), queue.count, queue.cost]).toEqual([
    ["b1", "a2", "a3"],
    ["a4"],
    0,
    0,
  ]);
  expect([queue.costOf("a"), queue.take(5, 99)]).toEqual([0, []]);
  for (const item of ["a6", "a7", "a8"]) queue.push("a", item);
  expect(queue.take(2, 99)).toEqual(["a6", "a7"]);
  queue.push("a", "a9");
  for (const item of ["a7", "a6", "a5"]) queue.putBack("a", item);
  expect([queue.cost, queue.costOf("a"), queue.take(9, 99), queue.count]).toEqual([
    10,
    10,
    ["a5", "a6", "a7", "a8", "a9"],
    0,
  ]);
});

test("nothing stays of what was taken, although its sender's queue is never empty, and the order holds", async () => {
  const queue = createFairQueue<{ readonly number: number }>(() => 1);
  const taken: WeakRef<object>[] = [];
  for (let number = 0; number < 5_000; number++) {
    queue.push("gw", { number });
    if (number < 2) continue;
    const [item] = queue.take(1, 10);
    expect(item?.number).toBe(number - 2);
    if (number % 7 === 0) queue.putBack("gw", item!);
    const last = number % 7 === 0 ? queue.take(1, 10)[0]! : item!;
    expect(last.number).toBe(number - 2);
    taken.push(new WeakRef(last));
  }
  await collectGarbage();
  expect(taken.filter((each) => each.deref() !== undefined).length).toBeLessThan(5);
  expect(queue.count).toBe(2);
});
