import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InspectionPolicy } from "../../../../src/core/contract/bundle/normal-behaviour.ts";
import { createInspectionPlanner } from "../../../../src/core/decision/normal-behaviour/inspection-planner.ts";

const policy: InspectionPolicy = {
  roundDays: 7,
  perRound: 1,
  muteDays: 58,
  minLeadDays: 2,
  maxLeadDays: 60,
  evidence: 0.5,
  scoreCap: 5,
  referenceDays: 240,
  minWorthEur: -1e6,
  components: [
    { component: "gearbox", prior: 0.05, worthEur: 136_000, inspectionEur: 5_000 },
    { component: "transformer", prior: 0.05, worthEur: 71_000, inspectionEur: 1_500 },
  ],
};
const turbines = ["A", "B", "C"];

/** A planner that has seen `days` days with `score` for every pair. */
function seen(days: number, score: (turbine: string, component: string, day: number) => number) {
  const planner = createInspectionPlanner(policy);
  for (let day = 0; day < days; day++) {
    for (const turbine of turbines) {
      const scores = new Map(
        policy.components.map(({ component }) => [component, score(turbine, component, day)]),
      );
      planner.observe(turbine, day, scores);
    }
  }
  return planner;
}

describe("the inspection planner", () => {
  it("names nothing before it knows what is usual", () => {
    expect(seen(10, () => 1).plan(9)).toEqual([]);
  });

  it("weighs equal scores by worth alone, with the probability of the prior", () => {
    const [first] = seen(30, () => 1).plan(29);
    expect(first).toMatchObject({ turbine: "A", component: "transformer" });
    expect(first?.probability).toBeCloseTo(0.05, 9);
    expect(first?.expectedEur).toBeCloseTo(0.05 * 71_000 - 0.95 * 1_500, 6);
  });

  it("prefers the turbine whose score stands out", () => {
    const planner = seen(30, (turbine, component, day) =>
      turbine === "B" && component === "gearbox" && day > 25 ? 5 : 0.5,
    );
    expect(planner.plan(29)[0]).toMatchObject({ turbine: "B", component: "gearbox" });
  });

  it("names, as a ranking, of each component the turbine with the highest score, whatever it is worth", () => {
    const ranking = createInspectionPlanner({ ...policy, kind: "ranking", perRound: 2, muteDays: 30 });
    for (let day = 0; day < 90; day++) {
      for (const [index, turbine] of turbines.entries()) {
        const scores = new Map([
          ["gearbox", index],
          ["transformer", 2 - index],
        ]);
        ranking.observe(turbine, day, scores);
      }
    }
    for (const day of [29, 59, 89]) {
      const named = ranking.plan(day).map(({ turbine, component }) => `${turbine} ${component}`);
      expect(named.sort()).toEqual(["A transformer", "C gearbox"]);
    }
  });

  it("does not name a pair again while the last look speaks for it, unless it failed meanwhile", () => {
    const planner = seen(40, (turbine) => (turbine === "C" ? 3 : 1));
    const first = planner.plan(39)[0]!;
    expect(first.turbine).toBe("C");
    const pair = { turbine: first.turbine, component: first.component };
    expect(planner.plan(39)[0]).not.toMatchObject(pair);
    planner.failed(first.turbine, first.component, 40);
    for (const turbine of turbines) {
      const score = turbine === "C" ? 3 : 1;
      planner.observe(turbine, 41, new Map(policy.components.map(({ component }) => [component, score])));
    }
    expect(planner.plan(41)[0]).toMatchObject(pair);
  });

  it("leaves out what is worth less than the policy asks for, and pairs of which nothing is known", () => {
    const strict = createInspectionPlanner({ ...policy, minWorthEur: 1e5 });
    const quiet = createInspectionPlanner(policy);
    for (let day = 0; day < 60; day++) {
      strict.observe("A", day, new Map([["gearbox", 1]]));
      quiet.observe("A", day, new Map([["gearbox", day === 59 ? Number.NaN : 1]]));
    }
    expect(strict.plan(59)).toEqual([]);
    expect(quiet.plan(59)).toEqual([]);
  });

  it("plans the same after a restart from its snapshot", () => {
    const planner = seen(
      60,
      (turbine, component, day) => (turbine.charCodeAt(0) + component.length + day) % 5,
    );
    planner.plan(59);
    const again = createInspectionPlanner(policy, JSON.parse(JSON.stringify(planner.snapshot())));
    expect(again.plan(59)).toEqual(planner.plan(59));
  });

  it("never raises a pair's probability when its score falls", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 8, noNaN: true }),
        fc.double({ min: 0, max: 8, noNaN: true }),
        (a, b) => {
          const probability = (score: number): number => {
            const planner = createInspectionPlanner({ ...policy, components: policy.components.slice(0, 1) });
            for (let day = 0; day < 60; day++) planner.observe("A", day, new Map([["gearbox", 1]]));
            planner.observe("A", 60, new Map([["gearbox", score]]));
            return planner.plan(60)[0]!.probability;
          };
          // The score itself is part of what is usual, one in 61.
          if (a <= b) expect(probability(a)).toBeLessThanOrEqual(probability(b) + 1e-12);
        },
      ),
      { numRuns: 50 },
    );
  });
});
