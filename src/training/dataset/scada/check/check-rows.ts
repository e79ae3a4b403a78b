/** Rows that are too many, too few, too alike or too far apart: interval, gaps, frozen stretches, turbines with the same rows. */
import { hourMs } from "../../../../core/maths/durations.ts";
import { medianInPlace } from "../../../../core/maths/select.ts";
import type { TurbineSeries } from "../growing-rows.ts";
import { type LossReason, lossWords } from "../row-losses.ts";
import type { DataFinding, Severity } from "./data-finding.ts";
import { placeOfRow, type ScannedFarm, sayTime } from "./scanned-farm.ts";

/** Share of the time without rows that is worth a word. */
const gapShare = 0.1;
/** Rows in a row with every channel unchanged that are worth a word. */
const frozenRows = 6;
/** Share of common rows that two turbines cannot have alike by chance. */
const sameShare = 0.2;
const leastCommonRows = 50;

const lossCures: Readonly<Record<LossReason, string>> = {
  "no-time": "say with dataset.time.form how times are written",
  "no-turbine": "name the turbine of each row, or give the file to one turbine with {turbine}",
  "other-turbine": "list them under dataset.turbines, or say under turbineNames whose other name it is",
  outside: "move dataset.period if they should count",
  "missing-reading":
    "nothing where the turbine sent nothing; otherwise compare the column and what parts a number's fraction (layout.decimal)",
  "out-of-range": "compare the column's unit and the channel's range with what the sensor can show",
  repeated:
    "leave one row a time and turbine; where clocks went back, name the zone of the table's clock (dataset.time.zone)",
};
/** Rows that were left out. */
export function checkLosses({ losses, turbines }: ScannedFarm): DataFinding[] {
  const used = turbines.reduce((sum, { rows }) => sum + rows, 0);
  return losses.map(({ reason, rows, first }): DataFinding => {
    const share = rows / (rows + used);
    return {
      check: reason,
      severity: severityOf(reason, share),
      file: first.file,
      place: first.place,
      value: first.value,
      problem: `${rows} rows (${(100 * share).toFixed(1)} %) ${lossWords[reason]}, the first here`,
      cure: lossCures[reason],
    };
  });
}

function severityOf(reason: LossReason, share: number): Severity {
  // As it was configured: worth knowing, and no more.
  if (reason === "outside") return "note";
  return share > 0.2 && reason !== "other-turbine" ? "error" : "warning";
}

/** Interval, gaps and frozen stretches of every turbine. */
export function checkStretches(farm: ScannedFarm): DataFinding[] {
  return farm.turbines.flatMap((series) =>
    series.rows === 0
      ? [refuseEmpty(farm, series)]
      : [...checkSteps(farm, series), ...checkFrozen(farm, series)],
  );
}

function refuseEmpty({ source, losses }: ScannedFarm, { turbine }: TurbineSeries): DataFinding {
  return {
    check: "no-rows",
    severity: "error",
    file: source.dataset.tables.map(({ files }) => files).join(", "),
    place: "",
    value:
      losses.map(({ reason, rows }) => `${rows} rows ${lossWords[reason]}`).join(", ") || "no row at all",
    problem: `no row of ${turbine} can be used`,
    cure: "mend dataset.turbines, turbineNames, time, period or the units of columns",
  };
}

function checkSteps(farm: ScannedFarm, series: TurbineSeries): DataFinding[] {
  const { intervalMs } = farm.source;
  const { turbine, rows, timestampMs } = series;
  if (rows < 2) return [];
  const steps = timestampMs.subarray(1).map((timeMs, row) => timeMs - timestampMs[row]!);
  let longest = 0;
  for (let row = 1; row < steps.length; row++) if (steps[row]! > steps[longest]!) longest = row;
  const longestMs = steps[longest]!;
  const usual = medianInPlace(steps, steps.length);
  const findings: DataFinding[] = [];
  const at = placeOfRow(farm, series, longest);
  if (usual !== intervalMs) {
    findings.push({
      check: "interval",
      severity: "error",
      ...placeOfRow(farm, series, 1),
      value: `${usual / 1000} s`,
      problem: `the rows of ${turbine} do not lie ${intervalMs / 1000} s apart`,
      cure: "average faster rows to the window's length first; where they are as far apart as they should be, mend dataset.time.form",
    });
  }
  const missing = 1 - (rows * Math.max(usual, 1)) / (timestampMs[rows - 1]! - timestampMs[0]! + usual);
  if (missing > gapShare) {
    findings.push({
      check: "gaps",
      severity: "warning",
      ...at,
      value: `the longest gap is ${(longestMs / hourMs).toFixed(0)} hours from ${sayTime(timestampMs[longest]!)}`,
      problem: `${(100 * missing).toFixed(0)} % of the time of ${turbine} have no usable row`,
      cure: "do nothing if the turbine sent no data then, or only normal operation was kept; otherwise export these times again",
    });
  }
  return findings;
}

function checkFrozen(farm: ScannedFarm, series: TurbineSeries): DataFinding[] {
  const { rows, columns, turbine } = series;
  const channels = columns.slice(0, farm.source.channels.length);
  let [stretches, frozen, longest, longestEnd, run] = [0, 0, 0, 0, 1];
  for (let row = 1; row <= rows; row++) {
    const isSame = row < rows && channels.every((column) => column[row] === column[row - 1]);
    if (isSame) {
      run++;
      continue;
    }
    if (run >= frozenRows) {
      stretches++;
      frozen += run;
      if (run > longest) [longest, longestEnd] = [run, row];
    }
    run = 1;
  }
  if (stretches === 0) return [];
  return [
    {
      check: "frozen",
      severity: frozen > 0.05 * rows ? "error" : "warning",
      ...placeOfRow(farm, series, longestEnd - longest),
      value: `the longest of ${stretches} stretches has ${longest} rows, all together ${frozen}`,
      problem: `every reading of ${turbine} stands still`,
      cure: "leave these rows out: a bridge that repeats its last values shows no turbine; training passes them over",
    },
  ];
}

/** Two turbines of which one is a copy. */
export function checkCopies(farm: ScannedFarm): DataFinding[] {
  const { turbines, source } = farm;
  const findings: DataFinding[] = [];
  for (const [index, one] of turbines.entries()) {
    for (const other of turbines.slice(index + 1)) {
      const { common, same, first } = compareRows(one, other, source.channels.length);
      if (common < leastCommonRows || same < sameShare * common) continue;
      findings.push({
        check: "copy",
        severity: "error",
        ...placeOfRow(farm, other, first),
        value: `${same} of ${common} rows of the same time are equal in every channel`,
        problem: `${one.turbine} and ${other.turbine} have the same rows`,
        cure: "export one of them again, or name it only once: a turbine that counts twice makes everything look surer than it is",
      });
    }
  }
  return findings;
}

function compareRows(
  one: TurbineSeries,
  other: TurbineSeries,
  channels: number,
): { readonly common: number; readonly same: number; readonly first: number } {
  let [common, same, first, at] = [0, 0, 0, 0];
  for (let row = 0; row < one.rows; row++) {
    const timeMs = one.timestampMs[row]!;
    while (at < other.rows && other.timestampMs[at]! < timeMs) at++;
    if (other.timestampMs[at] !== timeMs) continue;
    common++;
    let isSame = true;
    for (let channel = 0; channel < channels && isSame; channel++)
      isSame = one.columns[channel]![row] === other.columns[channel]![at];
    if (!isSame) continue;
    if (same === 0) first = at;
    same++;
  }
  return { common, same, first };
}
