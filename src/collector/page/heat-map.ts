/**
 * Something day by day as a table: a row a turbine, site or column, a column a day. A cell is a mark, words and a colour; days
 * on which nothing moved are quiet. Orders nothing.
 */

import { type DriftLevel, driftLevels } from "../../core/contract/drift-verdict.ts";
import { isMoved } from "../../core/drift/drift-level.ts";
import { driftLevelWords } from "../../core/drift/drift-words.ts";
import { type HtmlValue, html, type SafeHtml } from "./html.ts";

export interface HeatRow {
  readonly header: HtmlValue;
  /** Table cells, one a day: {@link renderLevelCell}. */
  readonly cells: readonly SafeHtml[];
  /** `all`: the row tells of the others. */
  readonly tone?: "all";
}

interface HeatMap {
  /** What the table shows, for whoever hears it. */
  readonly label: string;
  /** As the programming interface names them, increasing. */
  readonly days: readonly string[];
  /** The day that the page speaks of; null: of none. */
  readonly day: string | null;
  readonly rows: readonly HeatRow[];
  /** Address of a day's own page. */
  readonly dayHref?: (day: string) => string;
}

/** One day of one row. */
interface LevelCell {
  readonly level: DriftLevel | null;
  /** Whose level it is. */
  readonly name: string;
  readonly day: string;
  /** How many are at that level; left out: the row is one. */
  readonly count?: number;
  /** No more than chance brings about, and so shown without its colour. */
  readonly isExpected?: boolean;
  /** Where more is said of it. */
  readonly href?: string;
}

/** Marks of the levels; a stable day has none. */
const marks: Readonly<Record<DriftLevel, string>> = {
  learning: "◐",
  paused: "–",
  insufficient: "·",
  stable: "",
  warning: "▲",
  drift: "◆",
};

/** Renders the table; it scrolls sideways where it is too wide, and begins at its newest day. */
export function renderHeatMap(map: HeatMap): SafeHtml {
  return html`<div class="scroll newest" tabindex="0" role="region" aria-label="${map.label}, table"><table class="heat">
  <thead><tr><td></td>${map.days.map((day, index) => renderDay(map, day, index))}</tr></thead>
  <tbody>${map.rows.map(({ header, cells, tone }) => html`<tr${tone === undefined ? null : html` class="${tone}"`}><th scope="row">${header}</th>${cells}</tr>`)}</tbody>
</table></div>`;
}

function renderDay({ day: chosen, dayHref, days }: HeatMap, day: string, index: number): SafeHtml {
  const { top, short, long } = labelDay(day, days[index - 1] ?? null);
  const words = html`<small>${top}</small>${short}`;
  const href = dayHref?.(day);
  return html`<th scope="col" title="${long}"${day === chosen ? html` aria-current="date"` : null}>${href === undefined ? words : html`<a href="${href}" aria-label="${long}">${words}</a>`}</th>`;
}

export function renderLevelCell({ level, name, day, count, href, isExpected }: LevelCell): SafeHtml {
  if (level === null) return html`<td class="none"><span class="hidden">no verdict</span></td>`;
  const words = count === undefined ? driftLevelWords[level] : `${count} ${driftLevelWords[level]}`;
  const mark = count !== undefined && isMoved(level) ? formatBrief(count) : marks[level];
  const shown = html`<span aria-hidden="true">${mark}</span><span class="hidden">${words}</span>`;
  const title = `${name}, ${labelDay(day, null).long}: ${words}`;
  return html`<td class="${isExpected === true ? "stable few" : level}" title="${title}">${href === undefined ? shown : html`<a href="${href}">${shown}</a>`}</td>`;
}

/** A count within the width of a cell. */
function formatBrief(count: number): string {
  return count < 1_000 ? String(count) : `${Math.floor(count / 1_000)}k`;
}

/** What the marks mean, of the levels that are there. */
export function renderHeatLegend(levels: ReadonlySet<DriftLevel | null>): SafeHtml {
  const shown = [...driftLevels].reverse().filter((level) => levels.has(level));
  return html`<ul class="heat-legend" aria-hidden="true">${shown.map(
    (level) => html`<li><span class="swatch ${level}">${marks[level]}</span> ${driftLevelWords[level]}</li>`,
  )}${levels.has(null) ? html`<li><span class="swatch none"></span> no verdict</li>` : null}</ul>`;
}

/** How a day is said at the head of a column, after the one before it, and in full. A period that is no day is said by its time. */
export function labelDay(
  day: string,
  before: string | null,
): { readonly top: string; readonly short: string; readonly long: string } {
  const timeMs = Date.parse(day);
  if (Number.isNaN(timeMs)) return { top: "", short: day, long: day };
  const date = new Date(timeMs);
  if (day.length > 10) {
    const iso = date.toISOString();
    // Hours above minutes, or both above seconds.
    const cut = day.length > 17 ? 16 : 13;
    const isSame = before?.slice(0, cut) === day.slice(0, cut);
    const long = `${iso.slice(0, 10)} ${iso.slice(11, cut + 3)}`;
    return { top: isSame ? "" : iso.slice(11, cut), short: iso.slice(cut, cut + 3), long };
  }
  // A cell each says its day: formatting dates by locale would be most of a page's time. As `Thu, 01 Jan 2026 00:00:00 GMT`.
  const said = date.toUTCString();
  const weekday = said.slice(0, 3);
  const isSameMonth = before?.slice(0, 7) === day.slice(0, 7);
  const top = isSameMonth ? weekday.slice(0, 2) : said.slice(8, 11);
  return { top, short: String(date.getUTCDate()), long: `${weekday} ${day}` };
}
