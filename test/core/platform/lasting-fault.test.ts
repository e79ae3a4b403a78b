import { expect, test } from "vitest";
import { createLastingFault } from "../../../src/core/platform/lasting-fault.ts";

test("a fault tells each cause once while it stays the same, one a minute at most, and again after it was over", () => {
  const told: string[] = [];
  const fault = createLastingFault((error) => told.push(String(error)));
  expect([fault.stands, fault.clear()]).toEqual([false, false]);
  for (const atMs of [0, 61_000, 122_000]) fault.note("no room", atMs);
  fault.note("a lock", 123_000);
  expect(told).toEqual(["no room", "a lock"]);
  fault.note("no room", 124_000);
  expect(told).toHaveLength(2);
  // The clock was set back.
  fault.note("no room", 1_000);
  expect(told).toEqual(["no room", "a lock", "no room"]);
  expect([fault.stands, fault.clear(), fault.stands]).toEqual([true, true, false]);
  fault.note("no room", 1_001);
  expect(told).toHaveLength(4);
});
