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
