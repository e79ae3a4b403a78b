import { describe, expect, test, vi } from "vitest";
import { createLaneSender } from "../../../src/gateway/record/lane-sender.ts";

const create = () => {
  const resetWait = vi.fn();
  const waits = [100, 200, 400];
  const sender = createLaneSender({
    windowEnvelopes: 2,
    ackTimeoutMs: 1000,
    maxAckTimeoutMs: 12_000,
    nextWaitMs: () => waits.shift() ?? 800,
    resetWait,
  });
  return { sender, resetWait };
};

describe("what a lane has under way", () => {
  test("is two envelopes, and more only after an acknowledgement", () => {
    const { sender } = create();
    sender.sent(5, 0);
    expect(sender.maySend(0)).toBe(true);
    sender.sent(9, 0);
    expect(sender.maySend(0)).toBe(false);
    expect(sender.acknowledge(5, 0)).toBe(true);
    expect([sender.maySend(0), sender.sentUpTo]).toEqual([true, 9]);
  });

  test("goes back to the watermark after a timeout, and waits longer each time", () => {
    const { sender } = create();
    sender.sent(5, 0);
    sender.acknowledge(5, 0);
    sender.sent(9, 0);
    expect(sender.expire(999)).toBe(false);
    expect(sender.expire(1000)).toBe(true);
    expect([sender.sentUpTo, sender.timeouts]).toEqual([5, 1]);
    expect([sender.maySend(1099), sender.maySend(1100)]).toEqual([false, true]);
    sender.sent(9, 1100);
    expect(sender.expire(3100)).toBe(true);
    expect([sender.maySend(3299), sender.maySend(3300)]).toEqual([false, true]);
  });

  test("waits no longer once something new is acknowledged, and not for what is known", () => {
    const { sender, resetWait } = create();
    sender.sent(5, 0);
    sender.expire(1000);
    expect(sender.acknowledge(0, 1000)).toBe(false);
    expect([resetWait.mock.calls.length, sender.maySend(1000)]).toEqual([0, false]);
    expect(sender.acknowledge(5, 1000)).toBe(true);
    expect([resetWait.mock.calls.length, sender.timeouts, sender.maySend(1000)]).toEqual([1, 0, true]);
  });

  test("is sent again at once over a new connection, from the first record in a new outbox", () => {
    const { sender } = create();
    sender.sent(5, 0);
    sender.acknowledge(5, 0);
    sender.sent(9, 0);
    sender.restart();
    expect(sender.sentUpTo).toBe(5);
    sender.forget();
    expect(sender.sentUpTo).toBe(0);
    // Numbers begin again: the new outbox's first records are news.
    sender.sent(3, 0);
    expect(sender.acknowledge(3, 0)).toBe(true);
  });

  test("has twice as long after each timeout, up to a bound", () => {
    const { sender } = create();
    let nowMs = 0;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      sender.sent(5, nowMs);
      waits.push(sender.wakeAtMs()! - nowMs);
      nowMs = sender.wakeAtMs()!;
      expect(sender.expire(nowMs)).toBe(true);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 12_000, 12_000]);
  });

  test("has twice as long as the newest envelope that was sent once; one that was repeated says nothing", () => {
    const { sender } = create();
    const timeoutAt = (nowMs: number, last: number): number => {
      sender.sent(last, nowMs);
      return sender.wakeAtMs()! - nowMs;
    };
    sender.sent(5, 0);
    sender.expire(1_000);
    expect(timeoutAt(1_100, 5)).toBe(2_000);
    // Perhaps the first copy's.
    sender.acknowledge(5, 1_110);
    expect(timeoutAt(2_000, 9)).toBe(2_000);
    sender.acknowledge(9, 3_500);
    expect(timeoutAt(4_000, 12)).toBe(3_000);
    sender.acknowledge(12, 4_010);
    expect(timeoutAt(5_000, 20)).toBe(1_000);
    // Over a new connection it is repeated; what it ends with now was sent once.
    sender.restart();
    expect(timeoutAt(5_500, 20)).toBe(1_000);
    sender.restart();
    sender.sent(21, 5_500);
    sender.acknowledge(21, 7_500);
    expect(timeoutAt(8_000, 30)).toBe(4_000);
    sender.forget();
    expect(timeoutAt(0, 3)).toBe(1_000);
    sender.acknowledge(3, 10);
    expect(timeoutAt(20, 4)).toBe(1_000);
  });
});

describe("what a lane may have on the line", () => {
  /** Fills the line and has the broker answer after so long; returns how much the lane may have then. */
  const fill = (sender: ReturnType<typeof create>["sender"], nowMs: number, tookMs: number): number => {
    const bytes = sender.limitBytes / 2;
    const flights = [1, 2].map((step) => sender.sent(sender.sentUpTo + step, nowMs, bytes));
    expect(sender.bytesOnLine).toBe(2 * bytes);
    for (const flight of flights) expect(sender.settle(flight, "carried", nowMs + tookMs)).toBe(true);
    expect(sender.bytesOnLine).toBe(0);
    sender.acknowledge(sender.sentUpTo, nowMs + tookMs);
    return sender.limitBytes;
  };

  test("begins small, grows with what the broker has soon, up to a bound, and no more where it takes long", () => {
    const { sender } = create();
    expect(sender.limitBytes).toBe(8_192);
    const flights = [1, 2].map((last) => sender.sent(last, 0, 4_096));
    for (const [index, flight] of flights.entries()) sender.settle(flight, "carried", (index + 1) * 2_001);
    sender.acknowledge(2, 4_002);
    expect(sender.limitBytes).toBe(8_192);
    expect(fill(sender, 4_002, 100)).toBeGreaterThanOrEqual(12_288);
    for (let round = 0; round < 30; round++) fill(sender, 2_200 + round, 0);
    expect(sender.limitBytes).toBe(512 * 1024);
  });

  test("grows with a broker far away where small and large take about as long, and not where time goes with the bytes", () => {
    const carryTwo = (smallMs: number, largeMs: number): number => {
      const { sender } = create();
      expect(sender.isUntried).toBe(true);
      const small = sender.sent(1, 0, 1_000);
      expect(sender.isUntried).toBe(false);
      const large = sender.sent(2, 0, 4_000);
      sender.settle(small, "carried", smallMs);
      sender.settle(large, "carried", largeMs);
      expect(sender.isUntried).toBe(false);
      return sender.limitBytes;
    };
    expect(carryTwo(2_500, 3_500)).toBe(12_192);
    // Half a second for 1,000 bytes.
    expect(carryTwo(2_500, 4_500)).toBe(8_192);
  });

  test("grows with a broker far away where envelopes are all alike and what is ahead of one costs no time", () => {
    const { sender } = create();
    const flights = [1, 2].map((last) => sender.sent(last, 0, 3_000));
    for (const flight of flights) sender.settle(flight, "carried", 3_000);
    expect(sender.limitBytes).toBe(11_192);
    // That it took no longer for some bytes more says nothing.
    const third = sender.sent(3, 3_000, 3_060);
    sender.settle(third, "carried", 6_000);
    expect(sender.limitBytes).toBe(11_192);
  });

  test("is half where the line takes long for what is on it, once for all that was sent before", () => {
    const { sender } = create();
    for (let round = 0; round < 5; round++) fill(sender, round, 0);
    const before = sender.limitBytes;
    const flights = [1, 2, 3].map((step) => sender.sent(100 + step, 100, before / 4));
    for (const [index, flight] of flights.entries()) sender.settle(flight, "carried", 4_200 + index * 4_000);
    expect(sender.limitBytes).toBe(before / 2);
    expect(sender.timeouts).toBe(0);
    // The way may be another by now: what is as late once more says no more of the line than how far its end is.
    sender.settle(sender.sent(110, 13_000, 1_000), "carried", 18_000);
    expect(sender.limitBytes).toBe(before / 2);
  });

  test("takes the collector's acknowledgement for the broker's where it is heard before it, unless it may be of an earlier copy", () => {
    const { sender } = create();
    sender.sent(5, 0, 4_000);
    expect(sender.acknowledge(5, 100)).toBe(true);
    expect(sender.limitBytes).toBe(12_192);
    sender.sent(9, 200, 6_000);
    sender.expire(1_200);
    sender.sent(9, 1_300, 6_000);
    const before = sender.limitBytes;
    sender.acknowledge(9, 1_310);
    expect(sender.limitBytes).toBe(before);
  });

  test("does not grow where little is sent", () => {
    const { sender } = create();
    for (let number = 1; number < 50; number++) {
      sender.settle(sender.sent(number, number, 1_000), "carried", number);
      sender.acknowledge(number, number);
    }
    expect(sender.limitBytes).toBe(8_192);
  });

  test("grows by one envelope alone where records fill no more than half of its room", () => {
    const { sender } = create();
    sender.settle(sender.sent(1, 0, 2_050), "carried", 10);
    expect(sender.limitBytes).toBe(8_192 + 2_050);
  });

  test("is half of what was lost, and grows more slowly from there, until as much is carried again", () => {
    const { sender } = create();
    for (let round = 0; round < 30; round++) fill(sender, round, 0);
    sender.sent(1_000, 100, 60_000);
    sender.expire(1_100);
    expect(sender.limitBytes).toBe(30_000);
    const grown = fill(sender, 1_300, 10);
    expect(grown).toBeGreaterThan(30_000);
    expect(grown).toBeLessThanOrEqual(37_500);
    for (let nowMs = 1_310; sender.limitBytes < 60_000; nowMs += 10) fill(sender, nowMs, 10);
    const before = sender.limitBytes;
    expect(fill(sender, 1_900, 10)).toBeGreaterThan(1.5 * before);
  });

  test("begins small again over a new connection and after a while without anything, whatever it was", () => {
    const { sender } = create();
    for (let round = 0; round < 30; round++) fill(sender, round, 0);
    expect(sender.expire(1_028)).toBe(false);
    expect(sender.limitBytes).toBe(512 * 1024);
    expect(sender.expire(1_029)).toBe(false);
    expect(sender.limitBytes).toBe(8_192);
    // What is on the line when it breaks was perhaps too much.
    sender.sent(1_000, 1_100, 8_192);
    sender.restart();
    expect(sender.limitBytes).toBe(4_096);
  });

  test("goes back to an envelope that was too large at once, and to no other; its line was not at fault", () => {
    const { sender } = create();
    sender.sent(5, 0, 100);
    const large = sender.sent(9, 0, 5_000);
    expect(sender.settle(large, "unknown", 1)).toBe(false);
    expect(sender.settle(large, "too-large", 1)).toBe(true);
    expect([sender.sentUpTo, sender.bytesUnderWay, sender.maySend(1)]).toEqual([5, 100, true]);
    expect([sender.limitBytes, sender.timeouts]).toEqual([8_192, 0]);
    // It is no longer under way.
    expect(sender.settle(large, "carried", 2)).toBe(false);
  });
});
