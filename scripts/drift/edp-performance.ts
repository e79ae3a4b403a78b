/**
 * Estimated performance on the open wind farm's train period: is a failure near on this turbine-day? A student of normal behaviour
 * states no probability, so one is made here of its residuals, learnt and calibrated on the other turbines.
 */
import { join } from "node:path";
import { dayMs } from "../../src/core/maths/durations.ts";
import { packageRoot } from "../../src/core/platform/files/package-root.ts";
import { type EdpTurbineRows, readEdpResiduals } from "./edp-days.ts";
import { fitLogistic } from "./logistic.ts";
import { type KnownCase, type PerformanceTrial, runWeeks, sumTrials } from "./performance-trials.ts";

/** A turbine's day: mean residual of each column, and whether an entry of the logbook is near. */
interface FarmDay {
  readonly x: readonly number[];
  readonly label: number;
}

/** Rows of ten minutes that make a day: half of a shift. */
const leastRows = 36;
/** Days that stand or fall together: those of one month of one turbine. */
const daysPerUnit = 30;

/** Each turbine foretold from the others, month by month; a day a month is confirmed afterwards. */
export async function tryEdpTrain(dataDir: string): Promise<PerformanceTrial> {
  const { turbines } = await readEdpResiduals(
    dataDir,
    join(packageRoot(), "models", "turbine-scada", "1.0.0"),
  );
  const farm = turbines.map(sumUpDays);
  return sumTrials(
    farm.map((own, target) => {
      const others = farm.filter((_, index) => index !== target);
      // Of each of the others by the rest of them: probabilities that no model has learnt.
      const raw = others.flatMap((days, index) => {
        const predict = fitLogistic(others.filter((_, other) => other !== index).flat());
        return days.map(({ x, label }) => ({ x: [predict(x)], label }));
      });
      const platt = fitLogistic(raw);
      const toCase = (logit: number, label: number): KnownCase => {
        return { probability: 1 / (1 + Math.exp(-platt([logit]))), isFault: label === 1 };
      };
      const predict = fitLogistic(others.flat());
      const months: KnownCase[][] = [];
      for (let at = 0; at + daysPerUnit <= own.length; at += daysPerUnit)
        months.push(own.slice(at, at + daysPerUnit).map(({ x, label }) => toCase(predict(x), label)));
      return runWeeks(months, {
        seed: target,
        calibration: raw.map(({ x, label }) => toCase(x[0]!, label)),
        casesPerUnit: { decided: daysPerUnit, reliability: daysPerUnit },
        confirmedShare: 1 / daysPerUnit,
      });
    }),
  );
}

function sumUpDays(turbine: EdpTurbineRows): readonly FarmDay[] {
  const byDay = new Map<number, number[]>();
  for (const [row, timeMs] of turbine.timesMs.entries()) {
    const day = Math.floor(timeMs / dayMs);
    byDay.set(day, [...(byDay.get(day) ?? []), row]);
  }
  return [...byDay]
    .filter(([, rows]) => rows.length >= leastRows)
    .sort(([one], [other]) => one - other)
    .map(([, rows]) => {
      const columns = turbine.residuals[rows[0]!]!.length;
      const x = Array.from(
        { length: columns },
        (_, column) => rows.reduce((sum, row) => sum + turbine.residuals[row]![column]!, 0) / rows.length,
      );
      return { x, label: rows.every((row) => turbine.isHealthy[row]!) ? 0 : 1 };
    });
}
