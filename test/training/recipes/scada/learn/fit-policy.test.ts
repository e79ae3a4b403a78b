/** What inspections a bundle may ask for of little data, and what is said of it. */
import { expect, it } from "vitest";
import { createInspectionPlanner } from "../../../../../src/core/decision/normal-behaviour/inspection-planner.ts";
import { sayEnough } from "../../../../../src/training/recipes/scada/judge/sufficiency.ts";
import { choosePolicy, fitPolicy } from "../../../../../src/training/recipes/scada/learn/fit-policy.ts";
import { failureAt } from "../synthetic-farm.ts";

const config = {
  roundDays: 30,
  perRound: 5,
  muteDays: 58,
  minLeadDays: 2,
  maxLeadDays: 60,
  evidence: 0.5,
  scoreCap: 5,
  referenceDays: 240,
  minWorthEur: -1e6,
  eventDays: 120,
  poolingWeight: 1,
  meanLeadShare: 0.45,
};
const components = ["gearbox", "generator"];
const failures = [failureAt("A", "gearbox", 100)];

it.each([
  ["worth", { turbines: 4, failures: 3, hasCosts: true }, "worth", 0],
  ["worth", { turbines: 4, failures: 3, hasCosts: false }, "ranking", 2],
  ["worth", { turbines: 4, failures: 0, hasCosts: true }, "ranking", 2],
  ["worth", { turbines: 1, failures: 0, hasCosts: true }, "watch", 3],
  ["ranking", { turbines: 4, failures: 0, hasCosts: false }, "ranking", 2],
  ["ranking", { turbines: 1, failures: 2, hasCosts: true }, "worth", 2],
  ["ranking", { turbines: 1, failures: 2, hasCosts: false }, "watch", 3],
] as const)(
  "a policy of %s with %o becomes one of %s, and says what is lacking",
  (asked, ground, kind, said) => {
    const choice = choosePolicy(asked, ground);
    expect(choice.kind).toBe(kind);
    expect(choice.words).toHaveLength(said);
  },
);

/** Inspections of a farm whose second turbine scores high, after a year. */
function plan(choice: Parameters<typeof fitPolicy>[2]["choice"], turbines: readonly string[]) {
  const exposure = { turbines: turbines.length, days: 365, failures };
  const policy = fitPolicy(config, exposure, { choice, components, costs: null });
  const planner = createInspectionPlanner(policy);
  for (let day = 0; day < 60; day++) {
    for (const [index, turbine] of turbines.entries())
      planner.observe(turbine, day, new Map(components.map((each) => [each, index === 1 ? 4 : 1])));
  }
  return planner.plan(59);
}

it("without costs a ranking names of each component the turbine with the highest score", () => {
  const named = plan({ kind: "ranking", words: [] }, ["A", "B", "C"]);
  expect(named.map(({ turbine, component }) => `${turbine} ${component}`).toSorted()).toEqual([
    "B gearbox",
    "B generator",
  ]);
});

it("one turbine without costs is watched, and no inspection is asked for", () => {
  expect(plan({ kind: "watch", words: [] }, ["A"])).toEqual([]);
});

it("says of few failures and turbines what they cannot tell and what would be enough", () => {
  const none = sayEnough({ turbines: 1, testFailures: 0, trainFailures: 0, turbineYears: 2 });
  expect(none[0]).toMatch(/No failure was logged in the test period.*27 would tell/);
  expect(none.at(-1)).toMatch(/One turbine: .* with 5 one could be left out/);
  const few = sayEnough({ turbines: 4, testFailures: 8, trainFailures: 13, turbineYears: 8 });
  expect(few[0]).toMatch(/8 failures .* within 34 points .* about 11 turbine-years/);
  expect(few).toHaveLength(2);
  expect(sayEnough({ turbines: 20, testFailures: 40, trainFailures: 60, turbineYears: 60 })).toEqual([]);
});
