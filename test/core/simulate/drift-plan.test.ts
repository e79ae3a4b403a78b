import { describe, expect, it } from "vitest";
import { type DriftPlan, driftKinds, planDrift } from "../../../src/core/simulate/drift-plan.ts";
import {
  createTurbineSimulation,
  type TurbineSimulation,
} from "../../../src/core/simulate/turbine-simulation.ts";

const sampleRateHz = 12_000;
/** Steady wind well above the rated one: what differs from second to second is noise. */
const steady = { seed: 3, fault: "none", sensors: 2, meanWindMetresPerSecond: 14 } as const;

/** Level of a stretch in dB, over all frequencies and above 2 kHz (by second differences, crudely). */
function levels(samples: ArrayLike<number>): { all: number; high: number } {
  let mean = 0;
  for (let index = 0; index < samples.length; index++) mean += samples[index]! / samples.length;
  let all = 0;
  let high = 0;
  for (let index = 2; index < samples.length; index++) {
    all += (samples[index]! - mean) ** 2;
    high += (samples[index]! - 2 * samples[index - 1]! + samples[index - 2]!) ** 2;
  }
  return { all: 10 * Math.log10(all + 1e-9), high: 10 * Math.log10(high + 1e-9) };
}

/** Levels of each sensor over the seconds [from, to). */
function hear(
  simulation: TurbineSimulation,
  turbine: number,
  seconds: number,
): { all: number; high: number }[] {
  return simulation.nextBlock(turbine, seconds * sampleRateHz).sensors.map(levels);
}

/** How far each sensor of a turbine moved by a drift, in dB. */
function measureShift(drift: DriftPlan, turbine: number): { all: number; high: number }[] {
  const quiet = createTurbineSimulation(steady);
  const drifting = createTurbineSimulation({ ...steady, drift });
  hear(quiet, turbine, 4);
  hear(drifting, turbine, 4);
  const before = hear(quiet, turbine, 8);
  return hear(drifting, turbine, 8).map(({ all, high }, index) => ({
    all: all - before[index]!.all,
    high: high - before[index]!.high,
  }));
}

describe("a drift", () => {
  it("changes nothing before its onset, and nothing on turbines that it does not concern", () => {
    const drift: DriftPlan = { kind: "grease", turbine: 1, onsetS: 2 };
    const quiet = createTurbineSimulation(steady);
    const drifting = createTurbineSimulation({ ...steady, drift });
    const take = (simulation: TurbineSimulation, turbine: number): number[][] =>
      simulation.nextBlock(turbine, 3 * sampleRateHz).sensors.map((counts) => [...counts]);
    expect(take(drifting, 0)).toEqual(take(quiet, 0));
    const [before, after] = [take(quiet, 1), take(drifting, 1)];
    expect(after.map((counts) => counts.slice(0, 23_800))).toEqual(
      before.map((counts) => counts.slice(0, 23_800)),
    );
    expect(after.map((counts) => counts.slice(24_200))).not.toEqual(
      before.map((counts) => counts.slice(24_200)),
    );
  });

  it("of a sensor's gain takes 6 dB from this one alone, at all frequencies", () => {
    const [first, second] = measureShift(
      { kind: "sensor", turbine: 0, sensor: 1, fault: "quieter", onsetS: 1 },
      0,
    );
    expect(first).toEqual({ all: 0, high: 0 });
    expect(second!.all).toBeCloseTo(-6.02, 1);
    expect(second!.high).toBeCloseTo(-6.02, 1);
  });

  it("of a sensor's noise lifts high frequencies above all others", () => {
    const [first, second] = measureShift(
      { kind: "sensor", turbine: 0, sensor: 0, fault: "noisy", onsetS: 1 },
      0,
    );
    expect(first!.all).toBeGreaterThan(1);
    expect(first!.high).toBeGreaterThan(first!.all + 1);
    expect(second).toEqual({ all: 0, high: 0 });
  });

  it("of a stuck sensor leaves one value", () => {
    const drift: DriftPlan = { kind: "sensor", turbine: 0, sensor: 0, fault: "stuck", onsetS: 0.5 };
    const simulation = createTurbineSimulation({ ...steady, drift });
    simulation.nextBlock(0, sampleRateHz);
    expect(new Set(simulation.nextBlock(0, sampleRateHz).counts).size).toBe(1);
  });

  it("of grease quietens high frequencies of both bearings most", () => {
    const drift: DriftPlan = { kind: "grease", turbine: 0, onsetS: 1 };
    for (const { all, high } of measureShift(drift, 0)) {
      expect(high).toBeLessThan(-2);
      expect(high).toBeGreaterThan(-8);
      expect(all).toBeGreaterThan(high);
    }
  });

  it("of winter moves every turbine's levels by a few dB", () => {
    const drift: DriftPlan = { kind: "winter", onsetS: 1 };
    for (const turbine of [0, 1, 2]) {
      for (const { all } of measureShift(drift, turbine)) {
        expect(all).toBeGreaterThan(1);
        expect(all).toBeLessThan(6);
      }
    }
  });
});

describe("planDrift", () => {
  it("gives the same plan for the same seed, and reaches every turbine, both ends and both faults", () => {
    const plans = Array.from({ length: 40 }, (_, seed) =>
      planDrift(seed, { kind: "sensor", turbines: 3, sensors: 2, onsetS: 5 }),
    );
    expect(planDrift(7, { kind: "sensor", turbines: 3, sensors: 2, onsetS: 5 })).toEqual(plans[7]);
    const drawn = plans.map((plan) =>
      plan.kind === "sensor" ? `${plan.turbine} ${plan.sensor} ${plan.fault}` : "",
    );
    expect(new Set(drawn).size).toBe(12);
  });

  it("knows every kind", () => {
    const kinds = driftKinds.map((kind) => planDrift(1, { kind, turbines: 3, sensors: 2, onsetS: 5 }).kind);
    expect(kinds).toEqual([...driftKinds]);
  });
});
