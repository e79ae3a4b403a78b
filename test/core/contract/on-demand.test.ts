import { expect, it } from "vitest";
import { onDemand } from "../../../src/core/contract/on-demand.ts";
import { collectGarbage } from "../../../src/gateway/heap.ts";

it("makes nothing before it is asked, and gives all who ask what is still held", () => {
  let made = 0;
  const ask = onDemand(() => ({ number: ++made }));
  expect(made).toBe(0);
  const first = ask();
  expect(ask()).toBe(first);
  expect(made).toBe(1);
});

it("lets go of what nobody holds, and makes it again", async () => {
  let made = 0;
  const ask = onDemand(() => ({ number: ++made }));
  ask();
  // Until the end of the turn in which it was asked for, it stays.
  await new Promise((resolve) => setTimeout(resolve, 1));
  collectGarbage();
  expect(ask().number).toBe(2);
});
