/** How soon a shift of half a standard deviation of one column in eight is found, by the correlation of neighbouring rows. */
import { assessDay } from "../../src/core/drift/assess-day.ts";
import { beginSiteReference } from "../../src/core/drift/site-reference.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createColumnsTask, createRows, summariseRows } from "./correlated-days.ts";
import type { DriftMeasure } from "./drift-measure.ts";

const points = 120;
const learnDays = 28;
const longestDays = 20;

/** Share of points that must have called it drift by the end of the third day, where it can be found. */
const foundInTime = 0.7;

export async function measure(): Promise<DriftMeasure> {
  const figures: Record<string, unknown> = {};
  const missed: string[] = [];
  for (const rho of [0, 0.5, 0.9, 0.98]) {
    const days = Array.from({ length: points }, (_, point) => delayOf(rho, 5_000 + point)).sort(
      (a, b) => a - b,
    );
    const inThree = days.filter((day) => day <= 3).length / points;
    const median = days[Math.floor(points / 2)]!;
    figures[`rho ${rho}`] = {
      foundInThreeDays: Number(inThree.toFixed(3)),
      medianDays: median > longestDays ? `more than ${longestDays}` : median,
    };
    if (rho <= 0.5 && (median > 3 || inThree < foundInTime)) {
      missed.push(
        `half a standard deviation at rho ${rho}: found within three days at ${inThree} of the points`,
      );
    }
  }
  return {
    cases: 4 * points,
    violations: missed.length,
    missed,
    figures: { "half a standard deviation": figures },
  };
}

/** Days until drift is called; one more than the longest if it is not. */
function delayOf(rho: number, seed: number): number {
  const columns = 8;
  const task = createColumnsTask(columns, learnDays);
  const next = createRows(createRandom(seed), { columns, rho, common: 0 });
  const shifted = (row: Float64Array): void => {
    next(row);
    row[0]! += 0.5;
  };
  let reference = beginSiteReference();
  for (let day = 0; day < learnDays + longestDays; day++) {
    const isShifted = day >= learnDays;
    const assessed = assessDay(
      task,
      reference,
      summariseRows(task, day, { next: isShifted ? shifted : next }),
    );
    if (isShifted && assessed.verdict.level === "drift") return day - learnDays + 1;
    reference = assessed.reference;
  }
  return longestDays + 1;
}
