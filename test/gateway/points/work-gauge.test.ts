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

test("tells what the windows that wait cover together, and nothing of other work", () => {
  const gauge = createWorkGauge();
  const windows = [3_000, 1_000, 2_000].map((fromMs) => ({ fromMs, toMs: fromMs + 1_500 }));
  gauge.begin();
  expect(gauge.held).toBeNull();
  for (const window of windows) gauge.begin(window);
  expect(gauge.held).toEqual({ windows: 3, fromMs: 1_000, toMs: 4_500 });
  gauge.end(windows[0]);
  expect(gauge.held).toEqual({ windows: 2, fromMs: 1_000, toMs: 3_500 });
  for (const window of windows.slice(1)) gauge.end(window);
  expect([gauge.held, gauge.waiting]).toEqual([null, 1]);
});

test("covers what joined as well, and counts the windows that are open there", () => {
  const gauge = createWorkGauge();
  let untold: { readonly windows: number; readonly fromMs: number; readonly toMs: number } | null = null;
  gauge.join(() => untold);
  gauge.join(() => null);
  expect(gauge.held).toBeNull();
  untold = { windows: 0, fromMs: 2_000, toMs: 9_000 };
  expect(gauge.held).toEqual({ windows: 0, fromMs: 2_000, toMs: 9_000 });
  gauge.begin({ fromMs: 1_000, toMs: 2_500 });
  expect(gauge.held).toEqual({ windows: 1, fromMs: 1_000, toMs: 9_000 });
  untold = { windows: 4, fromMs: 2_000, toMs: 9_000 };
  expect(gauge.held).toEqual({ windows: 5, fromMs: 1_000, toMs: 9_000 });
});
