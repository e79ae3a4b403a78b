import { expect, test } from "vitest";
import { createDiagnosisLedger, describeNews } from "../../../src/gateway/diagnosis/diagnosis-ledger.ts";

const finding = { text: "asks", cure: "mend it" };
const snapshotS = 10;
const lookS = 300;

test("what is not seen again in snapshots is over after a minute of them, and stands while nothing can be said", () => {
  const ledger = createDiagnosisLedger({ codes: ["speed"], plain: [] });
  const look = (second: number, verdict: typeof finding | null | undefined) =>
    ledger.update(new Map([["speed", verdict]]), { nowMs: second * 1000, monotonicMs: second * 1000 });
  expect(look(0, finding)).toMatchObject([{ kind: "onset" }]);
  for (let second = 1; second < 5 * lookS; second++) expect(look(second, undefined)).toEqual([]);
  let quietS = 0;
  for (let second = 5 * lookS; ledger.diagnoses.length > 0; second++) {
    const isHeard = second % lookS < snapshotS;
    if (isHeard) quietS++;
    look(second, isHeard ? null : undefined);
    expect(quietS).toBeLessThan(65);
  }
  expect(quietS).toBeGreaterThan(55);
});

test("tells of the beginning what to do, and of the end what is over", () => {
  const ledger = createDiagnosisLedger({ codes: ["speed"], plain: ["speed"] });
  const tell = (verdict: typeof finding | null) =>
    ledger.update(new Map([["speed", verdict]]), { nowMs: 0, monotonicMs: 0 }).map(describeNews);
  expect(tell(finding)).toEqual(["asks. mend it (speed)"]);
  expect(tell(null)).toEqual(["over: asks (speed)"]);
});
