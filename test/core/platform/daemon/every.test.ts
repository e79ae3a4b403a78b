import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hourly } from "../../../../src/core/platform/daemon/every.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";

const minuteMs = 60_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ["soonest", 0],
  ["latest", 0.999],
])("what is done hourly is done first some minutes after the start, at the %s", async (_which, random) => {
  const chance = vi.spyOn(Math, "random").mockReturnValue(random);
  let runs = 0;
  const stop = hourly(silentLogger, async () => {
    runs++;
  });
  chance.mockRestore();
  await vi.advanceTimersByTimeAsync(minuteMs - 1);
  expect(runs).toBe(0);
  await vi.advanceTimersByTimeAsync(4 * minuteMs + 1);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(24 * 60 * minuteMs);
  expect(runs).toBe(25);
  await stop();
});
