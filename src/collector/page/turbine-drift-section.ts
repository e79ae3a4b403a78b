/** Drift on a turbine's page: each component day by day, what moved on the chosen day, and which columns moved when. */

import type { DriftVerdict, FeatureShift } from "../../core/contract/drift-verdict.ts";
import { describeColumn } from "../../core/drift/describe-column.ts";
import { isMoved } from "../../core/drift/drift-level.ts";
import { describeMove, driftLevelWords } from "../../core/drift/drift-words.ts";
import { listFindings } from "../../core/drift/list-findings.ts";
import { trackColumns } from "../../core/drift/track-columns.ts";
import type { TurbineDriftView } from "../fleet/load-drift-pages.ts";
import { renderFinding } from "./finding-card.ts";
import { type HeatRow, labelDay, renderHeatLegend, renderHeatMap, renderLevelCell } from "./heat-map.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import { capitalise, formatName, renderDriftLevel } from "./page-words.ts";

/** Columns that are followed from day to day, those that moved furthest. */
const shownColumns = 24;

/** Renders the panel of a turbine's page. */
export function renderTurbineDrift(drift: TurbineDriftView, addressOf: (day: string) => string): SafeHtml {
  const { day, table, verdicts } = drift;
  const index = day === null ? -1 : table.days.indexOf(day);
  const title = "Drift against its own past";
  if (day === null || index < 0) {
    const words =
      day === null
        ? "No day of it has been assessed yet. A point learns its own reference in its first days."
        : `There is no verdict of ${labelDay(day, null).long}.`;
    return renderPanel({ id: "drift", title, live: "live", body: renderEmpty(words) });
  }
  const today = verdicts[index] ?? [];
  const findings = listFindings(today);
  const body = html`${findings.length === 0 ? null : html`<div class="cards roomy findings">${findings.map((finding) => renderFinding(finding, day))}</div>`}
  ${renderQuiet(today)}
  ${renderComponents(drift, { day, addressOf })}
  ${renderColumns(drift, day)}`;
  return renderPanel({ id: "drift", title, note: labelDay(day, null).long, live: "live", body });
}

/** Components that did not move, each with why nothing is said where nothing is. */
function renderQuiet(verdicts: readonly DriftVerdict[]): SafeHtml | null {
  const quiet = verdicts.filter(({ level }) => !isMoved(level));
  if (quiet.length === 0) return null;
  return html`<ul class="quiet">${quiet.map(
    ({ component, level, reason, referenceDays }) =>
      html`<li>${renderDriftLevel(level)} <b>${formatName(component)}</b> <span class="why">${reason === null ? (level === "stable" ? `like the ${referenceDays} days of its own reference` : driftLevelWords[level]) : capitalise(reason)}</span></li>`,
  )}</ul>`;
}

function renderComponents(
  { table }: TurbineDriftView,
  { day, addressOf }: { readonly day: string; readonly addressOf: (day: string) => string },
): SafeHtml {
  const rows = table.points.map(({ component, levels }): HeatRow => {
    const name = formatName(component);
    return {
      header: name,
      cells: levels.map((level, index) => renderLevelCell({ level, name, day: table.days[index]! })),
    };
  });
  const dayHref = (other: string): string => `${addressOf(other)}#drift`;
  const levels = new Set(table.points.flatMap((point) => point.levels));
  return html`${renderHeatMap({ label: "Drift by component and day", days: table.days, day, rows, dayHref })}${renderHeatLegend(levels)}`;
}

/** Which columns moved when; nothing where none did. */
function renderColumns({ table, verdicts }: TurbineDriftView, day: string): SafeHtml | null {
  const tracks = trackColumns(verdicts);
  if (tracks.length === 0) return null;
  const rows = tracks.slice(0, shownColumns).map(({ component, name, role, shifts }): HeatRow => {
    const words = capitalise(describeColumn(name, role));
    return {
      header: html`<span title="${name}">${words}</span> <span class="site">${formatName(component).toLowerCase()}</span>`,
      cells: shifts.map((shift, index) => renderShiftCell(shift, words, table.days[index] ?? "")),
    };
  });
  return html`<h3>Which columns moved when</h3>
  <p class="note">How many times what is usual from day to day a column was off, with its direction. Empty: it did not move.</p>
  ${renderHeatMap({ label: "Shift by column and day", days: table.days, day, rows })}`;
}

function renderShiftCell(shift: FeatureShift | null, name: string, day: string): SafeHtml {
  if (shift === null) return html`<td class="none"></td>`;
  const size = Math.abs(shift.deviations);
  const strength = size >= 8 ? 3 : size >= 4 ? 2 : 1;
  const isUp = shift.deviations > 0;
  const figure = `${isUp ? "+" : "−"}${size < 99.5 ? size.toFixed(0) : "99"}`;
  return html`<td class="${isUp ? "up" : "down"} s${strength}" title="${name}, ${labelDay(day, null).long}: ${describeMove(shift)}">${figure}</td>`;
}
