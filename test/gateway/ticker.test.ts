import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../src/core/platform/clock.ts";
import { type Logger, silentLogger } from "../../src/core/platform/logger.ts";
import { startTicker } from "../../src/gateway/ticker.ts";

test("a part that throws is logged once with its reason, costs nobody a turn, and while it does no tick is whole", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const errors: unknown[] = [];
  const logger: Logger = { ...silentLogger, error: (_message, fields) => void errors.push(fields?.error) };
  const reason = new Error("a bug of this part");
  let [isBroken, ticks] = [false, 0];
  const broken = {
    tick: () => {
      if (isBroken) throw reason;
    },
  };
  let monotonicMs = 0;
  const clock = { ...systemClock, monotonicMs: () => monotonicMs };
  const ticker = startTicker([broken, { tick: () => ticks++ }], { clock, logger });
  onTestFinished(ticker.stop);
  const pass = (seconds: number): number => {
    for (let second = 0; second < seconds; second++) {
      monotonicMs += 1_000;
      vi.advanceTimersByTime(1_000);
    }
    return ticker.sinceMs();
  };
  expect([pass(3), ticks]).toEqual([0, 3]);
  isBroken = true;
  // What tells a watchdog that the work goes on.
  let isWhole = false;
  const whole = ticker.next().then(() => {
    isWhole = true;
  });
  expect([pass(4), ticks, errors]).toEqual([4_000, 7, [reason]]);
  await Promise.resolve();
  expect(isWhole).toBe(false);
  isBroken = false;
  expect([pass(1), ticks]).toEqual([0, 8]);
  await whole;
  isBroken = true;
  expect([pass(1), errors]).toEqual([1_000, [reason, reason]]);
});
