/** Is there anything to learn from, and anything to judge on? Asked before hours are spent on either. */
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import { dayMs } from "../../../core/maths/durations.ts";
import type { TurbineSeries } from "./growing-rows.ts";
import { parseDay, type ScadaTableDataset } from "./table-config.ts";

/** A part of the period without a row. */
interface EmptyPeriod {
  /** Null: of no turbine at all. */
  readonly turbine: string | null;
  readonly problem: string;
  readonly cure: string;
}

/** Turbines without rows before `period.test`, or from it to the end of `period.end`; `turbines` are those of both. */
export function listEmptyPeriods(
  turbines: readonly TurbineSeries[],
  { period }: Pick<ScadaTableDataset, "period">,
): readonly EmptyPeriod[] {
  const [testMs, endMs] = [parseDay(period.test), parseDay(period.end) + dayMs];
  const filled = turbines.filter(({ rows }) => rows > 0);
  return (["learn", "test"] as const).flatMap((part): EmptyPeriod[] => {
    const isWithin = (timeMs: number): boolean =>
      part === "learn" ? timeMs < testMs : timeMs >= testMs && timeMs < endMs;
    const empty = filled.filter(({ timestampMs }) => !timestampMs.some(isWithin));
    const span = part === "learn" ? `before ${period.test}` : `from ${period.test} to ${period.end}`;
    const words = (who: string, turbine: string | null): EmptyPeriod => ({
      turbine,
      problem: `the tables hold no row of ${who} ${span}, which are ${part === "learn" ? "learnt from" : "judged on"}`,
      cure: "move dataset.period.test and end into what the tables hold, or name the files that are missing",
    });
    if (empty.length > 0 && empty.length === filled.length) return [words("any turbine", null)];
    return empty.map(({ turbine }) => words(turbine, turbine));
  });
}

/** Fails with DATA_FORMAT where nobody has rows to learn from, or to judge on. */
export function refuseEmptyPeriods(
  turbines: readonly TurbineSeries[],
  dataset: Pick<ScadaTableDataset, "period">,
): void {
  const found = listEmptyPeriods(turbines, dataset).find(({ turbine }) => turbine === null);
  if (found === undefined) return;
  throw new AuroraError("DATA_FORMAT", found.problem, {
    op: "read SCADA table",
    subject: "dataset.period",
    hint: found.cure,
  });
}
