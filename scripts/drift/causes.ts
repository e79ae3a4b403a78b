/**
 * Where drifts are placed whose cause is known: fleets of simulated turbines, from vibration to features, days, verdicts and
 * causes, all by the code that serves.
 */
import { join } from "node:path";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import type { DriftCause, DriftVerdict } from "../../src/core/contract/drift-verdict.ts";
import { namePoint } from "../../src/core/contract/name-point.ts";
import type { PointId } from "../../src/core/contract/stream.ts";
import { assessDay } from "../../src/core/drift/assess-day.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import type { DriftTask } from "../../src/core/drift/drift-task.ts";
import { findCauses } from "../../src/core/drift/find-causes.ts";
import { beginSiteReference, type SiteReference } from "../../src/core/drift/site-reference.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { findNewestVersion } from "../../src/core/serving/served-models.ts";
import type { DriftPlan } from "../../src/core/simulate/drift-plan.ts";
import { planScenario } from "../../src/core/simulate/scenario.ts";
import type { TurbineSimulationOptions } from "../../src/core/simulate/turbine-simulation.ts";
import type { DriftMeasure } from "./drift-measure.ts";
import { createParkTask, watchTurbine } from "./simulated-park.ts";

const sites = ["north", "south", "west"];
const turbinesOfSite = 3;
const ends = ["generator-drive-end", "generator-non-drive-end"];
/** Simulated seconds that stand for a day: some twenty windows. */
const periodS = 36;
const learnDays = 14;
/** Healthy days that are assessed, then days of drift. */
const healthyDays = 2;
const driftDays = 3;
const onsetS = (learnDays + healthyDays) * periodS;
const fleets = 3;
/**
 * Of the points that were found to drift: the share that must be placed right, and of one scenario the share that may be placed
 * wrongly. Where nothing is said for sure nobody is misled. Of the days of points that nothing happened to, the share that may
 * be called warning or drift; declared is .01.
 */
const bounds = { right: 0.9, wrong: 0.1, falseOnes: 0.03 };

type Truth = Exclude<DriftCause["kind"], "unknown">;

/** What happens to a fleet, to how many of its turbines, and where it belongs. */
interface Scenario {
  readonly name: string;
  readonly truth: Truth;
  /** Of the first site. */
  readonly turbines: number;
  /** Of a turbine that takes part. */
  readonly options: (seed: number) => Pick<TurbineSimulationOptions, "drift" | "fault">;
  /** Sensors that take part. */
  readonly sensors: readonly number[];
  /** Done to the day of every point of the fleet instead. */
  readonly software?: (day: DaySummary, task: DriftTask) => DaySummary;
}

const both = [0, 1];
const drifting = (drift: DriftPlan) => () => ({ drift, fault: "none" as const });
const scenarios: readonly Scenario[] = [
  {
    name: "sensor 6 dB quieter",
    truth: "sensor",
    turbines: 1,
    sensors: [0],
    options: drifting({ kind: "sensor", turbine: 0, sensor: 0, fault: "quieter", onsetS }),
  },
  {
    name: "noisy sensor",
    truth: "sensor",
    turbines: 1,
    sensors: [1],
    options: drifting({ kind: "sensor", turbine: 0, sensor: 1, fault: "noisy", onsetS }),
  },
  {
    name: "fresh grease",
    truth: "turbine",
    turbines: 1,
    sensors: both,
    options: drifting({ kind: "grease", turbine: 0, onsetS }),
  },
  {
    name: "bearing fault",
    truth: "turbine",
    turbines: 1,
    sensors: both,
    options: (seed) => ({ fault: { ...planScenario(seed, { turbines: 1 }), onsetS, growthS: periodS } }),
  },
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

/** A point's days, and who it is. */
interface Point extends PointId {
  /** Loads told apart by the turbine's power, as its SCADA system tells it. */
  readonly days: readonly DaySummary[];
  /** By the shaft's speed, which is all that a vibration device knows. */
  readonly daysBySpeed: readonly DaySummary[];
}

type Placed = Record<DriftCause["kind"], number>;

/** @param times how many times as many fleets */
export async function measure(times: number = 1): Promise<DriftMeasure> {
  const models = join(packageRoot(), "models");
  const { manifest } = await readBundle(await findNewestVersion(models, "bearing-vibration"));
  const task = createParkTask(manifest, { learnDays });
  const placed = new Map(
    scenarios.map(({ name }) => [name, { sensor: 0, turbine: 0, site: 0, fleet: 0, unknown: 0 }]),
  );
  const count = { found: 0, affected: 0, right: 0, falseOnes: 0, falseBySpeed: 0, healthy: 0 };
  for (let fleet = 0; fleet < fleets * times; fleet++) {
    const points = simulateFleet(1000 * (fleet + 1), { manifest, task });
    const bySpeed = points.map((point) => ({ ...point, days: point.daysBySpeed }));
    for (const { cause, ...point } of assessFleet(bySpeed, task).flat()) {
      if (!isAffected(scenarios[0]!, point) && cause !== null) count.falseBySpeed++;
    }
    for (const scenario of scenarios) {
      const changed = playScenario(scenario, points, { manifest, task, seed: 1000 * (fleet + 1) });
      for (const { cause, ...point } of assessFleet(changed, task).flat()) {
        if (!isAffected(scenario, point)) {
          // The same healthy turbines stand beside every scenario: they are counted once.
          if (scenario !== scenarios[0]) continue;
          count.healthy++;
          if (cause !== null) count.falseOnes++;
          continue;
        }
        count.affected++;
        if (cause === null) continue;
        count.found++;
        placed.get(scenario.name)![cause.kind]++;
        if (cause.kind === scenario.truth) count.right++;
      }
    }
  }
  const right = count.right / count.found;
  const missed = scenarios.flatMap(({ name, truth }) => checkScenario(placed.get(name)!, name, truth));
  if (count.falseOnes > bounds.falseOnes * count.healthy)
    missed.push(`${count.falseOnes} of ${count.healthy} days of points that nothing happened to`);
  if (!(right >= bounds.right)) missed.push(`${right} of the points that were found are placed rightly`);
  return {
    cases: count.affected + count.healthy,
    violations: missed.length,
    missed,
    figures: {
      ...Object.fromEntries(placed),
      "placed rightly, of the points and days that were found": Number(right.toFixed(3)),
      "found, of the points and days of drift": Number((count.found / count.affected).toFixed(3)),
      "warnings and drifts of points that nothing happened to": count.falseOnes,
      "the same, where nobody tells the turbines' power": count.falseBySpeed,
      "their days": count.healthy,
    },
  };
}

function checkScenario(placed: Placed, name: string, truth: Truth): readonly string[] {
  const found = Object.values(placed).reduce((sum, each) => sum + each, 0);
  const wrong = found - placed[truth] - placed.unknown;
  if (placed[truth] <= placed.unknown) return [`${name}: ${placed[truth]} of ${found} placed rightly`];
  return wrong > bounds.wrong * found ? [`${name}: ${wrong} of ${found} placed wrongly`] : [];
}

interface Simulated {
  readonly manifest: Manifest;
  readonly task: DriftTask;
}

function simulateFleet(seed: number, given: Simulated): readonly Point[] {
  return sites.flatMap((site, index) =>
    Array.from({ length: turbinesOfSite }, (_, turbine) =>
      simulateTurbine({ site, turbine, seed: seed + index * turbinesOfSite + turbine, options: {} }, given),
    ).flat(),
  );
}

/** One turbine's points: all its days. */
function simulateTurbine(
  own: {
    readonly site: string;
    readonly turbine: number;
    readonly seed: number;
    readonly options: Pick<TurbineSimulationOptions, "drift" | "fault">;
  },
  { manifest, task }: Simulated,
): Point[] {
  const { site, turbine, seed, options } = own;
  // Near rated power, where the shaft's speed stands still and the load does not, with the gusts of minutes in seconds.
  const weather = { meanWindMetresPerSecond: 12.5, slowWindS: 20 };
  const park = {
    manifest,
    periodS,
    seed,
    turbines: 1,
    sensors: 2,
    fault: "none",
    ...weather,
    ...options,
  } as const;
  const watch = watchTurbine(park, 0, task);
  const days = Array.from({ length: learnDays + healthyDays + driftDays }, () => watch.next());
  return ends.map((component, sensor) => ({
    site,
    turbine: `WT0${turbine + 1}`,
    component,
    days: days.map((day) => day[sensor]!.byPower),
    daysBySpeed: days.map((day) => day[sensor]!.bySpeed),
  }));
}

function playScenario(
  scenario: Scenario,
  points: readonly Point[],
  { manifest, task, seed }: Simulated & { readonly seed: number },
): readonly Point[] {
  const { turbines, software } = scenario;
  if (software !== undefined) {
    return points.map((point) => ({
      ...point,
      days: point.days.map((day, index) => (index < learnDays + healthyDays ? day : software(day, task))),
    }));
  }
  const site = sites[0]!;
  const changed = Array.from({ length: turbines }, (_, turbine) =>
    simulateTurbine(
      { site, turbine, seed: seed + turbine, options: scenario.options(seed) },
      { manifest, task },
    ),
  ).flat();
  const byName = new Map(changed.map((point) => [namePoint(point), point]));
  return points.map((point) => byName.get(namePoint(point)) ?? point);
}

function isAffected(
  { turbines, sensors, software }: Scenario,
  { site, turbine, component }: PointId,
): boolean {
  if (software !== undefined) return true;
  const index = Number(turbine.slice(2)) - 1;
  return site === sites[0] && index < turbines && sensors.includes(ends.indexOf(component));
}

/** Verdicts of each day of drift, read together. */
function assessFleet(points: readonly Point[], task: DriftTask): readonly (readonly DriftVerdict[])[] {
  const verdicts = points.map(({ days, daysBySpeed: _, ...point }) => {
    let reference: SiteReference = beginSiteReference();
    return days.map((day): DriftVerdict => {
      const step = assessDay(task, reference, day);
      reference = step.reference;
      const model = { modelName: "bearing-vibration", modelVersion: "1.0.0", modelDigest: "" };
      return { ...point, ...model, ...step.verdict, cause: null };
    });
  });
  return Array.from({ length: driftDays }, (_, day) =>
    findCauses(
      verdicts.map((all) => all[learnDays + healthyDays + day]!),
      { points },
    ),
  );
}

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
