/**
 * A demonstration of drift: three weeks lapsed to minutes. A period of a simulated minute stands for a day; each turbine is
 * heard at both ends of its generator; one drift begins after the point's own days are learnt.
 */
import { type DriftKind, type DriftPlan, planDrift } from "../../core/simulate/drift-plan.ts";
import { createTurbineSimulation } from "../../core/simulate/turbine-simulation.ts";
import { createSimulatedSource } from "../device/sample-source.ts";
import { type DemoPlan, type DemoPoint, type ExpectedDrift, turbineId } from "./demo-turbine.ts";

/** How the demonstration's days pass and are assessed. */
interface DriftPeriods {
  /** Length of a period, simulated seconds. */
  readonly lengthS: number;
  /** Periods that a point's own reference is learnt from. */
  readonly learn: number;
  /** Periods before the drift begins. */
  readonly untilOnset: number;
  readonly falsePerPointDay: number;
  readonly warningsPerPointDay: number;
  /** Simulated seconds a second, until it has caught up with the present. */
  readonly speed: number;
  /** So far behind the present it begins, or up to a period more: at the start of one, so that a seed gives every period the same samples. */
  readonly beginsAgoMs: number;
}

export const driftPeriods: DriftPeriods = {
  lengthS: 60,
  learn: 14,
  untilOnset: 17,
  // Six points are assessed in some ten periods. Of 4,680 healthy point-periods 3 were called drift, in lulls further off than any that was
  // learnt: one demonstration in 26 finds what is not there. A third of the rate would be one in 78, and misses grease that this finds.
  falsePerPointDay: 1e-4,
  warningsPerPointDay: 1e-3,
  speed: 30,
  beginsAgoMs: 45 * 60_000,
};

/**
 * Below rated power, so that the load differs in every period that is learnt. A vibration device tells no power, and above 9.5 m/s the
 * shaft's speed, by which loads are told apart, stands still: at rated power, lulls would be rarer still and would look like drift.
 */
const meanWindMetresPerSecond = 11;
/** Gusts of minutes pass in seconds, so that a minute has as much weather as a day. */
const slowWindS = 20;

const points: readonly DemoPoint[] = [
  { component: "generator-drive-end", channel: 0 },
  { component: "generator-non-drive-end", channel: 1 },
];

/** Plans; the same seed and kind give the same samples. */
export function planDriftDemo(seed: number, kind: DriftKind | "none"): DemoPlan {
  const onsetS = driftPeriods.untilOnset * driftPeriods.lengthS;
  const turbines = 3;
  const plan = kind === "none" ? null : planDrift(seed, { kind, turbines, sensors: points.length, onsetS });
  const simulation = createTurbineSimulation({
    seed,
    turbines,
    sensors: 2,
    fault: "none",
    drift: plan,
    meanWindMetresPerSecond,
    slowWindS,
  });
  const { lengthS, learn, untilOnset } = driftPeriods;
  return {
    turbines: simulation.turbines.map((turbine, index) => ({
      id: turbineId(index),
      source: createSimulatedSource(simulation, index),
      bearing: turbine.orders,
      points,
      about: `simulated, two bearings ${turbine.bearing.designation}, a sensor at each`,
    })),
    expected: null,
    drift: plan === null ? null : expectDrift(plan),
    notices: [
      `a period of ${lengthS} simulated seconds stands for a day; each point learns ${learn} of its own`,
      plan === null ? "nothing drifts" : `${announce(plan)} after ${untilOnset} periods`,
    ],
  };
}

function announce(plan: DriftPlan): string {
  switch (plan.kind) {
    case "sensor": {
      const sensor = `${turbineId(plan.turbine)}'s ${plan.sensor === 0 ? "drive-end" : "non-drive-end"} sensor`;
      if (plan.fault === "quieter") return `${sensor} becomes 6 dB quieter`;
      return plan.fault === "noisy" ? `${sensor} becomes noisy` : `${sensor} sticks`;
    }
    case "grease":
      return `the bearings of ${turbineId(plan.turbine)} get fresh grease`;
    case "winter":
      return "winter comes to the site";
  }
}

function expectDrift(plan: DriftPlan): ExpectedDrift {
  const at = (turbine: number): ExpectedDrift["points"] =>
    points.map(({ component }) => ({ turbine: turbineId(turbine), component }));
  const { kind: drift, onsetS } = plan;
  switch (plan.kind) {
    case "sensor":
      return { drift, onsetS, kind: "sensor", points: at(plan.turbine).slice(plan.sensor, plan.sensor + 1) };
    case "grease":
      return { drift, onsetS, kind: "turbine", points: at(plan.turbine) };
    case "winter":
      return { drift, onsetS, kind: "site", points: [0, 1, 2].flatMap(at) };
  }
}
