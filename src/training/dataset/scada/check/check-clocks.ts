/**
 * Whose clock wrote the table? Where clocks change, a local clock leaves an hour out in spring and shows one twice in autumn,
 * and no other does: each of these is looked for at the changes of the zone that is configured, and of others where it is not.
 */
import { hourMs } from "../../../../core/maths/durations.ts";
import type { TurbineSeries } from "../growing-rows.ts";
import type { CellPlace } from "../read-moments.ts";
import { type ClockChange, openTimeZone, type TimeZone } from "../time-zone.ts";
import type { DataFinding } from "./data-finding.ts";
import { placeOfRow, type ScannedFarm, sayTime } from "./scanned-farm.ts";

/** A zone for each way in which clocks change today, as evidence; a table's own zone may be another of the same kind. */
const knownZones = [
  "Europe/Berlin",
  "Europe/London",
  "Europe/Athens",
  "America/New_York",
  "America/Chicago",
  "America/Denver",
  "America/Los_Angeles",
  "Australia/Sydney",
  "Australia/Adelaide",
  "Pacific/Auckland",
  "America/Santiago",
] as const;
/** Rows of an hour that must be repeated for it to be an hour that was twice, of six. */
const repeatedRows = 4;

/** A row of a turbine. */
interface SeriesRow {
  readonly series: TurbineSeries;
  readonly row: number;
}

/** A local time that the zone's clocks never showed, and the cell that says it. */
export interface NeverTime {
  readonly place: CellPlace;
  readonly cell: string;
  readonly count: number;
}

/** Looks for another clock than the one that is configured. */
export function checkTableClock(farm: ScannedFarm, never: NeverTime | null): DataFinding[] {
  const { zone } = farm.source.dataset.time;
  if (never !== null) {
    return [
      {
        check: "clock",
        severity: "error",
        ...never.place,
        value: `"${never.cell}", and ${never.count - 1} rows more`,
        problem: `the table's clock is not that of ${zone}: it shows times over which that went forward`,
        cure: "write dataset.time.zone: UTC, or the fixed offset that the clock keeps, such as +01:00",
      },
    ];
  }
  const clock = openTimeZone(zone)!;
  const isChanging = listChanges(farm, clock).length > 0;
  return isChanging ? checkConfigured(farm, clock) : checkOthers(farm, clock);
}

/** A zone that changes: was its doubled hour twice in the table? */
function checkConfigured(farm: ScannedFarm, clock: TimeZone): DataFinding[] {
  const { intervalMs } = farm.source;
  for (const change of listChanges(farm, clock)) {
    if (change.afterMs >= change.beforeMs) continue;
    const widthMs = change.beforeMs - change.afterMs;
    // Both runs of the doubled hour, by what the reader made of them.
    const [first, second] = [change.atMs - widthMs, change.atMs];
    const once = farm.turbines.filter(
      (series) =>
        countRows(series, first, first + widthMs) >= repeatedRows &&
        countRows(series, second, second + widthMs) === 0 &&
        countRows(series, second + widthMs, second + 3 * widthMs) >= repeatedRows,
    );
    if (once.length < farm.turbines.length) continue;
    const series = once[0]!;
    const row = series.timestampMs.findIndex((timeMs) => timeMs >= first + widthMs - intervalMs);
    return [
      {
        check: "clock",
        severity: "warning",
        ...placeOfRow(farm, series, Math.max(0, row)),
        value: `the hour from ${sayTime(first + change.beforeMs)} stands once, for every turbine`,
        problem: `the clocks of ${clock.name} showed it twice`,
        cure: "write zone: UTC or a fixed offset if the table's clock does not change; an export that drops the second hour loses it for good",
      },
    ];
  }
  return [];
}

/** A zone that does not change: does the table change all the same? */
function checkOthers(farm: ScannedFarm, clock: TimeZone): DataFinding[] {
  const found = knownZones.flatMap((name) => {
    const other = openTimeZone(name)!;
    let [evidence, place] = [0, null as (SeriesRow & { readonly said: string }) | null];
    for (const change of listChanges(farm, other)) {
      const isForward = change.afterMs > change.beforeMs;
      const widthMs = Math.abs(change.afterMs - change.beforeMs);
      // As the table's labels read when they are taken for the configured clock's.
      const from = change.atMs + Math.min(change.afterMs, change.beforeMs) - clock.offsetAt(change.atMs);
      const shown = (isForward ? findSkipped : findDoubled)(farm, from, widthMs);
      if (shown === null) continue;
      evidence += isForward ? 1 : 2;
      const said = `${sayTime(from)} to ${sayTime(from + widthMs).slice(11)} ${isForward ? "is missing" : "stands twice"}`;
      place ??= { ...shown, said };
    }
    return place === null ? [] : [{ name, evidence, place }];
  });
  const best = found.sort((a, b) => b.evidence - a.evidence)[0];
  // One missing hour alone may be a bad night.
  if (best === undefined || best.evidence < 2) return [];
  const { series, row, said } = best.place;
  return [
    {
      check: "clock",
      severity: "error",
      ...placeOfRow(farm, series, row),
      value: `${said}, when clocks of zones such as ${best.name} change`,
      problem: `the table is in local time, and the configuration says ${clock.name}`,
      cure: `write dataset.time.zone: ${best.name}, or the zone of the site`,
    },
  ];
}

function listChanges({ turbines }: ScannedFarm, zone: TimeZone): ClockChange[] {
  const filled = turbines.filter(({ rows }) => rows > 0);
  if (filled.length === 0) return [];
  const from = Math.min(...filled.map(({ timestampMs }) => timestampMs[0]!));
  const to = Math.max(...filled.map(({ timestampMs, rows }) => timestampMs[rows - 1]!));
  const years = new Date(to).getUTCFullYear() - new Date(from).getUTCFullYear() + 1;
  return Array.from({ length: years }, (_, index) => new Date(from).getUTCFullYear() + index)
    .flatMap((year) => zone.changesOf(year))
    .filter(({ atMs }) => atMs > from + hourMs && atMs < to - 3 * hourMs);
}

/** No turbine has a row within, and half of them or more have rows just before and just after. */
function findSkipped({ turbines }: ScannedFarm, from: number, widthMs: number): SeriesRow | null {
  if (turbines.some((series) => countRows(series, from, from + widthMs) > 0)) return null;
  const around = turbines.filter(
    (series) =>
      countRows(series, from - widthMs, from) > 0 &&
      countRows(series, from + widthMs, from + 2 * widthMs) > 0,
  );
  return placeAt(around.length < turbines.length / 2 ? [] : around, from);
}

/** Most rows of the hour are there twice, for half of the turbines or more: one may have been silent. */
function findDoubled({ turbines, repeated }: ScannedFarm, from: number, widthMs: number): SeriesRow | null {
  const doubled = turbines.filter(({ turbine }) => {
    const times = repeated.get(turbine);
    const within = times?.filter((timeMs) => timeMs >= from && timeMs < from + widthMs);
    return (within?.length ?? 0) >= repeatedRows;
  });
  return placeAt(doubled.length < turbines.length / 2 ? [] : doubled, from);
}

function placeAt([series]: readonly TurbineSeries[], from: number): SeriesRow | null {
  return series === undefined ? null : { series, row: lowerBound(series.timestampMs, from) };
}

function countRows({ timestampMs }: TurbineSeries, from: number, to: number): number {
  return lowerBound(timestampMs, to) - lowerBound(timestampMs, from);
}

/** Place of the first time that is not before. */
export function lowerBound(times: Float64Array, timeMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
