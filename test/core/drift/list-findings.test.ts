import { expect, test } from "vitest";
import { listFindings } from "../../../src/core/drift/list-findings.ts";
import { driftCause, driftVerdict, quietVerdict } from "../contract/drift-verdicts.ts";

const site = driftCause({ kind: "site", title: "Impacts are louder" });
const fleet = driftCause({ kind: "fleet", title: "Scores are higher since the update" });

test("points of one cause are one finding, of its surest verdict; another site is another finding", () => {
  const findings = listFindings([
    driftVerdict({ site: "a", turbine: "WT1", cause: site, pValue: 1e-3, level: "warning" }),
    driftVerdict({ site: "a", turbine: "WT2", cause: site, pValue: 1e-5 }),
    driftVerdict({ site: "b", turbine: "WT3", cause: site, pValue: 1e-9 }),
    quietVerdict("learning", "day 4 of 14"),
    quietVerdict("stable", null),
  ]);
  expect(findings.map(({ level, verdicts }) => [level, verdicts.map(({ turbine }) => turbine)])).toEqual([
    ["drift", ["WT2", "WT1"]],
    ["drift", ["WT3"]],
  ]);
  expect(findings[0]!.first.turbine).toBe("WT2");
});

test("what moved the fleet is one finding over all sites", () => {
  const findings = listFindings(
    ["a", "b", "c"].map((name) => driftVerdict({ site: name, cause: fleet, component: `${name}-bearing` })),
  );
  expect(findings).toHaveLength(1);
  expect(findings[0]!.verdicts).toHaveLength(3);
});

test("drift stands before warnings, many points before few, the surer before the less sure", () => {
  const one = (turbine: string, changes: object) => driftVerdict({ turbine, cause: null, ...changes });
  const order = listFindings([
    one("WT1", { level: "warning", pValue: 1e-3 }),
    one("WT2", { pValue: 1e-4 }),
    one("WT3", { pValue: 1e-6 }),
    one("WT4", { cause: site, pValue: 1e-4 }),
    one("WT5", { cause: site, pValue: 1e-4 }),
  ]).map(({ first }) => first.turbine);
  expect(order).toEqual(["WT4", "WT3", "WT2", "WT1"]);
});
