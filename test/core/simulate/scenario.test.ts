import { describe, expect, it } from "vitest";
import { faultKinds } from "../../../src/core/contract/bundle/bearing-fault.ts";
import { computeFaultSeverity, planScenario } from "../../../src/core/simulate/scenario.ts";

describe("planScenario", () => {
  it("gives the same plan for the same seed, and fixing one value changes no other", () => {
    const free = planScenario(7);
    expect(planScenario(7)).toEqual(free);
    expect(planScenario(7, { turbine: 1 })).toEqual({ ...free, turbine: 1 });
    const { kind, onsetS, turbine } = planScenario(7, { kind: "ball" });
    expect({ kind, onsetS, turbine }).toEqual({ kind: "ball", onsetS: free.onsetS, turbine: free.turbine });
  });

  it("reaches every turbine and kind over some seeds, with the onset within its bounds", () => {
    const plans = Array.from({ length: 60 }, (_, seed) => planScenario(seed));
    expect(new Set(plans.map((plan) => plan.turbine)).size).toBe(3);
    expect(new Set(plans.map((plan) => plan.kind))).toEqual(new Set(faultKinds));
    for (const plan of plans) {
      expect(plan.onsetS).toBeGreaterThanOrEqual(8);
      expect(plan.onsetS).toBeLessThanOrEqual(16);
    }
  });

  it("refuses to choose among no turbines", () => {
    expect(() => planScenario(1, { turbines: 0 })).toThrow(/at least one turbine/);
  });
});

describe("computeFaultSeverity", () => {
  it("is zero before the onset, a tenth at it, never shrinks and ends at the final severity", () => {
    const plan = { ...planScenario(3), onsetS: 10, growthS: 20, finalSeverity: 5 };
    expect(computeFaultSeverity(plan, 9.99)).toBe(0);
    expect(computeFaultSeverity(plan, 10)).toBeCloseTo(0.5, 9);
    expect(computeFaultSeverity(plan, 20)).toBeCloseTo(5 / Math.sqrt(10), 9);
    expect(computeFaultSeverity(plan, 30)).toBe(5);
    expect(computeFaultSeverity(plan, 1e6)).toBe(5);
    for (let second = 10; second < 30; second++) {
      expect(computeFaultSeverity(plan, second + 1)).toBeGreaterThan(computeFaultSeverity(plan, second));
    }
  });

  it("jumps straight to the final severity without growth", () => {
    expect(computeFaultSeverity({ ...planScenario(3), onsetS: 0, growthS: 0, finalSeverity: 4 }, 0)).toBe(4);
  });
});
