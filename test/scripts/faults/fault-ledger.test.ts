import { expect, test } from "vitest";
import { createFaultLedger } from "../../../scripts/faults/fault-ledger.ts";

test("a case that fails or does not come to its end is a violation", async () => {
  const ledger = createFaultLedger(() => {});
  ledger.check("holds", true, "");
  ledger.check("does not", false, "seen otherwise");
  await ledger.run("throws", () => Promise.reject(new Error("it broke")));
  expect(ledger.report({})).toEqual({
    cases: 3,
    violations: ["does not: seen otherwise", "throws: it broke"],
    figures: {},
  });
});

test("what a later case is made of is noted where it fails, once, and is nothing", async () => {
  const ledger = createFaultLedger(() => {});
  expect(await ledger.attempt("comes", async () => [7])).toEqual([7]);
  expect(await ledger.attempt("throws", () => Promise.reject(new Error("it broke")))).toBeNull();
  expect(ledger.report({})).toEqual({ cases: 1, violations: ["throws: it broke"], figures: {} });
});
