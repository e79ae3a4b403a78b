/**
 * Drift on the fleet's page: what moved against its own reference, in words, and a heat map of those that need attention.
 * What a bundle's own reference says of a point is not shown here: see `training-section.ts`.
 */
import type { DriftLevel } from "../../core/contract/drift-verdict.ts";
import { compareLevels, isMoved } from "../../core/drift/drift-level.ts";
import { driftLevelWords } from "../../core/drift/drift-words.ts";
import { type DriftFinding, listFindings } from "../../core/drift/list-findings.ts";
import {
  countAssessed,
  countPointsByLevel,
  type DriftRow,
  expectWarnings,
  rollUpFleet,
  rollUpTurbines,
} from "../../core/drift/roll-up-days.ts";
import type { FleetDriftView } from "../fleet/load-drift-pages.ts";
import { renderFinding, renderPlaces } from "./finding-card.ts";
import { type HeatRow, labelDay, renderHeatLegend, renderHeatMap, renderLevelCell } from "./heat-map.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import { capitalise, formatCount, renderDriftLevel, turbineHref } from "./page-words.ts";

/** Shown at once on the fleet's page. */
const shownFindings = 4;
const shownTurbines = 20;
/** Behind the fold. */
const shownWarnings = 50;

/** Renders the panel of the fleet's page. */
export function renderDrift(drift: FleetDriftView): SafeHtml {
  const { day, table } = drift;
  const index = day === null ? -1 : table.days.indexOf(day);
  if (day === null || index < 0)
    return renderPanel({ id: "drift", title: panelTitle, live: "live", body: noDay });
  const rows = rollUpTurbines(table, index, drift.warningShare);
  const shown = rows.slice(0, shownTurbines);
  const sites = hasSites(table);
  const body = html`${renderFindings(drift, shownFindings)}
  ${renderLevels({ view: drift, day, rows: shown.map((row) => describeTurbine(row, table.days, sites)) })}
  <p class="note">${shown.length < rows.length ? html`The ${shown.length} of ${formatCount(rows.length)} turbines that need attention first. ` : null}<a href="/drift">More turbines and days</a></p>`;
  const note = describeDay(drift, index);
  return renderPanel({ id: "drift", title: panelTitle, note, live: "live", body });
}

const panelTitle = "Drift against each machine's own past";
const noDay = renderEmpty(
  "No day has been assessed yet. Once a day each point is held against its own reference, which it learns in its first days.",
);

/** Date and how many points are at which level. */
export function describeDay({ table, day }: FleetDriftView, index: number): string {
  const counts = countPointsByLevel(table, index);
  const parts = [...counts]
    .sort(([a], [b]) => compareLevels(a, b))
    .map(([level, count]) => `${formatCount(count)} ${driftLevelWords[level]}`);
  return `${labelDay(day ?? "", null).long}: ${parts.join(", ")}`;
}

/**
 * What moved, as cards; or that nothing did. Warnings that are no more than healthy points bring about stand behind a fold.
 */
export function renderFindings(view: FleetDriftView, most: number): SafeHtml {
  const { moved, table, day, warningShare } = view;
  const findings = listFindings(moved);
  if (findings.length === 0 || day === null) return renderEmpty(describeQuiet(table.points.length === 0));
  const assessed = countAssessed(countPointsByLevel(table, table.days.indexOf(day)));
  const warnings = findings.filter(({ level }) => level === "warning");
  const expected = expectWarnings(assessed, warningShare);
  const isChance = sumPoints(warnings) <= expected.most;
  const cards = isChance ? findings.filter(({ level }) => level === "drift") : findings;
  const rest = cards.length - most;
  return html`${cards.length === 0 ? renderEmpty(describeQuiet(false)) : html`<div class="cards roomy findings">${cards.slice(0, most).map((finding) => renderFinding(finding, day))}</div>`}
  ${rest > 0 ? html`<p class="note">${formatCount(rest)} more: see the marks below.</p>` : null}
  ${isChance && warnings.length > 0 ? renderWarnings(warnings, { assessed, mean: expected.mean }, day) : null}`;
}

function renderWarnings(
  warnings: readonly DriftFinding[],
  { assessed, mean }: { readonly assessed: number; readonly mean: number },
  day: string,
): SafeHtml {
  const usual = `of ${formatCount(assessed)} healthy points about ${mean < 10 ? mean.toFixed(1) : formatCount(mean)} warn on any day`;
  const points = sumPoints(warnings);
  return html`<details class="warnings" id="warnings"><summary>${formatCount(points)} ${points === 1 ? "point warns" : "points warn"}, no more than chance explains: ${usual}</summary>
  <ul>${warnings.slice(0, shownWarnings).map((finding) => html`<li>${renderDriftLevel("warning")} ${capitalise(finding.title)} ${renderPlaces(finding.verdicts, day)}</li>`)}</ul></details>`;
}

function sumPoints(findings: readonly DriftFinding[]): number {
  return findings.reduce((sum, { verdicts }) => sum + verdicts.length, 0);
}

function describeQuiet(isEmpty: boolean): string {
  return isEmpty
    ? "No point has a verdict of these days."
    : "No point drifted away from its own reference on this day.";
}

/** The heat map of some rows below that of all points together, with what its marks mean. */
export function renderLevels(map: {
  readonly view: Pick<FleetDriftView, "table" | "warningShare">;
  readonly day: string;
  readonly rows: readonly HeatRow[];
  /** Query of another day's page, without the day. */
  readonly query?: string;
}): SafeHtml {
  const { view, day, rows, query = "" } = map;
  const { table, warningShare } = view;
  const dayHref = (other: string): string => `/drift?day=${encodeURIComponent(other)}${query}`;
  const all: HeatRow = {
    header: "All points",
    tone: "all",
    cells: rollUpFleet(table, warningShare).map((rolled, index) =>
      renderLevelCell({ ...rolled, name: "All points", day: table.days[index]! }),
    ),
  };
  const levels = new Set<DriftLevel | null>();
  for (const point of table.points) for (const level of point.levels) levels.add(level);
  return html`${renderHeatMap({ label: "Drift by turbine and day", days: table.days, day, rows: [all, ...rows], dayHref })}
  ${renderHeatLegend(levels)}`;
}

/** Whether it must be said of which site a turbine is. */
export function hasSites({ points }: FleetDriftView["table"]): "named" | "one" {
  return points.some(({ site }) => site !== points[0]!.site) ? "named" : "one";
}

/** A turbine's row: the worst of its points each day. */
export function describeTurbine(
  { site, turbine, levels }: DriftRow,
  days: readonly string[],
  sites: "named" | "one",
): HeatRow {
  const name = turbine ?? site;
  const href = turbineHref(site, name);
  return {
    header: html`<a href="${href}">${name}</a>${sites === "one" ? null : html` <span class="site">${site}</span>`}`,
    cells: levels.map(({ level }, index) => {
      const day = days[index]!;
      const link = isMoved(level) ? { href: `${href}?day=${encodeURIComponent(day)}#drift` } : {};
      return renderLevelCell({ level, name, day, ...link });
    }),
  };
}
