import { expect, test } from "vitest";
import { createTakeoverWatch } from "../../../../src/core/platform/mqtt/takeover-watch.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

const closed = { reason: "closed", detail: "the connection was closed" } as const;

test("connections that end soon, again and again, are suspected; an attempt that fails or a connection that lasts is not", () => {
  const clock = createManualClock();
  const watch = createTakeoverWatch("H", clock);
  const end = (afterMs: number): string | undefined => {
    watch.connected();
    clock.advance(afterMs);
    return watch.lost(closed, true);
  };
  expect([end(1_000), end(30_000), end(1_000)]).toEqual([undefined, undefined, expect.stringContaining("H")]);
  // A broker that is restarted, and is not there for a while.
  expect(watch.lost(closed, false)).toBeUndefined();
  expect([end(1_000), end(1_000), end(60_000), end(1_000)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  watch.connected();
  expect(watch.lost({ reason: "taken-over", detail: "" }, true)).toBe("H");
});
