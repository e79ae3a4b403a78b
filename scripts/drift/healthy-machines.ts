/**
 * How often healthy machines of open data are called so: the wind farm's turbines, one of them unseen when anything was chosen,
 * and single recordings of healthy bearings told over and over. Needs the data folder; says so where it is missing.
 */

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "../../src/core/contract/bundle/manifest.ts";
import { assessDay } from "../../src/core/drift/assess-day.ts";
import { createDriftTask, type DriftTask } from "../../src/core/drift/drift-task.ts";
import { beginSiteReference } from "../../src/core/drift/site-reference.ts";
import { dayMs, hourMs } from "../../src/core/maths/durations.ts";
import { groupBy } from "../../src/core/maths/group-by.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { extractRows } from "../../src/training/learn/extract-rows.ts";
import { dataFolder } from "../../test/support/data-folder.ts";
import { openCwruRecordings } from "../cwru-recordings.ts";
import { summariseRows } from "./correlated-days.ts";
import { describeColumn } from "./describe-columns.ts";
import type { DriftMeasure } from "./drift-measure.ts";
import {
  createEdpTask,
  type EdpRows,
  type EdpTurbineRows,
  readEdpResiduals,
  summariseEdpDays,
} from "./edp-days.ts";

/** The turbines that settings were chosen on; the fourth was looked at once. */
const unseen = "T11";
const bounds = { unseen: 0.005, warnings: 0.02, machines: 0.003 };
/** Days of each turbine and length of day that must be assessed: fewer show nothing. */
const leastDays = 100;
/** After so long a gap in healthy days, as around a repair, the reference begins anew. */
const longestGapDays = 14;

/** @param times below 1, of turbines' days only whole ones are assessed */
export async function measure(times: number = 1): Promise<DriftMeasure> {
  if (!existsSync(dataFolder)) return skip("turbines and bearings", dataFolder);
  const turbines = await measureTurbines(times < 1);
  const bearings = await measureBearings();
  return {
    cases: turbines.cases + bearings.cases,
    violations: turbines.violations + bearings.violations,
    missed: [...turbines.missed, ...bearings.missed],
    figures: { ...turbines.figures, ...bearings.figures },
    skipped: { ...bearings.skipped },
  };
}

function skip(what: string, dir: string): DriftMeasure {
  return {
    cases: 0,
    violations: 0,
    missed: [],
    figures: {},
    skipped: { [what]: `no data in ${dir} (AURORA_DATA)` },
  };
}

/** Rows of the day that are left, by name. */
const lengths: Readonly<Record<string, (index: number, timeMs: number) => boolean>> = {
  "whole days": () => true,
  "6 h": (_, timeMs) => isWithin(timeMs, 6, 12),
  "12 h": (_, timeMs) => isWithin(timeMs, 6, 18),
  "a quarter of the rows": (index) => (Math.imul(index, 2654435761) >>> 0) % 4 === 0,
};

function isWithin(timeMs: number, fromHour: number, toHour: number): boolean {
  const hour = (timeMs % dayMs) / hourMs;
  return hour >= fromHour && hour < toHour;
}

async function measureTurbines(isWholeOnly: boolean): Promise<DriftMeasure> {
  const rows = await readEdpResiduals(dataFolder, join("models", "turbine-scada", "1.0.0"));
  const figures: Record<string, unknown> = {};
  const missed: string[] = [];
  let cases = 0;
  for (const learnDays of [28, 14]) {
    const task = createEdpTask(rows, learnDays, unseen);
    const asked = Object.entries(lengths).slice(0, learnDays === 28 && !isWholeOnly ? undefined : 1);
    for (const [length, keep] of asked) {
      const name = `${length}, ${learnDays} days of learning`;
      const found = rows.turbines.map(({ turbine }, index): FoundDays => {
        const days = liveThrough(task, rows.turbines[index]!, keep);
        return { turbine, days, drifts: count(days, "drift"), warnings: count(days, "warning") };
      });
      const all = found.flatMap(({ days }) => days);
      cases += all.length;
      missed.push(...findMissed(found).map((each) => `${name}: ${each}`));
      figures[name] = {
        ...Object.fromEntries(
          found.map(({ turbine, days, ...each }) => [turbine, { days: days.length, ...each }]),
        ),
        "all turbines": { days: all.length, drifts: count(all, "drift"), warnings: count(all, "warning") },
        "share of days with a warning": estimateShare(
          found.map(({ days }) => days),
          "warning",
        ),
      };
    }
  }
  figures["T06, share of rows on which generator bearing 2 is a standard deviation too warm"] =
    tellSpells(rows);
  return { cases, violations: missed.length, missed, figures };
}

/** Days of a turbine that were assessed, and how many of them were called so. */
interface FoundDays {
  readonly turbine: string;
  readonly days: readonly HeldDay[];
  readonly drifts: number;
  readonly warnings: number;
}

/** The bounds that one length of day misses; too few days miss them as well. */
export function findMissed(found: readonly FoundDays[]): readonly string[] {
  const missed = found
    .filter(({ days }) => days.length < leastDays)
    .map(
      ({ turbine, days }) => `${turbine}: ${days.length} days were assessed, at least ${leastDays} must be`,
    );
  const own = found.find(({ turbine }) => turbine === unseen)!;
  if (!(own.drifts <= bounds.unseen * own.days.length))
    missed.push(`${unseen}: drift on ${own.drifts} of ${own.days.length} days`);
  const all = estimateShare(
    found.map(({ days }) => days),
    "warning",
  );
  for (const [whose, share] of [
    [unseen, own.warnings / own.days.length],
    ["all turbines", all.share],
  ] as const) {
    if (!(share <= bounds.warnings)) missed.push(`${whose}: warnings on ${share} of the days`);
  }
  return missed;
}

/** A day that was assessed. */
interface HeldDay {
  readonly fromMs: number;
  /** A day of drift is one of a warning, too. */
  readonly drift: boolean;
  readonly warning: boolean;
}

function count(days: readonly HeldDay[], kind: "drift" | "warning"): number {
  return days.filter((day) => day[kind]).length;
}

/** Of all turbines' days, and half of its 95 % interval. What a turbine does it does for days: its weeks are what is counted. */
function estimateShare(
  turbines: readonly (readonly HeldDay[])[],
  kind: "drift" | "warning",
): { readonly share: number; readonly error: number } {
  const weeks = turbines.flatMap((days) => [
    ...groupBy(days, ({ fromMs }) => String(Math.floor(fromMs / (7 * dayMs)))).values(),
  ]);
  const all = weeks.flat();
  const share = count(all, kind) / all.length;
  const squares = weeks.reduce((sum, days) => sum + (count(days, kind) - share * days.length) ** 2, 0);
  return {
    share: Number(share.toFixed(4)),
    error: Number(((1.96 * Math.sqrt(squares)) / all.length).toFixed(4)),
  };
}

/** What a turbine that drifts has had since its generator was replaced: heat for hours, in which its days differ from its first ones. */
function tellSpells({ columns, turbines }: EdpRows): Readonly<Record<string, number>> {
  const column = columns.indexOf("generator-bearing-2-temperature");
  const { timesMs, residuals } = turbines.find(({ turbine }) => turbine === "T06")!;
  const shareOf = (isAsked: (timeMs: number) => boolean): number => {
    const asked = residuals.filter((_, row) => isAsked(timesMs[row]!));
    return Number((asked.filter((each) => each[column]! > 1).length / asked.length).toFixed(4));
  };
  const replacedMs = Date.parse("2016-10-27");
  return {
    before: shareOf((timeMs) => timeMs < replacedMs),
    since: shareOf((timeMs) => timeMs >= replacedMs),
  };
}

/** Whole days teach; days cut to `keep` are assessed. */
function liveThrough(
  task: DriftTask,
  turbine: EdpTurbineRows,
  keep: (index: number, timeMs: number) => boolean,
): readonly HeldDay[] {
  const cut = new Map(summariseEdpDays(task, turbine, keep).map(({ summary }) => [summary.fromMs, summary]));
  let reference = beginSiteReference();
  let lastMs = Number.NEGATIVE_INFINITY;
  const assessed: HeldDay[] = [];
  for (const { summary, isHealthy } of summariseEdpDays(task, turbine)) {
    if (!isHealthy) continue;
    const { fromMs } = summary;
    if (fromMs - lastMs > longestGapDays * dayMs) reference = beginSiteReference();
    lastMs = fromMs;
    const given = cut.get(fromMs);
    const pValue = given === undefined ? null : assessDay(task, reference, given).verdict.pValue;
    if (pValue !== null) {
      assessed.push({ fromMs, drift: pValue <= task.falsePerDay, warning: pValue <= task.warningsPerDay });
    }
    reference = assessDay(task, reference, summary).reference;
  }
  return assessed;
}

const everyRecording = 4;
const daysPerRecording = 100;
/** Revolutions between the places of a recording that a window may begin at: it holds four or five windows beside each other. */
const placeRevolutions = 10;
/** Windows of a recording that follow each other. */
const windowsTogether = 2;

/** Healthy ends of recordings told over and over from chance places: as a machine that never changes. */
async function measureBearings(): Promise<DriftMeasure> {
  const dir = join(dataFolder, "cwru");
  if (!existsSync(dir)) return skip("bearings", dir);
  const manifest = JSON.parse(
    await readFile(join("models", "bearing-vibration", "1.0.0", "manifest.json"), "utf8"),
  ) as Manifest;
  let [machines, days, drifts, warnings, worst] = [0, 0, 0, 0, 0];
  const recordings = await openCwruRecordings(dataFolder);
  for (const [index, entries] of [...recordings.byFile.values()].entries()) {
    if (index % everyRecording !== 0) continue;
    for (const entry of entries.filter(({ learn, label }) => learn && label === "healthy")) {
      const signal = await recordings.read(entry);
      const places = { ...manifest.window, hop: placeRevolutions };
      const { rows, features } = extractRows(signal, places, manifest.features);
      const rowsOfWindow = manifest.window.length / placeRevolutions;
      if (rows < 2 * windowsTogether * rowsOfWindow) continue;
      const found = loopRecording({ features, rows, rowsOfWindow }, machines);
      machines++;
      days += found.days;
      drifts += found.drifts;
      warnings += found.warnings;
      worst = Math.max(worst, found.drifts / found.days);
    }
  }
  const figures = {
    machines,
    days,
    drift: drifts / days,
    warnings: warnings / days,
    "of the worst machine": worst,
  };
  const missed =
    days > 0 && drifts <= bounds.machines * days
      ? []
      : [`healthy bearings: drift on ${drifts} of ${days} days`];
  return {
    cases: days,
    violations: missed.length,
    missed,
    figures: { "healthy bearings, recordings told over and over": figures },
  };
}

function loopRecording(
  { features, rows, rowsOfWindow }: { features: Float32Array; rows: number; rowsOfWindow: number },
  seed: number,
): { days: number; drifts: number; warnings: number } {
  const width = features.length / rows;
  const columns = Array.from({ length: width }, (_, column) =>
    describeColumn(
      `feature.${column}`,
      Array.from({ length: rows }, (_, row) => features[row * width + column]!),
    ),
  );
  const task = createDriftTask({ featureCount: width, features: columns }, { learnDays: 14 });
  const random = createRandom(40_000 + seed);
  let row = 0;
  let left = 0;
  const next = (out: Float64Array): void => {
    if (left === 0) {
      row = random.integer(rows - (windowsTogether - 1) * rowsOfWindow);
      left = windowsTogether;
    }
    out.set(features.subarray(row * width, (row + 1) * width));
    row += rowsOfWindow;
    left--;
  };
  let reference = beginSiteReference();
  let [days, drifts, warnings] = [0, 0, 0];
  for (let day = 0; day < daysPerRecording; day++) {
    const assessed = assessDay(task, reference, summariseRows(task, day, { next }));
    reference = assessed.reference;
    const { pValue } = assessed.verdict;
    if (pValue === null) continue;
    days++;
    if (pValue <= task.falsePerDay) drifts++;
    if (pValue <= task.warningsPerDay) warnings++;
  }
  return { days, drifts, warnings };
}
