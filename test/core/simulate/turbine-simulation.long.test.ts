import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { faultKinds } from "../../../src/core/contract/bundle/bearing-fault.ts";
import { type FaultPlan, planScenario } from "../../../src/core/simulate/scenario.ts";
import {
  createTurbineSimulation,
  type TurbineSimulation,
} from "../../../src/core/simulate/turbine-simulation.ts";
import { envelopeOrderSpectrum, harmonicScore, kurtosis, record } from "./envelope-order-spectrum.ts";

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
const fewSeeds = seeds.slice(0, 8);

function developed(kind: FaultPlan["kind"], finalSeverity = 5): FaultPlan {
  return { turbine: 0, kind, onsetS: 0, growthS: 0, finalSeverity };
}

function take(simulation: TurbineSimulation, turbine: number, blocks: readonly number[]): number[] {
  return blocks.flatMap((samples) => [...simulation.nextBlock(turbine, samples).counts]);
}

describe("createTurbineSimulation", () => {
  it("gives the same samples for a seed, however they are cut into blocks", () => {
    const options = { seed: 5, fault: { ...developed("ball"), turbine: 1, onsetS: 0.1 } };
    const whole = take(createTurbineSimulation(options), 1, [6000]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }), (cuts) => {
        const simulation = createTurbineSimulation(options);
        const parts = take(simulation, 1, cuts);
        expect(parts).toEqual(whole.slice(0, parts.length));
      }),
      { numRuns: 20 },
    );
  });

  it("gives other samples for another seed and another turbine", () => {
    const simulation = createTurbineSimulation({ seed: 1, fault: "none" });
    const first = take(simulation, 0, [600]);
    expect(take(simulation, 1, [600])).not.toEqual(first);
    expect(take(createTurbineSimulation({ seed: 2, fault: "none" }), 0, [600])).not.toEqual(first);
  });

  it("lets a fault change nothing but its own turbine from its onset on", () => {
    const fault: FaultPlan = { ...developed("inner-race"), turbine: 2, onsetS: 1 };
    const healthy = createTurbineSimulation({ seed: 9, fault: "none" });
    const faulty = createTurbineSimulation({ seed: 9, fault, turbines: 5 });
    expect(take(faulty, 0, [24_000])).toEqual(take(healthy, 0, [24_000]));
    const before = take(healthy, 2, [36_000]);
    const after = take(faulty, 2, [36_000]);
    expect(after.slice(0, 11_800)).toEqual(before.slice(0, 11_800));
    expect(after.slice(12_200)).not.toEqual(before.slice(12_200));
  });

  it("counts samples and reports a speed near 1,000 to 1,800 rpm that changes by under 2 % a second", () => {
    for (const seed of fewSeeds) {
      const simulation = createTurbineSimulation({ seed, fault: "none", turbines: 1, sampleRateHz: 8_000 });
      let previousRpm = Number.NaN;
      for (let second = 0; second < 60; second++) {
        const block = simulation.nextBlock(0, 8_000);
        expect(block.firstSample).toBe(second * 8_000);
        if (block.operatingState === "standby") continue;
        expect(block.shaftRpm).toBeGreaterThan(900);
        expect(block.shaftRpm).toBeLessThan(1850);
        if (second > 0) expect(Math.abs(block.shaftRpm / previousRpm - 1)).toBeLessThan(0.02);
        previousRpm = block.shaftRpm;
      }
    }
  });

  it("sounds like a healthy machine without a fault: Gaussian, well inside the converter's range", () => {
    for (const seed of seeds) {
      const { accelerationG } = record(createTurbineSimulation({ seed, fault: "none", turbines: 1 }), 0, 4);
      const rms = Math.sqrt(
        accelerationG.reduce((sum, value) => sum + value * value, 0) / accelerationG.length,
      );
      expect(rms).toBeGreaterThan(0.05);
      expect(rms).toBeLessThan(1);
      expect(kurtosis(accelerationG)).toBeGreaterThan(2.7);
      expect(kurtosis(accelerationG)).toBeLessThan(3.6);
      expect(Math.max(...accelerationG.map(Math.abs))).toBeLessThan(16);
    }
  });

  it("grows more impulsive with the severity", () => {
    for (const kind of faultKinds) {
      const mean = [0.5, 4, 10].map((severity) => {
        const values = seeds.map((seed) =>
          kurtosis(
            record(createTurbineSimulation({ seed, fault: developed(kind, severity), turbines: 1 }), 0, 2)
              .accelerationG,
          ),
        );
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      });
      expect(mean[0]!).toBeLessThan(3.2);
      expect(mean[1]!).toBeGreaterThan(mean[0]! + 0.1);
      expect(mean[2]!).toBeGreaterThan(mean[1]! + 0.5);
    }
  });

  it.each(faultKinds)(
    "ends a planned fault (%s) no louder than a real bearing was before it failed",
    (kind) => {
      const values = seeds.map((seed) => {
        const plan = { ...planScenario(seed, { turbines: 1, kind }), onsetS: 0, growthS: 0 };
        return kurtosis(
          record(createTurbineSimulation({ seed, turbines: 1, fault: plan }), 0, 4).accelerationG,
        );
      });
      const median = values.sort((left, right) => left - right)[values.length >> 1]!;
      expect(median).toBeGreaterThan(4);
      expect(median).toBeLessThan(5.6);
    },
  );

  it.each(faultKinds)("shows a fault (%s) at its own order in the envelope, and nothing early on", (kind) => {
    let right = 0;
    let early = 0;
    for (const seed of seeds.slice(0, 10)) {
      const name = { "inner-race": "bpfi", "outer-race": "bpfo", ball: "bsf" } as const;
      const scores = (severity: number): [own: number, others: number] => {
        const simulation = createTurbineSimulation({ seed, fault: developed(kind, severity), turbines: 1 });
        const snr = envelopeOrderSpectrum(record(simulation, 0, 6), 1800, 4800);
        const { orders } = simulation.turbines[0]!;
        const others = faultKinds.filter((other) => other !== kind);
        return [
          harmonicScore(snr, orders[name[kind]]),
          Math.max(...others.map((other) => harmonicScore(snr, orders[name[other]]))),
        ];
      };
      const [own, others] = scores(7);
      if (own > others + 0.3) right++;
      const [ownEarly, othersEarly] = scores(0.5);
      if (ownEarly > othersEarly + 1) early++;
    }
    expect(right).toBeGreaterThanOrEqual(9);
    expect(early).toBeLessThanOrEqual(1);
  });

  it("modulates an inner race fault with the shaft and a ball fault with the cage", () => {
    const sidebands = (kind: FaultPlan["kind"]): { shaft: number; cage: number } => {
      let shaft = 0;
      let cage = 0;
      for (const seed of fewSeeds) {
        const simulation = createTurbineSimulation({ seed, fault: developed(kind, 8), turbines: 1 });
        const snr = envelopeOrderSpectrum(record(simulation, 0, 8), 1800, 4800);
        const { bpfi, bpfo, bsf, ftf } = simulation.turbines[0]!.orders;
        const own = { "inner-race": bpfi, "outer-race": bpfo, ball: bsf }[kind];
        // A per cent of slip moves an order by more than a narrow search would follow.
        shaft += (snr(own - 1, 0.015) + snr(own + 1, 0.015)) / 2 / fewSeeds.length;
        cage += (snr(own - ftf, 0.015) + snr(own + ftf, 0.015)) / 2 / fewSeeds.length;
      }
      return { shaft, cage };
    };
    const inner = sidebands("inner-race");
    const outer = sidebands("outer-race");
    const ball = sidebands("ball");
    expect(inner.shaft).toBeGreaterThan(outer.shaft + 1);
    expect(ball.cage).toBeGreaterThan(outer.cage + 1);
    expect(ball.cage).toBeGreaterThan(ball.shaft + 1);
  });

  it("shows no fault order in ten minutes of a healthy machine", () => {
    const simulation = createTurbineSimulation({ seed: 4, fault: "none", turbines: 1 });
    const { bpfi, bpfo, bsf } = simulation.turbines[0]!.orders;
    let loudest = 0;
    for (let window = 0; window < 20; window++) {
      const snr = envelopeOrderSpectrum(record(simulation, 0, 6), 1800, 4800);
      loudest = Math.max(loudest, ...[bpfi, bpfo, bsf].map((order) => harmonicScore(snr, order)));
      simulation.nextBlock(0, 24 * 12_000);
    }
    expect(loudest).toBeLessThan(3);
  });

  it("is the same machine in the same wind at 12 and at 48 kHz", () => {
    for (const seed of [1, 2, 3]) {
      const [low, high] = [12_000, 48_000].map((sampleRateHz) => {
        const simulation = createTurbineSimulation({ seed, sampleRateHz, fault: "none", turbines: 1 });
        const { accelerationG } = record(simulation, 0, 4);
        const energy = accelerationG.reduce((sum, value) => sum + value * value, 0) / accelerationG.length;
        return { rms: Math.sqrt(energy), shaftRpm: simulation.state(0).shaftRpm };
      });
      expect(high!.shaftRpm).toBeCloseTo(low!.shaftRpm, 6);
      // What a housing radiates above 6 kHz adds a few per cent.
      expect(high!.rms / low!.rms).toBeGreaterThan(0.97);
      expect(high!.rms / low!.rms).toBeLessThan(1.15);
    }
  });

  it("stands still in a calm: no power, no shaft speed, only the sensor's own noise", () => {
    const simulation = createTurbineSimulation({ seed: 1, fault: "none", meanWindMetresPerSecond: 0.5 });
    const { accelerationG } = record(simulation, 0, 2);
    const block = simulation.nextBlock(0, 1200);
    expect(block.operatingState).toBe("standby");
    expect(block.shaftRpm).toBe(0);
    expect(simulation.state(0).powerKw).toBeLessThanOrEqual(0);
    const mean = accelerationG.reduce((sum, value) => sum + value, 0) / accelerationG.length;
    const rms = Math.sqrt(
      accelerationG.reduce((sum, value) => sum + (value - mean) ** 2, 0) / accelerationG.length,
    );
    expect(rms).toBeGreaterThan(0.001);
    expect(rms).toBeLessThan(0.1);
    expect(new Set(simulation.nextBlock(0, 1200).counts).size).toBeGreaterThan(10);
  });

  it("refuses options out of range", () => {
    expect(() => createTurbineSimulation({ seed: 1, turbines: 0 })).toThrow(/1 to 100 turbines/);
    expect(() => createTurbineSimulation({ seed: 1, sampleRateHz: 100 })).toThrow(/sampling rate/);
    expect(() => createTurbineSimulation({ seed: 1, fault: { ...developed("ball"), turbine: 3 } })).toThrow(
      /no turbine 3 among 3/,
    );
    const simulation = createTurbineSimulation({ seed: 1 });
    expect(() => simulation.nextBlock(3, 10)).toThrow(/no turbine 3/);
    expect(() => simulation.nextBlock(0, 0)).toThrow(/at least one sample/);
  });
});
