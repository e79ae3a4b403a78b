/** How soon a shift of half a standard deviation of one column in eight is found, by the correlation of neighbouring rows. */
import { assessDay } from "../../src/core/drift/assess-day.ts";
import { beginSiteReference } from "../../src/core/drift/site-reference.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { createColumnsTask, createRows, summariseRows } from "./correlated-days.ts";
import type { DriftMeasure } from "./drift-measure.ts";

const points = 120;
/** Days that are learnt before; the last are the usual ones. */
const learnDays = [28, 14];
/** Correlations at which it can be found. */
const mostFound = 0.5;
const longestDays = 20;

/** Share of points that must have called it drift by the end of the third day, where it can be found. */
const foundInTime = 0.7;

export async function measure(): Promise<DriftMeasure> {
  const figures: Record<string, unknown> = {};
  const missed: string[] = [];
  for (const rho of [0, 0.5, 0.9, 0.98]) {
    for (const learnt of rho <= mostFound ? learnDays : learnDays.slice(0, 1)) {
      const delays = measureDelays(rho, learnt);
      const name = `rho ${rho}, ${learnt} days of learning`;
      figures[name] = describeDelays(delays);
      if (rho <= mostFound && (delays.median > 3 || delays.inThree < foundInTime)) {
        missed.push(
          `half a standard deviation at ${name}: found within three days at ${delays.inThree} of the points`,
        );
      }
    }
  }
  return {
    cases: Object.keys(figures).length * points,
    violations: missed.length,
    missed,
    figures: { "half a standard deviation": figures },
  };
}

interface Delays {
  /** Share of the points. */
  readonly inThree: number;
  readonly median: number;
}

function measureDelays(rho: number, learnt: number): Delays {
  const days = Array.from({ length: points }, (_, point) => delayOf(rho, 5_000 + point, learnt));
  days.sort((a, b) => a - b);
  return { inThree: days.filter((day) => day <= 3).length / points, median: days[Math.floor(points / 2)]! };
}

function describeDelays({ inThree, median }: Delays): Readonly<Record<string, unknown>> {
  return {
    foundInThreeDays: Number(inThree.toFixed(3)),
    medianDays: median > longestDays ? `more than ${longestDays}` : median,
  };
}

/** Days until drift is called, after so many of learning; one more than the longest if it is not. */
function delayOf(rho: number, seed: number, learnt: number): number {
  const columns = 8;
  const task = createColumnsTask(columns, learnt);
  const next = createRows(createRandom(seed), { columns, rho, common: 0 });
  const shifted = (row: Float64Array): void => {
    next(row);
    row[0]! += 0.5;
  };
  let reference = beginSiteReference();
  for (let day = 0; day < learnt + longestDays; day++) {
    const isShifted = day >= learnt;
    const assessed = assessDay(
      task,
      reference,
      summariseRows(task, day, { next: isShifted ? shifted : next }),
    );
    if (isShifted && assessed.verdict.level === "drift") return day - learnt + 1;
    reference = assessed.reference;
  }
  return longestDays + 1;
}
