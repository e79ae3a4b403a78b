import { expect, test } from "vitest";
import { type Logger, silentLogger } from "../../../../src/core/platform/logger.ts";
import { createRenewalLog } from "../../../../src/core/platform/mqtt/renewed-tls.ts";

test("files that cannot be used are told at once, and again each day as long as that lasts", () => {
  let nowMs = 5;
  const told: string[] = [];
  const warn: Logger["warn"] = (message) => void told.push(message);
  const log = createRenewalLog({ ...silentLogger, warn }, "kept", () => nowMs);
  const fail = (message: string): number => {
    log.failed(new Error(message));
    return told.length;
  };
  expect([fail("one"), fail("one"), fail("two"), fail("two")]).toEqual([1, 1, 2, 2]);
  nowMs += 86_399_999;
  expect(fail("two")).toBe(2);
  nowMs += 1;
  expect([fail("two"), fail("two")]).toEqual([3, 3]);
  log.succeeded();
  expect(fail("two")).toBe(4);
});
