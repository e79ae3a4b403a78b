/** What the data cannot tell, however good the student is, and how much of what would be enough. Pure numbers in, sentences out. */
import { dayMs } from "../../../../core/maths/durations.ts";
import { binomialInterval } from "../../../judge/figure.ts";
import type { ScadaCase } from "../learn/scada-case.ts";

/** Half the width of an interval below which a share is called known: 20 points. */
const knownWithin = 0.2;
/** From so many turbines on one can be left out and judged by the others. */
const manyTurbines = 5;
/** From so many failures on a rate is more than a guess: its 95 % interval spans less than a factor of four. */
const manyFailures = 9;

interface Counted {
  readonly turbines: number;
  readonly testFailures: number;
  readonly trainFailures: number;
  /** Turbine-years of the whole data, in which all failures were logged. */
  readonly turbineYears: number;
}

/** Counts what a case rests on. */
export function countEvidence({ rows, failures, split, beginMs }: ScadaCase): Counted {
  const endMs = split.endMs + dayMs;
  const testFailures = failures.filter(
    ({ timestampMs }) => timestampMs >= split.startMs && timestampMs < endMs,
  ).length;
  return {
    turbines: rows.turbines.length,
    testFailures,
    trainFailures: failures.filter(({ timestampMs }) => timestampMs >= beginMs && timestampMs < split.startMs)
      .length,
    turbineYears: (rows.turbines.length * (endMs - beginMs)) / dayMs / 365.25,
  };
}

/** Sentences about what is too little, each with what would be enough; empty where nothing is. */
export function sayEnough({ turbines, testFailures, trainFailures, turbineYears }: Counted): string[] {
  const needed = failuresToKnow();
  const years = (failures: number): string => {
    const all = testFailures + trainFailures;
    return all === 0
      ? ""
      : `, at the rate of these data about ${Math.ceil((failures * turbineYears) / all)} turbine-years`;
  };
  const said: string[] = [];
  if (testFailures === 0) {
    said.push(
      `No failure was logged in the test period: whether a failure would be found is not measured. ${needed} would tell the share found to within ${100 * knownWithin} points${years(needed)}.`,
    );
  } else if (testFailures < needed) {
    said.push(
      `${testFailures} ${testFailures === 1 ? "failure" : "failures"} in the test period tell the share found to within ${Math.round(100 * halfWidth(testFailures))} points at best; ${needed} would tell it to within ${100 * knownWithin}${years(needed)}.`,
    );
  }
  if (trainFailures < manyFailures) {
    said.push(
      `Rates come from ${trainFailures} ${trainFailures === 1 ? "failure" : "failures"} before the test: they are guesses; ${manyFailures} would tell their mean to within a factor of two.`,
    );
  }
  if (turbines < manyTurbines) {
    said.push(
      `${turbines === 1 ? "One turbine" : `${turbines} turbines`}: how the student does on another one is not measured; with ${manyTurbines} one could be left out and judged by the others.`,
    );
  }
  return said;
}

/** Half the exact 95 % interval where half of `failures` were found, the widest there is. */
function halfWidth(failures: number): number {
  const { low, high } = binomialInterval(Math.round(failures / 2), failures, 0.95);
  return (high - low) / 2;
}

function failuresToKnow(): number {
  for (let failures = 1; ; failures++) if (halfWidth(failures) <= knownWithin) return failures;
}
