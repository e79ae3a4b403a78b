/** Drift on a page of its own: what moved on a day, sites and turbines by day, a part of them at a time. */

import { type DriftRow, rollUpSites, rollUpTurbines } from "../../core/drift/roll-up-days.ts";
import type { DriftPage } from "../fleet/load-drift-pages.ts";
import { cutList, type ListPart } from "../fleet/select-list.ts";
import { describeDay, describeTurbine, hasSites, renderFindings, renderLevels } from "./drift-section.ts";
import { type HeatRow, labelDay, renderHeatMap, renderLevelCell } from "./heat-map.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderLayout, renderPanel } from "./page-layout.ts";
import { formatCount } from "./page-words.ts";
import { renderPerformanceSection } from "./performance-section.ts";

const shownFindings = 24;
/** Turbines on one part of the page. */
const rowsPerPage = 50;

/** Renders `/drift`. */
export function renderDriftPage(page: DriftPage): SafeHtml {
  const { nowMs, brokerLostMs, site, day, table } = page;
  const index = day === null ? -1 : table.days.indexOf(day);
  const where = site === null ? "" : ` of ${site}`;
  const trail = site === null ? ["Drift"] : [`Drift, ${site}`];
  if (day === null || index < 0) {
    const body = renderPanel({ id: "findings", title: `Drift${where}`, live: "live", body: sayNoDay(page) });
    const whole = html`<h1 class="hidden">Drift</h1>${body}`;
    return renderLayout({ title: "Drift", nowMs, brokerLostMs, trail, body: whole });
  }
  const body = html`<h1 class="hidden">Drift${where}</h1>
${renderPanel({
  id: "findings",
  title: `What moved${where}`,
  note: describeDay(page, index),
  live: "live",
  body: renderFindings(page, shownFindings),
})}
${site === null ? renderSites(page, index) : null}
${renderTurbines(page, day, index)}
${renderPerformanceSection(page.performance)}
<p class="note">Drift is told against each machine's own past. How unlike the machines of training a turbine is stands on its own page: information, and no alarm.</p>`;
  return renderLayout({ title: `Drift${where}`, nowMs, brokerLostMs, trail, body });
}

function sayNoDay({ day, site }: DriftPage): SafeHtml {
  const back = html` <a href="/drift">The newest day of the fleet</a>`;
  if (day === null && site === null)
    return renderEmpty(
      "No day has been assessed yet. Each point learns its own reference in its first days.",
    );
  return html`<p class="empty">There is no verdict${site === null ? null : ` of ${site}`}${day === null ? null : ` of ${labelDay(day, null).long}`}.${back}</p>`;
}

/** A row a site, which unfolds on its own page; nothing where there is only one. */
function renderSites(page: DriftPage, index: number): SafeHtml | null {
  const { table, day, warningShare } = page;
  const sites = rollUpSites(table, index, warningShare);
  if (sites.length < 2) return null;
  const rows = sites.map((row) => describeSite(row, page));
  const body = renderHeatMap({
    label: "Drift by site and day",
    days: table.days,
    day,
    rows,
    dayHref: (other) => addressOf({ ...page, day: other, page: 1 }),
  });
  const note = `${sites.length} sites; a figure counts the points that moved`;
  return renderPanel({ id: "sites", title: "Sites", note, live: "live", body });
}

function describeSite({ site, points, levels }: DriftRow, page: DriftPage): HeatRow {
  const href = (day: string): string => addressOf({ site, day, page: 1 });
  return {
    header: html`<a href="${href(page.day ?? "")}">${site}</a> <span class="site">${formatCount(points.length)} points</span>`,
    cells: levels.map((rolled, index) => {
      const day = page.table.days[index]!;
      return renderLevelCell({ ...rolled, name: site, day, href: href(day) });
    }),
  };
}

function renderTurbines(page: DriftPage, day: string, index: number): SafeHtml {
  const { table, site } = page;
  const part = cutList(rollUpTurbines(table, index, page.warningShare), page.page, rowsPerPage);
  const sites = hasSites(table);
  const rows = part.items.map((row) => describeTurbine(row, table.days, sites));
  const query = site === null ? "" : `&site=${encodeURIComponent(site)}`;
  const body = html`${renderLevels({ view: page, day, rows, query })}${renderPager({ ...page, day }, part)}`;
  const from = (part.page - 1) * rowsPerPage;
  const note =
    part.pages === 1
      ? "those that need attention first"
      : `${formatCount(from + 1)} to ${formatCount(from + rows.length)} of ${formatCount(part.total)}, those that need attention first`;
  return renderPanel({ id: "days", title: "Turbines by day", note, live: "live", body });
}

function renderPager(shown: DriftPage, { page, pages }: ListPart<DriftRow>): SafeHtml | null {
  if (pages === 1) return null;
  const link = (to: number, words: string): SafeHtml | null =>
    to < 1 || to > pages ? null : html`<a href="${addressOf({ ...shown, page: to })}#days">${words}</a>`;
  return html`<nav class="ranges pager" aria-label="Parts of the list">${link(page - 1, "Earlier in the list")}<span>Part ${page} of ${pages}</span>${link(page + 1, "Further down the list")}</nav>`;
}

/** Address of a part of a day of a site. */
function addressOf({ site, day, page }: Pick<DriftPage, "site" | "day" | "page">): string {
  const parts = [
    day === null ? null : `day=${encodeURIComponent(day)}`,
    site === null ? null : `site=${encodeURIComponent(site)}`,
    page === 1 ? null : `page=${page}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "/drift" : `/drift?${parts.join("&")}`;
}
