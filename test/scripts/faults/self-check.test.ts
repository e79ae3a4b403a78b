/** A run of faults that cannot fail proves nothing. */
import { expect, test } from "vitest";
import { patienceMs } from "../../../scripts/faults/daemon-process.ts";
import { createFaultLedger } from "../../../scripts/faults/fault-ledger.ts";
import { checkAudits } from "../../../scripts/faults/self-check.ts";
import { compiledCommand } from "../../support/compiled.ts";
import { hasMosquitto } from "../../support/mosquitto.ts";

test.skipIf(!hasMosquitto)(
  "what is lost, doubled or acknowledged too early is counted as a violation",
  async () => {
    const ledger = createFaultLedger(() => {});
    await checkAudits(compiledCommand(), "sqlite", ledger);
    expect(ledger.report({})).toEqual({ cases: 5, violations: [], figures: {} });
  },
  patienceMs,
);

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
