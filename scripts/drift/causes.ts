/**
 * Where drifts are placed whose cause is known: fleets of simulated turbines, from vibration to features, days, verdicts and
 * causes, all by the code that serves.
 */
import { join } from "node:path";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames } from "../../src/core/contract/bundle/manifest.ts";
import type { DriftCause, DriftVerdict } from "../../src/core/contract/drift-verdict.ts";
import { namePoint } from "../../src/core/contract/name-point.ts";
import type { PointId } from "../../src/core/contract/stream.ts";
import { assessDay } from "../../src/core/drift/assess-day.ts";
import type { DaySummary } from "../../src/core/drift/day-summary.ts";
import { createDriftTask, type DriftTask } from "../../src/core/drift/drift-task.ts";
import { findCauses } from "../../src/core/drift/find-causes.ts";
import { decodeReference } from "../../src/core/drift/reference-codec.ts";
import { beginSiteReference, type SiteReference } from "../../src/core/drift/site-reference.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { findOrMake } from "../../src/core/maths/find-or-make.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { findNewestVersion } from "../../src/core/serving/served-models.ts";
import type { TurbineSimulationOptions } from "../../src/core/simulate/turbine-simulation.ts";
import type { DriftMeasure } from "./drift-measure.ts";
import {
  driftDays,
  learnDays,
  onsetDay,
  periodS,
  type Scenario,
  scenarios,
  type Truth,
  turbinesOfSite,
} from "./drift-scenarios.ts";
import { type ParkModel, watchTurbine } from "./simulated-park.ts";

const sites = ["north", "south", "west"];
const ends = ["generator-drive-end", "generator-non-drive-end"];
const fleets = 3;
/**
 * Of the points that were found to drift: the share that must be placed right, and of one scenario the share that may be placed
 * wrongly. Where nothing is said for sure nobody is misled. Of the days of points that nothing happened to, the share that may
 * be called warning or drift; declared is .01.
 */
const bounds = { right: 0.9, wrong: 0.1, falseOnes: 0.03 };

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
  const { manifest, files } = await readBundle(await findNewestVersion(models, "bearing-vibration"));
  const model = { manifest, student: decodeStudent(files.get(bundleFileNames.model)!) };
  const task = createDriftTask(decodeReference(files.get(bundleFileNames.reference)!), { learnDays });
  const assessFleet = createAssessor(task);
  const placed = new Map(
    scenarios.map(({ name }) => [name, { sensor: 0, turbine: 0, site: 0, fleet: 0, unknown: 0 }]),
  );
  const count = { found: 0, affected: 0, right: 0, falseOnes: 0, falseBySpeed: 0, healthy: 0 };
  for (let fleet = 0; fleet < fleets * times; fleet++) {
    const points = simulateFleet(1000 * (fleet + 1), { model, task });
    const bySpeed = points.map((point) => ({ ...point, days: point.daysBySpeed }));
    for (const { cause, ...point } of assessFleet(bySpeed).flat()) {
      if (!isAffected(scenarios[0]!, point) && cause !== null) count.falseBySpeed++;
    }
    for (const scenario of scenarios) {
      const changed = playScenario(scenario, points, { model, task, seed: 1000 * (fleet + 1) });
      for (const { cause, ...point } of assessFleet(changed).flat()) {
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
  const truths = new Map(scenarios.map(({ name, truth }) => [name, truth]));
  const missed = [...truths].flatMap(([name, truth]) => checkScenario(placed.get(name)!, name, truth));
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
  readonly model: ParkModel;
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
  { model, task }: Simulated,
): Point[] {
  const { site, turbine, seed, options } = own;
  // Near rated power, where the shaft's speed stands still and the load does not, with the gusts of minutes in seconds.
  const weather = { meanWindMetresPerSecond: 12.5, slowWindS: 20 };
  const park = {
    model,
    periodS,
    seed,
    turbines: 1,
    sensors: 2,
    fault: "none",
    ...weather,
    ...options,
  } as const;
  const watch = watchTurbine(park, 0, task);
  const days = Array.from({ length: onsetDay + driftDays }, () => watch.next());
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
  { model, task, seed }: Simulated & { readonly seed: number },
): readonly Point[] {
  const { turbines, from = 0, software } = scenario;
  if (software !== undefined) {
    return points.map((point) => ({
      ...point,
      days: point.days.map((day, index) => (index < onsetDay ? day : software(day, task))),
    }));
  }
  const site = sites[0]!;
  const changed = Array.from({ length: turbines }, (_, index) => from + index).flatMap((turbine) =>
    simulateTurbine(
      { site, turbine, seed: seed + turbine, options: scenario.options(seed + turbine) },
      { model, task },
    ),
  );
  const byName = new Map(changed.map((point) => [namePoint(point), point]));
  return points.map((point) => byName.get(namePoint(point)) ?? point);
}

function isAffected(
  { turbines, from = 0, sensors, software }: Scenario,
  { site, turbine, component }: PointId,
): boolean {
  if (software !== undefined) return true;
  const index = Number(turbine.slice(2)) - 1 - from;
  return site === sites[0] && index >= 0 && index < turbines && sensors.includes(ends.indexOf(component));
}

/** Verdicts of each day of drift, read together; a point that stands beside several scenarios is assessed once. */
function createAssessor(task: DriftTask): (points: readonly Point[]) => readonly (readonly DriftVerdict[])[] {
  const assessed = new WeakMap<Point, readonly DriftVerdict[]>();
  return (points) => {
    const verdicts = points.map((point) => findOrMake(assessed, point, () => assessPoint(point, task)));
    return Array.from({ length: driftDays }, (_, day) =>
      findCauses(
        verdicts.map((all) => all[onsetDay + day]!),
        { points },
      ),
    );
  };
}

function assessPoint({ days, daysBySpeed: _, ...point }: Point, task: DriftTask): readonly DriftVerdict[] {
  let reference: SiteReference = beginSiteReference();
  return days.map((day): DriftVerdict => {
    const step = assessDay(task, reference, day);
    reference = step.reference;
    const model = { modelName: "bearing-vibration", modelVersion: "1.0.0", modelDigest: "" };
    return { ...point, ...model, ...step.verdict, cause: null };
  });
}
