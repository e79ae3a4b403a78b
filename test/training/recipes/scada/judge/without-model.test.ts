import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { PolicyFigures } from "../../../../../src/training/recipes/scada/judge/cost-rule.ts";
import type { ScadaEvaluation } from "../../../../../src/training/recipes/scada/judge/scada-evaluation.ts";
import {
  compareWithoutModel,
  orderPolicies,
  sayWithoutModel,
} from "../../../../../src/training/recipes/scada/judge/without-model.ts";

const certain = (value: number) => ({ value, low: value, high: value });

/** A policy that finds each failure in a share of the runs. */
function policy(found: readonly number[], gainEur: number): PolicyFigures {
  const detected = found.reduce((sum, each) => sum + each, 0);
  return {
    runs: 1,
    detected: certain(detected),
    detectedShare: certain(detected / found.length),
    falseAlarms: certain(0),
    falseAlarmsPerTurbineYear: certain(0),
    inspections: certain(35.5),
    eur: certain(gainEur),
    gainEur: certain(gainEur),
    leadDays: null,
    failures: found.map((detectedShare, index) => ({
      turbine: "T01",
      component: `${index}`,
      time: "2017-08-11T13:14:00.000Z",
      detectedShare,
      medianLeadDays: null,
    })),
  };
}

test("what a few failures decide cannot be told from a policy without a model, and the text says so", () => {
  const policies = {
    calendar: policy([1, 1, 0, 0], 90_000),
    shuffledScores: policy([0.5, 0.5, 0.5, 0.5], 75_000),
    policy: policy([0, 1, 1, 0.7], 128_000),
    withoutScores: policy([0.8, 1, 0, 0], 133_000),
  };
  const gains = compareWithoutModel(policies, 3);
  expect(gains.map(({ than }) => than)).toEqual(["withoutScores", "shuffledScores"]);
  expect(gains[0]!.gainEur).toBe(-5000);
  expect(gains[0]!.detected.value).toBeCloseTo(0.9, 12);
  for (const { detected } of gains) expect(detected.low).toBeLessThan(0);
  const text = sayWithoutModel({ policies, modelGains: gains, hasCosts: true });
  expect(text).toContain("The policy with 35.5 inspections: 2.70 of 4 failures and 128 k EUR");
  expect(text).toContain("without any score 1.80 of 4 failures and 133 k EUR");
  expect(text).toContain(
    "What the model saves cannot be told from what a policy without a model saves: -5 k EUR",
  );
  expect(orderPolicies(policies).map(([name]) => name)).toEqual([
    "policy",
    "withoutScores",
    "shuffledScores",
    "calendar",
  ]);
});

test("only what every failure bears out, in failures and in money, is said to be more", () => {
  const policies = {
    policy: policy(new Array(12).fill(0.9), 500_000),
    withoutScores: policy(new Array(12).fill(0.2), 100_000),
  };
  const gains = compareWithoutModel(policies, 3);
  expect(gains[0]!.detected.low).toBeCloseTo(8.4, 9);
  expect(sayWithoutModel({ policies, modelGains: gains, hasCosts: true })).toContain(
    "The model finds more than a policy without a model",
  );
  const dear = { ...policies, withoutScores: policy(new Array(12).fill(0.2), 600_000) };
  expect(
    sayWithoutModel({ policies: dear, modelGains: compareWithoutModel(dear, 3), hasCosts: true }),
  ).toContain("cannot be told");
});

test("the shipped bundle's savings cannot be told from those of a policy without a model", async () => {
  const path = new URL("../../../../../models/turbine-scada/1.0.0/evaluation.json", import.meta.url).pathname;
  const { policies, seeds } = JSON.parse(await readFile(path, "utf8")) as ScadaEvaluation;
  const text = sayWithoutModel({
    policies,
    modelGains: compareWithoutModel(policies, seeds[0]!),
    hasCosts: true,
  });
  expect(text).toContain("What the model saves cannot be told from what a policy without a model saves");
});
