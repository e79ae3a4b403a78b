import { expect, test } from "vitest";
import { createBacklogPace } from "../../../src/gateway/record/backlog-pace.ts";

test("more goes under way as long as acknowledgements come as fast as they can, less when they come late", () => {
  const pace = createBacklogPace({ maxBytesPerSecond: 1e9 });
  const first = pace.room(0);
  for (let count = 0; count < 10; count++) pace.landed(4000, 100, 0);
  const grown = pace.room(0);
  expect(grown).toBe(first + 40_000);
  // Between half the target and the target it stays.
  pace.landed(4000, 300, 0);
  expect(pace.room(0)).toBe(grown);
  pace.landed(4000, 900, 0);
  expect(pace.room(0)).toBeLessThan(grown * 0.51);
  for (let count = 0; count < 20; count++) pace.lost();
  expect(pace.room(0)).toBe(2048);
});

test("a way that has become longer is throttled for a while and not for ever", () => {
  const pace = createBacklogPace({ maxBytesPerSecond: 1e9 });
  pace.landed(1000, 50, 0);
  pace.landed(1000, 700, 1000);
  const throttled = pace.room(0);
  for (let count = 0; count < 400; count++) pace.landed(1000, 700, 1000 + count * 500);
  expect(pace.room(200_000)).toBeGreaterThan(10 * throttled);
});

test.each([16_000, 256_000])(
  "a backlog of ten minutes never queues up on a way of %i bytes a second, and leaves little of it unused",
  (bytesPerSecond) => {
    const emptyMs = 80;
    const pace = createBacklogPace({ maxBytesPerSecond: 262_144 });
    const flights: { readonly sentMs: number; readonly landsMs: number; readonly bytes: number }[] = [];
    let [freeAtMs, underWay, landed, slowestMs] = [0, 0, 0, 0];
    const endMs = 600_000;
    for (let nowMs = 0; nowMs < endMs; nowMs += 5) {
      while (flights[0] !== undefined && flights[0].landsMs <= nowMs) {
        const { sentMs, bytes } = flights.shift()!;
        underWay -= bytes;
        landed += bytes;
        pace.landed(bytes, nowMs - sentMs, nowMs);
        slowestMs = Math.max(slowestMs, nowMs - sentMs - emptyMs);
      }
      for (let room = pace.room(nowMs); room > underWay; room = pace.room(nowMs)) {
        const bytes = Math.max(2048, Math.min(room / 2, room - underWay));
        pace.sent(bytes, nowMs);
        freeAtMs = Math.max(freeAtMs, nowMs) + (bytes / bytesPerSecond) * 1000;
        flights.push({ sentMs: nowMs, landsMs: freeAtMs + emptyMs, bytes });
        underWay += bytes;
      }
    }
    expect(slowestMs).toBeLessThan(800);
    expect(landed).toBeGreaterThan(0.85 * bytesPerSecond * (endMs / 1000));
  },
);

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
