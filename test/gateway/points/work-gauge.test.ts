/** Whether work that waits goes on. */
import { expect, test } from "vitest";
import { createWorkGauge } from "../../../src/gateway/points/work-gauge.ts";

test("work moves on when a piece that waits is done, and stands still until then", async () => {
  const gauge = createWorkGauge();
  await gauge.moved();
  gauge.begin();
  gauge.begin();
  let moved = 0;
  const waits = gauge.moved().then(() => {
    moved++;
  });
  await Promise.resolve();
  gauge.begin();
  await Promise.resolve();
  expect(moved).toBe(0);
  gauge.end();
  await waits;
  expect([moved, gauge.waiting]).toEqual([1, 2]);
});
