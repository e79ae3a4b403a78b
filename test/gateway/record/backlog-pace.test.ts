import { expect, test } from "vitest";
import { createBacklogPace } from "../../../src/gateway/record/backlog-pace.ts";

test("more goes under way as long as acknowledgements come as fast as they can, less when they come late", () => {
  const pace = createBacklogPace({ maxBytesPerSecond: 1e9 });
  const first = pace.room(0);
  for (let count = 0; count < 10; count++) pace.landed(4000, 100);
  const grown = pace.room(0);
  expect(grown).toBe(first + 40_000);
  // Between half the target and the target it stays.
  pace.landed(4000, 300);
  expect(pace.room(0)).toBe(grown);
  pace.landed(4000, 900);
  expect(pace.room(0)).toBeLessThan(grown * 0.51);
  for (let count = 0; count < 20; count++) pace.lost();
  expect(pace.room(0)).toBe(2048);
});

test("a way that has become longer is throttled for a while and not for ever", () => {
  const pace = createBacklogPace({ maxBytesPerSecond: 1e9 });
  pace.landed(1000, 50);
  pace.landed(1000, 700);
  const throttled = pace.room(0);
  for (let count = 0; count < 400; count++) pace.landed(1000, 700);
  expect(pace.room(0)).toBeGreaterThan(10 * throttled);
});

test("keeps to its rate, and says when it may go on", () => {
  const pace = createBacklogPace({ maxBytesPerSecond: 1000 });
  let [nowMs, sent] = [0, 0];
  while (nowMs < 60_000) {
    if (pace.room(nowMs) > 0) {
      pace.sent(300, nowMs);
      sent += 300;
    }
    nowMs = pace.wakeAtMs(nowMs) ?? nowMs;
  }
  expect(sent).toBeGreaterThan(59_000);
  expect(sent).toBeLessThan(61_500);
});
