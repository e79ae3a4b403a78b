/** What happens to fleets of simulated turbines on which day, and where it belongs. */
import type { DriftCause } from "../../src/core/contract/drift-verdict.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import type { DriftTask } from "../../src/core/drift/drift-task.ts";
import type { DriftPlan } from "../../src/core/simulate/drift-plan.ts";
import { planScenario } from "../../src/core/simulate/scenario.ts";
import type { TurbineSimulationOptions } from "../../src/core/simulate/turbine-simulation.ts";

export const turbinesOfSite = 3;
/** Simulated seconds that stand for a day: some twenty windows. */
export const periodS = 36;
export const learnDays = 14;
/** Two healthy days are assessed before the drift begins. */
export const onsetDay: number = learnDays + 2;
export const driftDays = 6;

export type Truth = Exclude<DriftCause["kind"], "unknown">;

/** What happens to a fleet, to how many of its turbines, and where it belongs. */
export interface Scenario {
  readonly name: string;
  readonly truth: Truth;
  /** Of the first site, from the first or this one on. */
  readonly turbines: number;
  readonly from?: number;
  /** Of a turbine that takes part. */
  readonly options: (seed: number) => Pick<TurbineSimulationOptions, "drift" | "fault">;
  /** Sensors that take part. */
  readonly sensors: readonly number[];
  /** Done to the day of every point of the fleet instead. */
  readonly software?: (day: DaySummary, task: DriftTask) => DaySummary;
}

const onsetS = onsetDay * periodS;
/** Damage grows over most of the days that are looked at, so that small damage is among what must be placed. */
const growthS = 4 * periodS;
/** What differs from machine to machine happens to one after the other. */
const oneByOne = Array.from({ length: turbinesOfSite }, (_, index) => index);
const both = [0, 1];
const drifting = (drift: DriftPlan) => () => ({ drift, fault: "none" as const });
export const scenarios: readonly Scenario[] = [
  {
    name: "sensor 6 dB quieter",
    truth: "sensor",
    turbines: 1,
    sensors: [0],
    options: drifting({ kind: "sensor", turbine: 0, sensor: 0, fault: "quieter", onsetS }),
  },
  ...oneByOne.flatMap((from) =>
    both.map(
      (sensor): Scenario => ({
        name: "noisy sensor",
        truth: "sensor",
        turbines: 1,
        from,
        sensors: [sensor],
        options: drifting({ kind: "sensor", turbine: 0, sensor, fault: "noisy", onsetS }),
      }),
    ),
  ),
  {
    name: "fresh grease",
    truth: "turbine",
    turbines: 1,
    sensors: both,
    options: drifting({ kind: "grease", turbine: 0, onsetS }),
  },
  ...oneByOne.map(
    (from): Scenario => ({
      name: "bearing fault",
      truth: "turbine",
      turbines: 1,
      from,
      sensors: both,
      options: (seed) => ({ fault: { ...planScenario(seed, { turbines: 1 }), onsetS, growthS } }),
    }),
  ),
  {
    name: "winter",
    truth: "site",
    turbines: turbinesOfSite,
    sensors: both,
    options: drifting({ kind: "winter", onsetS }),
  },
  {
    name: "features computed anew",
    truth: "fleet",
    turbines: 0,
    sensors: both,
    options: () => ({}),
    software: (day, task) => moveColumns(day, task, { "impact.peak": 2.5, "bpfo.h1": 0.5, "bsf.h1": -0.5 }),
  },
];

/** A day whose columns were computed otherwise. */
function moveColumns(
  day: DaySummary,
  { columns }: DriftTask,
  by: Readonly<Record<string, number>>,
): DaySummary {
  const features = day.features.map(({ sketch, cells }) => {
    const shift = by[columns[sketch.feature]!.name] ?? 0;
    const { mean, min, max } = sketch;
    return {
      sketch: { ...sketch, mean: mean + shift, min: min + shift, max: max + shift },
      cells: cells.map((cell) => ({ ...cell, mean: cell.mean + shift })),
    };
  });
  return { ...day, features };
}
