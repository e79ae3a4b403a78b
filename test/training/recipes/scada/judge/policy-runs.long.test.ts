import { describe, expect, it } from "vitest";
import type { InspectionPolicy } from "../../../../../src/core/contract/bundle/normal-behaviour.ts";
import { dayMs } from "../../../../../src/core/maths/durations.ts";
import { createRandom } from "../../../../../src/core/maths/random.ts";
import type { ComponentCost } from "../../../../../src/training/dataset/scada/table-config.ts";
import { compareErrors } from "../../../../../src/training/recipes/scada/judge/bundle-figures.ts";
import { summarisePolicy } from "../../../../../src/training/recipes/scada/judge/cost-rule.ts";
import {
  judgeByWorth,
  judgeCalendar,
  judgePolicy,
  judgeQuiet,
  judgeRandomPicks,
  judgeRandomTurbines,
  judgeRanking,
  judgeShuffledScores,
  judgeWithoutScores,
  type PolicyCase,
  permutePolicy,
} from "../../../../../src/training/recipes/scada/judge/policy-runs.ts";
import { computeWindowAuc } from "../../../../../src/training/recipes/scada/judge/window-auc.ts";
import {
  estimateRates,
  fitPolicy,
  listSeparateEvents,
} from "../../../../../src/training/recipes/scada/learn/fit-policy.ts";
import { failureAt, makeDays } from "../synthetic-farm.ts";

const costs = new Map<string, ComponentCost>([
  ["gearbox", { replacementEur: 100_000, repairEur: 20_000, inspectionEur: 5_000 }],
  ["generator", { replacementEur: 60_000, repairEur: 15_000, inspectionEur: 5_000 }],
  ["generator-bearing", { replacementEur: 30_000, repairEur: 12_500, inspectionEur: 4_500 }],
  ["transformer", { replacementEur: 50_000, repairEur: 3_500, inspectionEur: 1_500 }],
  ["hydraulic-group", { replacementEur: 20_000, repairEur: 3_000, inspectionEur: 2_000 }],
]);
const policyConfig = {
  roundDays: 6,
  perRound: 1,
  muteDays: 58,
  minLeadDays: 2,
  maxLeadDays: 60,
  evidence: 1,
  scoreCap: 5,
  referenceDays: 240,
  minWorthEur: -1e6,
  eventDays: 120,
  poolingWeight: 1,
  meanLeadShare: 0.45,
};
const failures = [failureAt("T06", "gearbox", 300), failureAt("T11", "generator-bearing", 330)];
const warm = [
  { turbine: 1, component: "gearbox", day: 300 },
  { turbine: 3, component: "generator-bearing", day: 330 },
];
const components = [...costs.keys()];
const terms = { choice: { kind: "worth", words: [] }, components, costs } as const;
const policy: InspectionPolicy = fitPolicy(policyConfig, { turbines: 4, days: 200, failures: [] }, terms);
const subject = (warmed: typeof warm): PolicyCase => ({
  turbines: makeDays(400, 5, warmed),
  failures,
  components,
  counted: failures,
  costs,
  lead: policy,
  policyAt: () => policy,
  startMs: 200 * dayMs,
  endMs: 400 * dayMs,
  phases: 6,
});
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe("an inspection policy", () => {
  it("finds components that warm before they fail, and more than chance and the same policy without scores", () => {
    const seen = subject(warm);
    const runs = judgePolicy(seen);
    const detected = (outcomes: typeof runs.outcomes): number => mean(outcomes.map((each) => each.detected));
    expect(detected(runs.outcomes)).toBe(2);
    const chance = { draws: 30, random: createRandom(1) };
    for (const other of [
      judgeWithoutScores(seen),
      judgeShuffledScores(seen, chance),
      judgeRandomPicks(seen, runs, chance),
      judgeRandomTurbines(seen, runs, chance),
      judgeCalendar(seen, runs, chance),
      judgeQuiet(seen),
    ]) {
      expect(detected(other.outcomes)).toBeLessThan(2);
    }
    expect(judgeRanking(seen).outcomes.every((each) => each.detected === 2)).toBe(true);
    const ranking = { ...policy, kind: "ranking", roundDays: 30, perRound: 5, muteDays: 30 } as const;
    const ranked = judgePolicy({ ...seen, policyAt: () => ranking, phases: 30 });
    expect(ranked.outcomes.every((each) => each.detected === 2)).toBe(true);
    // Put to worth, a ranking is the policy that was judged above.
    expect(judgeByWorth({ ...seen, policyAt: () => ranking }).outcomes).toEqual(runs.outcomes);
    expect(permutePolicy(seen, runs, { ...chance, draws: 49 })).toBeLessThan(0.1);
  });

  it("keeps to one inspection every six days and never looks at a pair twice within the mute", () => {
    const [inspections] = judgePolicy(subject(warm)).inspections;
    expect(inspections).toHaveLength(Math.ceil(200 / 6));
    const last = new Map<string, number>();
    for (const { turbine, component, timestampMs } of inspections!) {
      const pair = `${turbine} ${component}`;
      const failed = failures.some(
        (each) => `${each.turbine} ${each.component}` === pair && each.timestampMs < timestampMs,
      );
      if (!failed)
        expect(timestampMs - (last.get(pair) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(58 * dayMs);
      last.set(pair, timestampMs);
    }
  });

  it("as a ranking goes on to another turbine while its last look still speaks, and so finds more by chance", () => {
    const nothing = subject([]);
    const found = (muteDays: number): number => {
      const ranking = { ...policy, kind: "ranking", roundDays: 30, perRound: 5, muteDays } as const;
      const seen = { ...nothing, policyAt: () => ranking, phases: 30 };
      return mean(
        judgeShuffledScores(seen, { draws: 45, random: createRandom(2) }).outcomes.map(
          (each) => each.detected,
        ),
      );
    };
    // Of four turbines one a round, each look good for 58 days: two looks cover two turbines, or now and then one twice.
    expect(found(58)).toBeGreaterThan(found(30));
    expect(found(58) / failures.length).toBeGreaterThan(0.4);
    expect(found(58) / failures.length).toBeLessThan(0.6);
  });

  it("knows nothing of a failure before its day: what comes later changes no earlier inspection", () => {
    const other = { ...subject(warm), failures: [failureAt("T01", "transformer", 350)] };
    const until = (runs: ReturnType<typeof judgePolicy>, day: number) =>
      runs.inspections[0]!.filter(({ timestampMs }) => timestampMs <= day * dayMs);
    expect(until(judgePolicy(other), 300)).toEqual(until(judgePolicy(subject(warm)), 300));
  });

  it("summarises runs with the range of the runs and the interval of the failures", () => {
    const runs = judgePolicy(subject(warm));
    const figures = summarisePolicy(runs.outcomes, 4, 200 / 365.25);
    expect(figures.runs).toBe(6);
    expect(figures.detected).toEqual({ value: 2, low: 2, high: 2 });
    expect(figures.detectedShare.low).toBeCloseTo(0.158, 3);
    expect(figures.falseAlarmsPerTurbineYear.value).toBeCloseTo(
      (figures.falseAlarms.value * 365.25) / 800,
      9,
    );
    expect(figures.leadDays?.median).toBeGreaterThan(2);
    expect(summarisePolicy(judgeQuiet(subject(warm)).outcomes, 4, 1)).toMatchObject({
      leadDays: null,
      gainEur: { value: 0 },
      eur: { value: -130_000 },
    });
  });
});

describe("rates of the logbook", () => {
  it("count failures of one pair within the event's days once, and pull few to the mean of all", () => {
    const chain = [10, 60, 170, 300].map((day) => failureAt("T06", "generator", day));
    expect(listSeparateEvents([...chain, failureAt("T01", "generator", 20)], 120)).toHaveLength(3);
    const events = [failureAt("T06", "generator", 1), failureAt("T07", "generator", 1)];
    const rateOf = estimateRates(events, { components: 5, exposureDays: 1000, poolingWeight: 1 });
    expect(rateOf("generator")).toBeCloseTo((2 + 0.4) / 2000, 12);
    expect(rateOf("gearbox")).toBeCloseTo(0.4 / 2000, 12);
  });
});

describe("the AUC of turbine-days", () => {
  it("is high and unlikely by chance where scores rise before failures, and about a half where they do not", () => {
    const lifted = computeWindowAuc(subject(warm), { draws: 99, random: createRandom(2) });
    expect(lifted.auc).toBeGreaterThan(0.75);
    expect(lifted.permutationP).toBeLessThan(0.05);
    const flat = computeWindowAuc(subject([]), { draws: 99, random: createRandom(2) });
    expect(Math.abs(flat.auc - 0.5)).toBeLessThan(0.1);
    expect(flat.permutationP).toBeGreaterThan(0.05);
  });
});

describe("the error of days", () => {
  it("is compared week by week, on the days that both know", () => {
    const shifted = (errors: number) =>
      makeDays(20, 1, []).map((turbine) => ({
        ...turbine,
        days: turbine.days.map((day) => 17_400 + day),
        dailyError: Float64Array.from(turbine.days, (day) => (day === 3 ? Number.NaN : errors + (day % 2))),
      }));
    const gain = compareErrors(shifted(2), shifted(2.5), { fromMs: 0, seed: 1 });
    expect(gain.value).toBeCloseTo(0.5, 12);
    expect(gain.low).toBeCloseTo(0.5, 12);
    expect(compareErrors(shifted(2.5), shifted(2), { fromMs: 0, seed: 1 }).high).toBeLessThan(0);
  });
});
