/** Places for the charts, and their time range; the browser draws them from the API. Holds no data. */
import type { TurbineView } from "../fleet/load-turbines.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import { turbineHref } from "./page-words.ts";

type ChartSubject = Pick<TurbineView, "site" | "turbine">;

/** More charts than this are slower than they are useful; the rest have their own pages. */
const maxCharts = 12;

/** The ranges to choose from; the address says `?range=1h`. */
const pageRanges: readonly {
  readonly name: string;
  readonly title: string;
  readonly minutes: number;
}[] = [
  { name: "5m", title: "5 min", minutes: 5 },
  { name: "1h", title: "1 h", minutes: 60 },
  { name: "6h", title: "6 h", minutes: 360 },
  { name: "24h", title: "24 h", minutes: 1_440 },
  { name: "7d", title: "7 d", minutes: 10_080 },
];

/** A range, and whether the reader asked for it. */
export type PageRange = (typeof pageRanges)[number] & {
  /** `shrink`: nobody asked, so a chart may begin where its data begins. */
  readonly fit: "exact" | "shrink";
};

/** A range on a page that may be shown with another one. */
type LinkedRange = PageRange & {
  /** Address of the same page with another range. */
  readonly addressOf: (range: string) => string;
};

/** The range of a page's query; anything unknown means the default, an hour. */
export function parsePageRange(query: unknown): PageRange {
  const name = (query as { readonly range?: unknown } | null)?.range;
  const asked = pageRanges.find((range) => range.name === name);
  return asked === undefined ? { ...pageRanges[1]!, fit: "shrink" } : { ...asked, fit: "exact" };
}

/** Renders the panel. `kind` is `overview` for small charts of many turbines. */
export function renderCharts(
  subjects: readonly ChartSubject[],
  range: LinkedRange,
  kind: "overview" | "single",
): SafeHtml {
  const shown = subjects.slice(0, maxCharts);
  const body =
    shown.length === 0
      ? renderEmpty("Charts appear with the first predictions.")
      : html`${renderRanges(range)}
    <div class="charts ${kind}">${shown.map((subject) => renderFigure(subject, range, kind))}</div>
    <noscript><p class="empty">The charts need JavaScript. Their numbers are at <a href="/api/v1/openapi.json">/api/v1/predictions</a>.</p></noscript>
    <p class="note">Line: mean risk in each step, how likely the fault is, given the evidence and how rare such faults are on the site. Shade: up to its maximum. Grey ground: the component was learning, and no risk is known. A grey line is what the model of an older gateway says alone: it may be high on a healthy machine. Drag to zoom, double-click to go back.${subjects.length > shown.length ? ` The first ${shown.length} of ${subjects.length} turbines.` : ""}</p>`;
  return renderPanel({ id: "charts", title: "Risk over time", live: "still", body });
}

function renderRanges(range: LinkedRange): SafeHtml {
  return html`<nav class="ranges" aria-label="Time range">${pageRanges.map(
    ({ name, title }) =>
      html`<a href="${range.addressOf(name)}#charts" ${name === range.name ? html`aria-current="true"` : null}>${title}</a>`,
  )}</nav>`;
}

function renderFigure({ site, turbine }: ChartSubject, range: PageRange, kind: string): SafeHtml {
  return html`<figure class="chart" data-chart="${kind}" data-site="${site}" data-turbine="${turbine}" data-minutes="${range.minutes}" data-fit="${range.fit}">
  <figcaption>${kind === "overview" ? html`<a href="${turbineHref(site, turbine)}">${turbine}</a> <span class="site">${site}</span>` : "Risk by failure mode"}</figcaption>
  <div class="plot" role="img" aria-label="Risk of turbine ${turbine} over the last ${range.title}"></div>
</figure>`;
}
