/** What the last run knew of a turbine that is no longer of the farm holds up no round, takes none, and mutes nothing. */
import { expect, test } from "vitest";
import type { InspectionPolicy } from "../../../src/core/contract/bundle/normal-behaviour.ts";
import { createFarmPlan, type FarmPlan } from "../../../src/core/serving/scada/farm-plan.ts";

const policy: InspectionPolicy = {
  kind: "ranking",
  roundDays: 1,
  perRound: 1,
  muteDays: 30,
  minLeadDays: 2,
  maxLeadDays: 60,
  evidence: 1,
  scoreCap: 6,
  referenceDays: 1000,
  minWorthEur: 0,
  components: [{ component: "gearbox", prior: 0.02, worthEur: 20_000, inspectionEur: 5000 }],
};
/** A plan of these turbines, each with the days of its gearbox's repairs; goes on with another's. */
const open = (repairs: Readonly<Record<string, readonly number[]>>, last?: FarmPlan): FarmPlan =>
  createFarmPlan({
    policy,
    components: ["gearbox"],
    logbook: new Map(
      Object.entries(repairs).map(([turbine, days]) => [
        turbine,
        days.map((day) => ({ component: "gearbox", day })),
      ]),
    ),
    from: last && { modelDigest: "m", ...JSON.parse(JSON.stringify(last.snapshot())) },
  });
const end = (plan: FarmPlan, turbine: string, day: number, score = 1): readonly string[] =>
  plan
    .takeDay(turbine, { day, z: Float64Array.of(score), scores: Float64Array.of(score), sensorFaults: [] })
    .map((asked) => `${asked.turbine} ${asked.day}`);
/** Both turbines have come to the end of these days, and of T2 an inspection is asked for from day 61 on. */
const openPair = (days: number, repairs: readonly number[] = []): FarmPlan => {
  const plan = open({ T1: [], T2: repairs });
  for (let day = 1; day <= days; day++) {
    end(plan, "T1", day);
    expect(end(plan, "T2", day, day === 61 ? 5 : 1)).toEqual(day === 61 ? ["T2 61"] : []);
  }
  return plan;
};

test.each([
  ["standing", []],
  ["mended", [62]],
] as const)(
  "of a turbine that is gone nothing is waited for or kept, where its inspection was %s, but what its scores tell of usual ones",
  (asks, repairs) => {
    const pair = openPair(62, repairs);
    expect(pair.snapshot()[asks]).toEqual([{ turbine: "T2", component: "gearbox", day: 61 }]);
    const plan = open({ T1: [] }, pair);
    end(plan, "T1", 63);
    const { plannedDay, planner, ...kept } = plan.snapshot();
    expect(plannedDay).toBe(63);
    expect(JSON.stringify({ ...kept, inspected: planner.inspectedDays })).not.toContain("T2");
    expect(planner.scores.filter(([, turbine]) => turbine === "T2")).toHaveLength(62);
  },
);

test("a turbine that is gone takes no round of a day that it alone had come to the end of", () => {
  const pair = openPair(60);
  expect(end(pair, "T2", 61, 5)).toEqual([]);
  expect(end(open({ T1: [] }, pair), "T1", 61, 4)).toEqual(["T1 61"]);
});

test("a turbine that comes back is asked for anew, since its alarm was cleared", () => {
  const alone = open({ T1: [] }, openPair(61));
  end(alone, "T1", 62);
  const both = open({ T1: [], T2: [] }, alone);
  expect(both.askedOf("T2", "gearbox")).toBeUndefined();
  end(both, "T1", 63);
  expect(end(both, "T2", 63, 5)).toEqual(["T2 63"]);
});
