/** The table of turbines: what each does, how it is, and when it was last heard of. */

import type { FailureTitles } from "../fleet/load-pages.ts";
import type { TurbineView } from "../fleet/load-turbines.ts";
import { type HtmlValue, html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import {
  formatCount,
  formatName,
  formatShare,
  renderAgo,
  renderHealth,
  titleOf,
  turbineHref,
} from "./page-words.ts";

/** Rows shown at once, those that need attention first. */
const shownTurbines = 300;
const urgency: readonly TurbineView["health"][] = ["alarm", "information-unavailable", "ok"];

export function renderTurbines(
  turbines: readonly TurbineView[],
  titles: FailureTitles,
  nowMs: number,
): SafeHtml {
  const many = turbines.length > shownTurbines;
  const shown = many
    ? [...turbines]
        .sort((a, b) => urgency.indexOf(a.health) - urgency.indexOf(b.health))
        .slice(0, shownTurbines)
    : turbines;
  const body =
    turbines.length === 0
      ? renderEmpty("No turbine has reported yet. Turbines appear here with their gateway's first message.")
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Turbines, table"><table>
  <thead><tr>
    <th scope="col">Turbine</th><th scope="col">Health</th><th scope="col">Operating state</th>
    <th scope="col" title="Of one window alone; an alarm asks for several">Last window's highest fault probability</th><th scope="col" class="number">Windows</th>
    <th scope="col" class="number">Set aside</th><th scope="col">Model</th><th scope="col">Last heard of</th>
  </tr></thead>
  <tbody>${shown.map((turbine) => renderRow(turbine, titles, nowMs))}</tbody>
</table></div>${many ? html`<p class="note">${shownTurbines} of ${turbines.length}, those that need attention first; <a href="/api/v1/turbines?limit=500">all of them</a>.</p>` : null}`;
  return renderPanel({ id: "turbines", title: "Turbines", live: "live", body });
}

function renderRow(view: TurbineView, titles: FailureTitles, nowMs: number): SafeHtml {
  const quality = view.state?.dataQuality;
  const model = view.state?.model;
  return html`<tr class="${view.health}">
  <th scope="row" class="nowrap"><a href="${turbineHref(view.site, view.turbine)}">${view.turbine}</a> <span class="site">${view.site}</span></th>
  <td>${renderHealth(view.health)}${view.reason === null ? null : html`<div class="why">${view.reason}</div>`}</td>
  <td>${formatName(view.operatingState)}</td>
  <td>${renderHighest(view, titles)}</td>
  <td class="number">${quality === undefined ? "–" : formatCount(quality.windowsProcessed)}</td>
  <td class="number">${quality === undefined ? "–" : formatCount(quality.windowsQuarantined)}</td>
  <td>${model === null || model === undefined ? "–" : html`<span class="nowrap">${model.name} ${model.version}</span>`}</td>
  <td class="nowrap">${renderAgo(view.lastSeenMs, nowMs)}</td>
</tr>`;
}

function renderHighest(view: TurbineView, titles: FailureTitles): HtmlValue {
  const scores = view.health === "information-unavailable" ? [] : (view.state?.lastScores ?? []);
  const highest = scores.reduce<(typeof scores)[number] | null>(
    (best, score) => (best === null || score.probability > best.probability ? score : best),
    null,
  );
  if (highest === null) return "–";
  const { probability, failureMode, component } = highest;
  return html`<div class="meter">${renderMeter(probability, view.health === "alarm" ? "critical" : "calm")}
    <b>${formatShare(probability)}</b></div><div class="why">${titleOf(titles, failureMode)}, ${formatName(component).toLowerCase()}</div>`;
}

/** A bar from 0 to 1. */
function renderMeter(share: number, tone: "critical" | "calm"): SafeHtml {
  const width = (Math.min(1, Math.max(0, share)) * 100).toFixed(1);
  return html`<svg class="bar ${tone}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect><rect class="fill" width="${width}" height="8"></rect></svg>`;
}
