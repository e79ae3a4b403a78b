/** Places for the charts; the browser draws them from the API. Holds no data. */
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import { type PageRange, pageRanges } from "./page-range.ts";
import { turbineHref } from "./turbine-section.ts";

/** A turbine to chart. */
export interface ChartSubject {
  readonly site: string;
  readonly turbine: string;
}

/** More charts than this are slower than they are useful; the rest have their own pages. */
const maxCharts = 12;

/** Renders the panel. `kind` is `overview` for small charts of many turbines. */
export function renderCharts(
  subjects: readonly ChartSubject[],
  range: PageRange,
  kind: "overview" | "single",
): SafeHtml {
  const shown = subjects.slice(0, maxCharts);
  const body =
    shown.length === 0
      ? renderEmpty("Charts appear with the first predictions.")
      : html`${renderRanges(range)}
    <div class="charts ${kind}">${shown.map((subject) => renderFigure(subject, range, kind))}</div>
    <noscript><p class="empty">The charts need JavaScript. Their numbers are at <a href="/api/v1/openapi.json">/api/v1/predictions</a>.</p></noscript>
    <p class="note">Line: mean of the calibrated probability in each step. Shade: up to its maximum. Dashes: the model raises an alarm. Drag to zoom, double-click to go back.${subjects.length > shown.length ? ` The first ${shown.length} of ${subjects.length} turbines.` : ""}</p>`;
  return renderPanel({ id: "charts", title: "Fault probability over time", live: "still", body });
}

function renderRanges(range: PageRange): SafeHtml {
  return html`<nav class="ranges" aria-label="Time range">${pageRanges.map(
    ({ name, title }) =>
      html`<a href="?range=${name}" ${name === range.name ? html`aria-current="true"` : null}>${title}</a>`,
  )}</nav>`;
}

function renderFigure({ site, turbine }: ChartSubject, range: PageRange, kind: string): SafeHtml {
  const id = `chart-${site}-${turbine}`;
  return html`<figure class="chart" id="${id}" data-chart="${kind}" data-site="${site}" data-turbine="${turbine}" data-minutes="${range.minutes}" data-fit="${range.fit}">
  <figcaption>${kind === "overview" ? html`<a href="${turbineHref(site, turbine)}">${turbine}</a> <span class="site">${site}</span>` : "Calibrated probability"}</figcaption>
  <div class="plot" role="img" aria-label="Fault probability of turbine ${turbine} over the last ${range.title}"><p class="empty">Loading …</p></div>
</figure>`;
}
