import { afterEach, expect, it, vi } from "vitest";
import { openWhole, waitAtMost } from "../../../../src/core/platform/daemon/closing.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("waits for work that ends, and forgives work that fails", async () => {
  let ended = false;
  await waitAtMost(
    Promise.resolve().then(() => {
      ended = true;
    }),
    60_000,
  );
  expect(ended).toBe(true);
  await waitAtMost(Promise.reject(new Error("no")), 60_000);
});

it("does not wait for work that never ends", async () => {
  await waitAtMost(new Promise(() => {}), 1);
});

it("what cannot be opened as a whole is closed again, and why is passed on", async () => {
  const closed: string[] = [];
  const opened = openWhole(silentLogger, async (closers) => {
    closers.add("one", () => void closed.push("first"));
    closers.add("two", () => void closed.push("second"));
    throw new Error("no room");
  });
  await expect(opened).rejects.toThrow("no room");
  expect(closed).toEqual(["second", "first"]);
  const kept = await openWhole(silentLogger, async (closers) => {
    closers.add("three", () => void closed.push("third"));
    return closers;
  });
  expect(closed).toHaveLength(2);
  await kept.closeAll();
  expect(closed).toHaveLength(3);
});

it("says what is not closed yet, by name and that of its parts, what is being closed first", async () => {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const closers = await openWhole(silentLogger, async (closers) => {
    closers.add("store", () => {});
    const page = await openWhole(silentLogger, async (within) => {
      within.add("record", () => {});
      within.add("http", () => held);
      return { close: within.closeAll, unclosed: within.unclosed };
    });
    closers.add("page", page);
    closers.add("ticker", () => {
      throw new Error("no");
    });
    return closers;
  });
  expect(closers.unclosed()).toEqual(["ticker", "page/http", "page/record", "store"]);
  const closed = closers.closeAll();
  await new Promise((resolve) => setImmediate(resolve));
  expect(closers.unclosed()).toEqual(["page/http", "page/record", "store"]);
  letGo();
  await closed;
  expect(closers.unclosed()).toEqual([]);
});

it("a stop that waits for long says for what, and what was not closed cleanly", async () => {
  vi.useFakeTimers();
  const told: [string, unknown][] = [];
  const logger = { ...silentLogger, warn: (text: string, about?: unknown) => void told.push([text, about]) };
  const error = new Error("gone");
  const closers = await openWhole(logger, async (opened) => {
    opened.add("broker", () => Promise.reject(error));
    opened.add("outbox", () => new Promise((resolve) => setTimeout(resolve, 12_000)));
    opened.add("server", () => {});
    return opened;
  });
  const closing = closers.closeAll();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(told).toEqual([["the stop waits", { for: "outbox" }]]);
  await vi.advanceTimersByTimeAsync(6_000);
  await closing;
  expect(told.slice(1)).toEqual([
    ["the stop waited", { for: "outbox", seconds: 12 }],
    ["not closed cleanly", { part: "broker", error }],
  ]);
});
