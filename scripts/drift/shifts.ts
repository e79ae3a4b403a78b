/**
 * How soon a shift of half a standard deviation of one column in eight is found, by the correlation of neighbouring rows, beside what the
 * best possible tests find: where even these do not, no figure of ours can be wanted.
 */
import { assessDay } from "../../src/core/drift/assess-day.ts";
import { beginSiteReference } from "../../src/core/drift/site-reference.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { type BestFound, findBest } from "./best-test.ts";
import { createColumnsTask, createRows, summariseRows } from "./correlated-days.ts";
import type { DriftMeasure } from "./drift-measure.ts";

const points = 120;
const columns = 8;
const shift = 0.5;
/** Days that are learnt before; the last are the usual ones. */
const learnDays = [28, 14];
const longestDays = 20;

/** Share of points that must have called it drift by the end of the third day. */
const foundInTime = 0.7;
/** It is asked for where the best test that is told nothing finds as many. */
const canBeFound = foundInTime;
/** Standard errors by which points may be luckier than the best test. */
const mostLuck = 3;

export async function measure(): Promise<DriftMeasure> {
  const figures: Record<string, unknown> = {};
  const missed: string[] = [];
  for (const rho of [0, 0.5, 0.9, 0.98]) {
    for (const learnt of learnDays) {
      const delays = measureDelays(rho, learnt);
      const best = findBest({
        shift,
        rho,
        learnDays: learnt,
        columns,
        falsePerDay: createColumnsTask(columns, learnt).falsePerDay,
      });
      const name = `rho ${rho}, ${learnt} days of learning`;
      figures[name] = { ...describeDelays(delays), best: describeBest(best) };
      if (best.untold >= canBeFound && (delays.median > 3 || delays.inThree < foundInTime)) {
        missed.push(
          `half a standard deviation at ${name}: found within three days at ${delays.inThree} of the points`,
        );
      }
      const luck = mostLuck * Math.sqrt((best.ofDays * (1 - best.ofDays) + 1 / points) / points);
      if (delays.inThree > best.ofDays + luck)
        missed.push(`${name}: ${delays.inThree} found, where the best test finds ${best.ofDays}`);
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

/** In words; shares of points. */
function describeBest({
  ofDays,
  ofEndlessDays,
  ofRows,
  untold,
}: BestFound): Readonly<Record<string, number>> {
  return {
    "told everything": Number(ofDays.toFixed(3)),
    "and the mean before": Number(ofEndlessDays.toFixed(3)),
    "and every row": Number(ofRows.toFixed(3)),
    "told nothing, by its own days": Number(untold.toFixed(3)),
  };
}

/** Days until drift is called, after so many of learning; one more than the longest if it is not. */
function delayOf(rho: number, seed: number, learnt: number): number {
  const task = createColumnsTask(columns, learnt);
  const next = createRows(createRandom(seed), { columns, rho, common: 0 });
  const shifted = (row: Float64Array): void => {
    next(row);
    row[0]! += shift;
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
