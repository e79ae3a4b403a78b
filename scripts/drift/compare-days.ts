/**
 * Table of verdicts a day: machines whose rows are correlated from one to the next; 40 days like their first 14, then 10 that lie half
 * a standard deviation higher in one of eight columns.
 */
import { assessDay } from "../../src/core/drift/assess-day.ts";
import { beginSiteReference, type SiteReference } from "../../src/core/drift/site-reference.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { ownCpuSeconds } from "../bench/process-cpu.ts";
import { createColumnsTask, createRows, rowsPerDay, summariseRows } from "./correlated-days.ts";
import { type AskPeers, type ComparisonTable, mean } from "./peer-answer.ts";

const columns = 8;
const learnDays = 14;
const healthyDays = 40;
const shiftedDays = 10;
const shift = 0.5;
const rhos = [0, 0.9, 0.98] as const;
const firstSeed = 13_000;

/** A machine: days of rows of columns. */
type PointDays = readonly (readonly (readonly number[])[])[];

/** Draws `count` machines at each correlation. */
export async function compareDays(count: number, ask: AskPeers): Promise<ComparisonTable> {
  const points = new Map(
    rhos.map((rho) => [rho, Array.from({ length: count }, (_, index) => drawPoint(rho, firstSeed + index))]),
  );
  const question = Object.fromEntries(
    rhos.map((rho) => [
      String(rho),
      points
        .get(rho)!
        .map((days) => ({ reference: days.slice(0, learnDays).flat(), days: days.slice(learnDays) })),
    ]),
  );
  const ours = rhos.map((rho) => assessPoints(points.get(rho)!, rho));
  const answers = [...ours, ...(await ask("peer_days", question))];
  const rows = rhos.flatMap((rho) =>
    answers
      .filter((answer) => answer.rho === String(rho))
      .map(({ name, verdicts, seconds, bytes }) => {
        const falseShare = mean(verdicts.flatMap((days) => days.slice(0, healthyDays)).map(Number));
        const firsts = verdicts.map((days) => days.slice(healthyDays).indexOf(true));
        const found = firsts.filter((first) => first !== -1);
        return [
          `ρ ${rho} · ${name}`,
          `${(100 * falseShare).toFixed(1)} %`,
          `${found.length} of ${firsts.length}`,
          found.length === 0 ? "–" : mean(found.map((first) => first + 1)).toFixed(1),
          bytes.toFixed(0),
          ((1_000 * seconds) / (count * (healthyDays + shiftedDays))).toFixed(1),
        ];
      }),
  );
  return {
    title: "A verdict a day: eight columns, 144 rows a day, a shift of half a standard deviation in one",
    header: [
      "tool",
      "healthy days called drift",
      "shift found",
      "days until",
      "bytes of reference",
      "CPU ms a day",
    ],
    rows,
  };
}

function drawPoint(rho: number, seed: number): PointDays {
  const next = createRows(createRandom(seed).fork(`rho ${rho}`), { columns, rho, common: 0.3 });
  const row = new Float64Array(columns);
  return Array.from({ length: learnDays + healthyDays + shiftedDays }, (_, day) =>
    Array.from({ length: rowsPerDay }, () => {
      next(row);
      const moved = Array.from(row);
      if (day >= learnDays + healthyDays) moved[0]! += shift;
      return moved;
    }),
  );
}

function assessPoints(
  points: readonly PointDays[],
  rho: number,
): { name: string; rho: string; verdicts: boolean[][]; seconds: number; bytes: number } {
  const task = createColumnsTask(columns, learnDays);
  let bytes = 0;
  const started = ownCpuSeconds();
  const verdicts = points.map((days) => {
    let reference: SiteReference = beginSiteReference();
    const said: boolean[] = [];
    for (const [day, rows] of days.entries()) {
      let at = 0;
      const next = (row: Float64Array): void => row.set(rows[at++]!);
      const answer = assessDay(task, reference, summariseRows(task, day, { next })!);
      reference = answer.reference;
      if (day >= learnDays) said.push(answer.verdict.level === "drift");
    }
    bytes = JSON.stringify(reference).length;
    return said;
  });
  const seconds = ownCpuSeconds() - started;
  return { name: "ours", rho: String(rho), verdicts, seconds, bytes };
}
