/** What all pages have around them. Links scripts and styles, holds none. */
import { type HtmlValue, html, type SafeHtml } from "./html.ts";
import { formatUtc } from "./page-words.ts";
import { staticFolder } from "./static-files.ts";

interface PageContent {
  readonly title: string;
  /** Alarms that stand, told in the title. Absent: none, or the page is not about them. */
  readonly alarms?: number;
  /** When it was made; null for a page that is not renewed. */
  readonly nowMs: number | null;
  /** Since when the collector hears of no gateway; null: it does, or that is not known. Absent: null. */
  readonly brokerLostMs?: number | null;
  /** Where one is, after the fleet. */
  readonly trail: readonly string[];
  readonly body: HtmlValue;
}

export function renderLayout(page: PageContent): SafeHtml {
  const { brokerLostMs = null, alarms = 0, nowMs } = page;
  return html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${alarms > 0 ? `(${alarms}) ` : null}${page.title} · aurora-edge</title>
<link rel="stylesheet" href="${staticFolder}/uplot.css">
<link rel="stylesheet" href="${staticFolder}/page.css">
<link rel="stylesheet" href="${staticFolder}/drift.css">
<link rel="icon" type="image/svg+xml" href="${staticFolder}/icon.svg">
<script type="module" src="${staticFolder}/page.client.js"></script>
</head>
<body data-alarms="${alarms}">
<a class="skip" href="#main">Skip to content</a>
<header class="top">
  <div class="brand">
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="11" r="2"></circle><path d="M12 9V1.5M13.7 12l6.5 3.8M10.3 12l-6.5 3.8M12 13.5V23"></path></svg>
    <nav aria-label="Where you are"><ol class="trail">
      <li><a href="/">aurora-edge fleet</a></li>
      ${page.trail.map((name) => html`<li aria-current="page">${name}</li>`)}
    </ol></nav>
  </div>
  ${nowMs === null ? null : renderClock(nowMs, brokerLostMs !== null)}
</header>
<div id="broker" data-live>${
    brokerLostMs === null
      ? null
      : html`<div class="lost" role="alert">This collector has no connection to its broker since ${formatUtc(brokerLostMs)} UTC. Whether gateways run is not known here; they keep what they have to tell.</div>`
  }</div>
${nowMs === null ? null : renderNotices(nowMs)}
<main id="main" tabindex="-1">${page.body}</main>
<footer>All times are UTC. <a href="/api/v1/openapi.json">API</a> · <a href="/metrics">Metrics</a></footer>
</body>
</html>
`;
}

/** Says `Live` only while the script keeps the page fresh. */
function renderClock(nowMs: number, isDeaf: boolean): SafeHtml {
  return html`<p class="clock" id="clock" data-live>
    ${isDeaf ? "Without its broker ·" : html`<span class="when-live"><span class="beat" aria-hidden="true"></span>Live ·</span><span class="when-still">As of</span>`} <time datetime="${new Date(nowMs).toISOString()}">${formatUtc(nowMs)}</time> UTC
  </p>`;
}

/** That the page is not fresh any more, and what the script says of new alerts. */
function renderNotices(nowMs: number): SafeHtml {
  return html`<noscript><p class="still">Without JavaScript this page stays as it was made. Reload it to see how things are now.</p></noscript>
<div id="lost" class="lost" role="alert" hidden>The collector does not answer as it should. What you see is as of <span id="lost-since">${formatUtc(nowMs)}</span> UTC.</div>
<p id="news" class="hidden" role="status"></p>`;
}

/** A section with a heading; the page renews `live` ones as a whole. */
export function renderPanel(panel: {
  readonly id: string;
  readonly title: string;
  readonly note?: HtmlValue;
  readonly live: "live" | "still";
  readonly body: HtmlValue;
}): SafeHtml {
  return html`<section class="panel" id="${panel.id}" aria-labelledby="${panel.id}-title" ${panel.live === "live" ? html`data-live` : null}>
  <header><h2 id="${panel.id}-title">${panel.title}</h2>${panel.note === undefined ? null : html`<p class="note">${panel.note}</p>`}</header>
  ${panel.body}
</section>
`;
}

/** A list that is empty, in words. */
export function renderEmpty(words: string): SafeHtml {
  return html`<p class="empty">${words}</p>`;
}
