import { expect, test } from "vitest";
import { createStoreFailures } from "../../../src/collector/uplink/store-failures.ts";
import { createLogger } from "../../../src/core/platform/logger.ts";
import { createManualClock } from "../../support/manual-clock.ts";

function open() {
  const clock = createManualClock();
  const lines: string[] = [];
  const logger = createLogger({ level: "info", write: (line) => lines.push(line) });
  return { failures: createStoreFailures({ clock, logger }), clock, lines };
}

test("the log names a cause once while it lasts, and the one that follows it", () => {
  const { failures, clock, lines } = open();
  const fail = (message: string): void => {
    failures.note("urgent", new Error(message));
    clock.advance(61_000);
  };
  for (const cause of ["no room", "no room", "no room", "a lock", "a lock"]) fail(cause);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("no room");
  expect(lines[1]).toContain("a lock");
  failures.clear("urgent");
  fail("a lock");
  expect(lines[2]).toContain("storing works again");
  expect(lines[3]).toContain("a lock");
});

test("all fails until something urgent is stored after the others began to fail", () => {
  const { failures } = open();
  expect(failures.unstored).toBeNull();
  failures.clear("urgent");
  failures.note("others", new Error("a lock"));
  expect(failures.unstored).toBe("all");
  failures.clear("urgent");
  failures.note("others", new Error("a lock"));
  expect(failures.unstored).toBe("others");
  failures.note("urgent", new Error("no room"));
  expect(failures.unstored).toBe("all");
  failures.clear("others");
  expect(failures.unstored).toBe("all");
  failures.clear("urgent");
  expect(failures.unstored).toBeNull();
});

test("causes that take turns fill no log: one a minute", () => {
  const { failures, clock, lines } = open();
  for (let second = 0; second < 600; second++) {
    failures.note("urgent", new Error(second % 2 === 0 ? "no room" : "a lock"));
    clock.advance(1_000);
  }
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.length).toBeLessThanOrEqual(10);
});

test("each half fails and recovers by itself", () => {
  const { failures, lines } = open();
  failures.note("others", new Error("a lock"));
  failures.clear("urgent");
  expect([failures.any, failures.has("others"), failures.has("urgent")]).toEqual([true, true, false]);
  failures.clear("others");
  expect(failures.any).toBe(false);
  expect(lines).toHaveLength(2);
});
