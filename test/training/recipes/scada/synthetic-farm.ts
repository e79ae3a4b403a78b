/** A small farm whose temperatures follow power and ambient; one component of one turbine warms before it fails. */

import { dayMs } from "../../../../src/core/maths/durations.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import type { LoggedEvent } from "../../../../src/training/dataset/scada/read-log.ts";
import type { TurbineDays } from "../../../../src/training/recipes/scada/judge/scada-slices.ts";
import type { TurbineRows } from "../../../../src/training/recipes/scada/learn/scada-rows.ts";

/** Days of four turbines with random scores; `warm` lifts a pair's score before a day. */
export function makeDays(
  days: number,
  seed: number,
  warm: readonly { readonly turbine: number; readonly component: string; readonly day: number }[],
): TurbineDays[] {
  const random = createRandom(seed);
  const components = ["gearbox", "generator", "generator-bearing", "transformer", "hydraulic-group"];
  return ["T01", "T06", "T07", "T11"].map((turbine, index) => ({
    turbine,
    days: Array.from({ length: days }, (_, day) => day),
    z: new Float64Array(days * components.length),
    scores: new Map(
      components.map((component) => [
        component,
        Float64Array.from({ length: days }, (_, day) => {
          const lifted = warm.some(
            (each) =>
              each.turbine === index &&
              each.component === component &&
              day >= each.day - 40 &&
              day < each.day,
          );
          return Math.abs(random.normal()) + (lifted ? 4 : 0);
        }),
      ]),
    ),
    sensorFaults: [],
    dailyError: new Float64Array(days),
  }));
}

/** Rows of `turbines` turbines, every two hours: output = 40 + own offset + 10 · x0 + 3 · x1 + noise. */
export function makeRows(turbines: number, days: number, seed: number): TurbineRows[] {
  const random = createRandom(seed);
  return Array.from({ length: turbines }, (_, index): TurbineRows => {
    const rows = days * 24;
    const features = Float32Array.from({ length: rows * 2 }, () => random.normal());
    return {
      turbine: ["T01", "T06", "T07", "T11"][index]!,
      rows,
      trainRows: rows,
      timestampMs: Float64Array.from({ length: rows }, (_, row) => row * (dayMs / 24)),
      features,
      readings: features,
      measured: Float32Array.from(
        { length: rows },
        (_, row) => 40 + 5 * index + 10 * features[2 * row]! + 3 * features[2 * row + 1]! + random.normal(),
      ),
      usable: new Uint8Array(rows).fill(1),
    };
  });
}

/** A line of the logbook at the begin of a day. */
export function failureAt(turbine: string, component: string, day: number): LoggedEvent {
  return { turbine, component, timestampMs: day * dayMs };
}
