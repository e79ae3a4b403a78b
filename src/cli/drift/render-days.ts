/** Drift day by day as a table for a terminal: the fleet, its sites, its turbines, and of a single turbine the columns that moved. */
import type { DriftLevel, DriftVerdict } from "../../core/contract/drift-verdict.ts";
import { describeColumn } from "../../core/drift/describe-column.ts";
import { isMoved, levelsByWeight } from "../../core/drift/drift-level.ts";
import { driftLevelWords } from "../../core/drift/drift-words.ts";
import {
  type DriftRow,
  type RolledLevel,
  rollUpFleet,
  rollUpSites,
  rollUpTurbines,
} from "../../core/drift/roll-up-days.ts";
import { type ColumnTrack, trackColumns } from "../../core/drift/track-columns.ts";
import type { DriftHistory } from "./ask-drift.ts";

/** Of each kind of row, those that need attention first. */
const shownRows = 20;
/** A name is cut there. */
const widestName = 44;

const marks: Readonly<Record<DriftLevel, string>> = {
  drift: "◆",
  warning: "▲",
  stable: "·",
  learning: "◐",
  insufficient: "?",
  paused: "–",
};

interface Row {
  readonly name: string;
  /** One a day. */
  readonly cells: readonly string[];
}

/** A row each for all points, every site where there are several, and every turbine; below them what the marks mean. */
export function renderDriftDays(history: DriftHistory): string {
  const { days, points, verdicts } = history;
  if (days.length === 0) return "";
  const last = days.length - 1;
  // Warnings are shown as they are, chance or not: their number stands beside the mark.
  const sites = rollUpSites(history, last, 0);
  const turbines = rollUpTurbines(history, last, 0);
  const named = sites.length > 1 ? sites.slice(0, shownRows) : [];
  const rows: Row[] = [
    { name: "all points", cells: rollUpFleet(history, 0).map(countOf) },
    ...named.map(({ site, levels }) => ({ name: `site ${site}`, cells: levels.map(countOf) })),
    ...turbines.slice(0, shownRows).map((row) => describeTurbine(row, named.length > 0)),
  ];
  const more = Math.max(0, turbines.length - shownRows);
  const levels = new Set(points.flatMap((point) => point.levels));
  const legend = levelsByWeight
    .filter((level) => levels.has(level))
    .map((level) => `${marks[level]} ${driftLevelWords[level]}`);
  // A turbine's name may stand at several sites.
  const tracks = trackColumns(
    (verdicts ?? []).map((ofDay) => (named.length > 0 ? ofDay.map(nameSite) : ofDay)),
  );
  const lines = [
    "",
    "Day by day",
    ...renderRows(days, rows),
    ...(more === 0 ? [] : [`  and ${more} more turbines`]),
    `  ${legend.join(", ")}; a number counts points`,
    ...(tracks.length === 0
      ? []
      : ["", "Columns that moved, by how many times what is usual from day to day"]),
    ...(tracks.length === 0 ? [] : renderRows(days, tracks.slice(0, shownRows).map(describeTrack))),
  ];
  return `${lines.join("\n")}\n`;
}

/** Of several points: how many are at the level that says most. */
function countOf({ level, count }: RolledLevel): string {
  if (level === null) return "";
  return isMoved(level) ? `${count}${marks[level]}` : marks[level];
}

function describeTurbine({ site, turbine, levels }: DriftRow, isSiteNamed: boolean): Row {
  const name = isSiteNamed ? `${turbine} (${site})` : `${turbine}`;
  return { name, cells: levels.map(({ level }) => (level === null ? "" : marks[level])) };
}

function nameSite(verdict: DriftVerdict): DriftVerdict {
  return { ...verdict, component: `${verdict.component} (${verdict.site})` };
}

function describeTrack({ component, name, role, shifts }: ColumnTrack): Row {
  return {
    name: `${component}: ${describeColumn(name, role)}`,
    cells: shifts.map((shift) => {
      if (shift === null) return "";
      return `${shift.deviations > 0 ? "+" : "−"}${Math.min(99, Math.abs(shift.deviations)).toFixed(0)}`;
    }),
  };
}

function renderRows(days: readonly string[], rows: readonly Row[]): string[] {
  // Of a day the month and the date; of a shorter period when it began.
  const heads = days.map((day) => (day.length === 10 ? day.slice(5) : day.slice(11, -1)));
  const width =
    1 +
    Math.max(
      ...heads.map(({ length }) => length),
      ...rows.flatMap(({ cells }) => cells.map(({ length }) => length)),
    );
  const names = rows.map(({ name }) =>
    name.length > widestName ? `${name.slice(0, widestName - 1)}…` : name,
  );
  const widest = Math.max(...names.map(({ length }) => length));
  const render = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(widest)}${cells.map((cell) => cell.padStart(width)).join("")}`.trimEnd();
  return [render("", heads), ...rows.map(({ cells }, index) => render(names[index]!, cells))];
}
