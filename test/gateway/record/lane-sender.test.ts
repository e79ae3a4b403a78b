import { describe, expect, test, vi } from "vitest";
import { createLaneSender } from "../../../src/gateway/record/lane-sender.ts";

const create = () => {
  const resetWait = vi.fn();
  const waits = [100, 200, 400];
  const sender = createLaneSender({
    windowEnvelopes: 2,
    ackTimeoutMs: 1000,
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
    expect(sender.acknowledge(5)).toBe(true);
    expect([sender.maySend(0), sender.sentUpTo]).toEqual([true, 9]);
  });

  test("goes back to the watermark after a timeout, and waits longer each time", () => {
    const { sender } = create();
    sender.sent(5, 0);
    sender.acknowledge(5);
    sender.sent(9, 0);
    expect(sender.expire(999)).toBe(false);
    expect(sender.expire(1000)).toBe(true);
    expect([sender.sentUpTo, sender.timeouts]).toEqual([5, 1]);
    expect([sender.maySend(1099), sender.maySend(1100)]).toEqual([false, true]);
    sender.sent(9, 1100);
    expect(sender.expire(2100)).toBe(true);
    expect([sender.maySend(2299), sender.maySend(2300)]).toEqual([false, true]);
  });

  test("waits no longer once something new is acknowledged, and not for what is known", () => {
    const { sender, resetWait } = create();
    sender.sent(5, 0);
    sender.expire(1000);
    expect(sender.acknowledge(0)).toBe(false);
    expect([resetWait.mock.calls.length, sender.maySend(1000)]).toEqual([0, false]);
    expect(sender.acknowledge(5)).toBe(true);
    expect([resetWait.mock.calls.length, sender.timeouts, sender.maySend(1000)]).toEqual([1, 0, true]);
  });

  test("is sent again at once over a new connection, from the first record in a new outbox", () => {
    const { sender } = create();
    sender.sent(5, 0);
    sender.acknowledge(5);
    sender.sent(9, 0);
    sender.restart();
    expect(sender.sentUpTo).toBe(5);
    sender.forget();
    expect(sender.sentUpTo).toBe(0);
    // Numbers begin again: the new outbox's first records are news.
    sender.sent(3, 0);
    expect(sender.acknowledge(3)).toBe(true);
  });
});
