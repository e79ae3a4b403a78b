import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createFairQueue } from "../../../src/collector/uplink/fair-queue.ts";

test("senders take turns, and what is put back comes first", () => {
  const queue = createFairQueue<string>((item) => item.length);
  for (const item of ["a1", "a2", "a3"]) queue.push("a", item);
  queue.push("b", "b1");
  expect(queue.take(3, 100)).toEqual(["a1", "b1", "a2"]);
  queue.putBack("a", "a2");
  expect([queue.count, queue.cost, queue.costOf("a")]).toEqual([2, 4, 4]);
  expect(queue.take(10, 100)).toEqual(["a2", "a3"]);
  expect([queue.count, queue.cost, queue.costOf("a")]).toEqual([0, 0, 0]);
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
  // A reference holds until the end of the turn that made it.
  await new Promise((resolve) => setTimeout(resolve, 0));
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  expect(taken.filter((each) => each.deref() !== undefined).length).toBeLessThan(5);
  expect(queue.count).toBe(2);
});
