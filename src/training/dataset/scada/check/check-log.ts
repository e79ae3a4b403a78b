/**
 * The log beside the tables: turbines and components that nobody knows, times that cannot be, entries outside the tables, and
 * whether its clock is the tables': a failure stops its turbine, and where the stops lie hours off, alike, the zone is wrong.
 */

import { suggestWord } from "../../../../core/contract/config/config-finding.ts";
import { hourMs, minuteMs } from "../../../../core/maths/durations.ts";
import type { TurbineSeries } from "../growing-rows.ts";
import { findComponent, type LogLine, listUnusedServices, momentOf } from "../read-log.ts";
import { openTimeZone } from "../time-zone.ts";
import { lowerBound } from "./check-clocks.ts";
import type { DataFinding } from "./data-finding.ts";
import { type ScannedFarm, sayTime } from "./scanned-farm.ts";

/** What the tables need to say of a stop. */
interface StopSigns {
  /** The channel of power, and below what the turbine stands. */
  readonly powerChannel: string;
  readonly standsBelow: number;
}

/** A stop lasts at least so long, and lies at most so far from the entry that tells of it. */
const stopMs = 3 * hourMs;
const searchMs = 15 * hourMs;
/** As near as an entry's time is to the stop that it tells of. */
const nearMs = 20 * minuteMs;
/** Entries that must agree before anything is said of a clock. */
const leastEntries = 3;

/** Looks at every line. `watched` are the components of the residuals. */
export function checkLogLines(
  farm: ScannedFarm,
  lines: readonly LogLine[],
  watched: readonly string[],
): DataFinding[] {
  const { dataset } = farm.source;
  const { turbines, turbineNames = {}, components = {}, log } = dataset;
  const outside: LogLine[] = [];
  const others = new Map<string, { line: LogLine; count: number }>();
  const findings: DataFinding[] = [];
  for (const line of lines) {
    const { file, place } = line;
    const turbine = turbineNames[line.turbine] ?? line.turbine;
    const tell = (words: Omit<DataFinding, "file" | "place">): void => {
      findings.push({ file, place, ...words });
    };
    if (line.moment.kind === "none") {
      tell({
        check: "log-time",
        severity: "error",
        value: `"${line.written}"`,
        problem: "the entry has no time",
        cure: "mend the line, or say with dataset.log.form how times are written",
      });
      continue;
    }
    if (line.moment.kind === "never") {
      tell({
        check: "log-clock",
        severity: "error",
        value: `"${line.written}"`,
        problem: `the clocks of ${log!.zone} never showed this time: the log is in another zone`,
        cure: "write dataset.log.zone: UTC, or the zone of who wrote it",
      });
    }
    if (!turbines.includes(turbine)) {
      const known = others.get(turbine);
      if (known === undefined) others.set(turbine, { line, count: 1 });
      else known.count++;
      continue;
    }
    if (findComponent(line.component, dataset, watched) === undefined) {
      tell({
        check: "log-component",
        severity: "error",
        value: `"${line.component}"`,
        problem: `nobody knows the component${suggestWord(line.component, [...Object.keys(components), ...watched])}`,
        cure: `say under dataset.components which of ${watched.join(", ")} it is, or null for one that no residual watches`,
      });
    }
    const timeMs = momentOf(line)!;
    const series = farm.turbines.find((each) => each.turbine === turbine)!;
    if (
      series.rows > 0 &&
      (timeMs < series.timestampMs[0]! || timeMs > series.timestampMs[series.rows - 1]!)
    ) {
      outside.push(line);
    }
  }
  for (const { word, problem, cure } of log === undefined ? [] : listUnusedServices(log, lines)) {
    const { file } = lines[0]!;
    findings.push({
      check: "log-services",
      severity: "error",
      file,
      place: "",
      value: `"${word}"`,
      problem,
      cure,
    });
  }
  const [first, ...more] = outside;
  if (first !== undefined) {
    findings.push({
      check: "log-outside",
      severity: "warning",
      file: first.file,
      place: first.place,
      value: `${first.turbine}, "${first.written}", and ${more.length} lines more`,
      problem: "the tables hold nothing of that time",
      cure: "nothing is learnt of it; export the tables of that time too if it should count",
    });
  }
  for (const [turbine, { line, count }] of others) {
    findings.push({
      check: "log-turbine",
      severity: "warning",
      file: line.file,
      place: line.place,
      value: `"${line.turbine}", and ${count - 1} lines more`,
      problem: `no tables are configured of the turbine ${turbine}${suggestWord(turbine, turbines)}`,
      cure: "nothing where it has none; otherwise say under dataset.turbineNames whose other name it is",
    });
  }
  return findings;
}

/** Do entries and stops lie hours apart, alike? */
export function checkLogClock(farm: ScannedFarm, lines: readonly LogLine[], signs: StopSigns): DataFinding[] {
  const { dataset } = farm.source;
  const { turbineNames = {}, log, time } = dataset;
  const power = farm.source.channels.findIndex(({ name }) => name === signs.powerChannel);
  const found = lines.flatMap((line) => {
    const name = turbineNames[line.turbine] ?? line.turbine;
    const series = farm.turbines.find(({ turbine }) => turbine === name);
    const timeMs = momentOf(line);
    if (line.isService || series === undefined || timeMs === null || line.moment.kind === "none") return [];
    const stops = listStops(series, power, { ...signs, fromMs: timeMs - searchMs, toMs: timeMs + searchMs });
    return stops.length === 0 ? [] : [{ line, timeMs, stops }];
  });
  const fits = (shiftOf: (timeMs: number) => number): number =>
    found.filter(({ timeMs, stops }) =>
      stops.some((stopMs) => Math.abs(stopMs - timeMs - shiftOf(timeMs)) <= nearMs),
    ).length;
  const asWritten = fits(() => 0);
  const [logZone, tableZone] = [openTimeZone(log!.zone)!, openTimeZone(time.zone)!];
  const shifts: {
    readonly words: string;
    readonly cure: string;
    readonly shiftOf: (timeMs: number) => number;
  }[] = [
    {
      words: "the log is in UTC",
      cure: "write dataset.log.zone: UTC",
      shiftOf: (timeMs) => logZone.offsetAt(timeMs),
    },
    {
      words: `the log is in the tables' time, ${time.zone}`,
      cure: `write dataset.log.zone: ${time.zone}`,
      shiftOf: (timeMs) => logZone.offsetAt(timeMs) - tableZone.offsetAt(timeMs),
    },
    ...[
      "Europe/Berlin",
      "Europe/London",
      "America/New_York",
      "America/Chicago",
      "America/Denver",
      "America/Los_Angeles",
      "Australia/Sydney",
    ].map((name) => {
      const zone = openTimeZone(name)!;
      return {
        words: `the log is in local time of a zone such as ${name}`,
        cure: `write dataset.log.zone: ${name}, or the zone of who wrote it`,
        shiftOf: (timeMs: number) => logZone.offsetAt(timeMs) - zone.offsetAt(timeMs),
      };
    }),
  ];
  const best = shifts
    .map((shift) => ({ ...shift, count: fits(shift.shiftOf) }))
    .sort((a, b) => b.count - a.count)[0]!;
  if (best.count < leastEntries || best.count < 2 * asWritten || best.count < 0.6 * found.length) return [];
  const example = found[0]!;
  const stop = example.stops.reduce((one, other) =>
    Math.abs(other - example.timeMs) < Math.abs(one - example.timeMs) ? other : one,
  );
  return [
    {
      check: "log-clock",
      severity: "error",
      file: example.line.file,
      place: example.line.place,
      value: `"${example.line.written}" is taken for ${sayTime(example.timeMs)} UTC, the turbine stops at ${sayTime(stop)}; so do ${best.count} of ${found.length} entries, and ${asWritten} at the time as it is read`,
      problem: `${best.words}, not in ${log!.zone}`,
      cure: best.cure,
    },
  ];
}

/** Begins of stops of three hours or more within the time, each after a row on which it ran; a gap counts as no stop. */
function listStops(
  { timestampMs, columns }: TurbineSeries,
  power: number,
  { standsBelow, fromMs, toMs }: StopSigns & { readonly fromMs: number; readonly toMs: number },
): number[] {
  const stops: number[] = [];
  const values = columns[power]!;
  const end = lowerBound(timestampMs, toMs);
  for (let row = Math.max(1, lowerBound(timestampMs, fromMs)); row < end; row++) {
    if (values[row]! >= standsBelow || values[row - 1]! < standsBelow) continue;
    let last = row;
    while (last + 1 < values.length && values[last + 1]! < standsBelow) last++;
    if (timestampMs[last]! - timestampMs[row]! >= stopMs) stops.push(timestampMs[row]!);
    row = last;
  }
  return stops;
}
