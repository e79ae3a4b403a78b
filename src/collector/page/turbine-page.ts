/** One turbine on one page. */

import type { FleetView } from "../fleet/fleet-view.ts";
import type { TurbineView } from "../fleet/turbine-view.ts";
import { renderAlerts } from "./alert-section.ts";
import { renderBaselines } from "./baseline-section.ts";
import { renderCharts } from "./chart-section.ts";
import { renderDrift } from "./drift-section.ts";
import { formatCount, formatName, formatShare, formatTime } from "./format-words.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderLayout, renderPanel } from "./page-layout.ts";
import type { PageRange } from "./page-range.ts";
import { renderHealth } from "./state-badges.ts";
import { renderAgo } from "./turbine-section.ts";

const shownAlarms = 50;

/** Renders `/turbine/<site>/<turbine>`, or null when there is no such turbine. */
export function renderTurbinePage(
  fleet: FleetView,
  subject: { readonly site: string; readonly turbine: string },
  range: PageRange,
): SafeHtml | null {
  const { site, turbine } = subject;
  const view = fleet.turbines().find((other) => other.site === site && other.turbine === turbine);
  if (view === undefined) return null;
  const nowMs = fleet.nowMs;
  const body = html`<h1 class="hidden">Turbine ${turbine}</h1>
${renderNow(view, fleet.titleOf, nowMs)}
${renderBaselines(view.state)}
${renderAlerts(fleet.alarms({ site, turbine, limit: shownAlarms, offset: 0 }), fleet.titleOf, nowMs)}
${renderCharts([subject], range, "single")}
${renderDrift(fleet.drift(subject))}
${renderQuality(view)}`;
  return renderLayout({ title: `Turbine ${turbine}`, nowMs, trail: [`${turbine}, ${site}`], body });
}

function renderNow(view: TurbineView, titleOf: (failureMode: string) => string, nowMs: number): SafeHtml {
  const model = view.state?.model;
  const scores = view.state?.lastScores ?? [];
  const body = html`<dl class="facts">
  <div><dt>Health</dt><dd>${renderHealth(view.health)} ${view.reason === null ? null : html`<span class="why">${view.reason}</span>`}</dd></div>
  <div><dt>Operating state</dt><dd>${formatName(view.operatingState)}</dd></div>
  <div><dt>Last heard of</dt><dd>${renderAgo(view.lastSeenMs, nowMs)}</dd></div>
  <div><dt>Gateway</dt><dd>${view.gateway ?? "–"}</dd></div>
  <div><dt>Model</dt><dd>${model === null || model === undefined ? "–" : html`${model.name} ${model.version} <code title="${model.digest}">${model.digest.slice(0, 12)}</code>`}</dd></div>
</dl>
${
  scores.length === 0
    ? renderEmpty("No probability has been published yet.")
    : html`<div class="scroll" tabindex="0" role="region" aria-label="Latest probabilities, table"><table><thead><tr><th scope="col">Component</th><th scope="col">Failure mode</th><th scope="col" class="number">Probability</th><th scope="col">At</th></tr></thead>
  <tbody>${scores.map((score) => html`<tr><th scope="row">${formatName(score.component)}</th><td>${titleOf(score.failureMode)}</td><td class="number">${formatShare(score.probability)}</td><td class="nowrap">${formatTime(Date.parse(score.time))}</td></tr>`)}</tbody></table></div>`
}`;
  return renderPanel({ id: "now", title: `Turbine ${view.turbine}`, note: view.site, live: "live", body });
}

function renderQuality(view: TurbineView): SafeHtml {
  const quality = view.state?.dataQuality;
  const reasons = Object.entries(quality?.quarantinedByReason ?? {}).filter(([, count]) => count > 0);
  const body =
    quality === undefined
      ? renderEmpty("Nothing is known of its data yet.")
      : html`<p>${formatCount(quality.windowsProcessed)} windows were judged and ${formatCount(quality.windowsQuarantined)} set aside since the gateway started.</p>
  ${
    reasons.length === 0
      ? renderEmpty("No reading broke the data contract.")
      : html`<table><thead><tr><th scope="col">Set aside because of</th><th scope="col" class="number">Times</th></tr></thead>
    <tbody>${reasons.map(([reason, count]) => html`<tr><th scope="row">${formatName(reason)}</th><td class="number">${formatCount(count)}</td></tr>`)}</tbody></table>`
  }`;
  return renderPanel({ id: "quality", title: "Data quality", live: "live", body });
}
