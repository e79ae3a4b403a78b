/** One turbine on one page. */

import type { TurbineState } from "../../core/contract/turbine-state.ts";
import type { FailureTitles, TurbinePage } from "../fleet/load-pages.ts";
import type { TurbineView } from "../fleet/load-turbines.ts";
import { renderAlerts } from "./alert-section.ts";
import { type PageRange, renderCharts } from "./chart-section.ts";
import { renderDrift } from "./drift-section.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderLayout, renderPanel } from "./page-layout.ts";
import {
  formatCount,
  formatName,
  formatSeverity,
  formatShare,
  formatUtc,
  renderAgo,
  renderHealth,
  titleOf,
} from "./page-words.ts";

type Baseline = NonNullable<TurbineState["baselines"]>[number];

/** Renders `/turbine/<site>/<turbine>`. */
export function renderTurbinePage(page: TurbinePage, range: PageRange): SafeHtml {
  const { turbine: view, titles, nowMs } = page;
  const { site, turbine } = view;
  const body = html`<h1 class="hidden">Turbine ${turbine}</h1>
${renderNow(view, titles, nowMs)}
${renderBaselines(view.state)}
${renderAlerts(page.alarms, titles, nowMs)}
${renderCharts([view], range, "single")}
${renderDrift(page.drift)}
${renderQuality(view)}`;
  return renderLayout({ title: `Turbine ${turbine}`, nowMs, trail: [`${turbine}, ${site}`], body });
}

function renderNow(view: TurbineView, titles: FailureTitles, nowMs: number): SafeHtml {
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
  <tbody>${scores.map((score) => html`<tr><th scope="row">${formatName(score.component)}</th><td>${titleOf(titles, score.failureMode)}</td><td class="number">${formatShare(score.probability)}</td><td class="nowrap">${formatUtc(Date.parse(score.time))}</td></tr>`)}</tbody></table></div>`
}`;
  return renderPanel({ id: "now", title: `Turbine ${view.turbine}`, note: view.site, live: "live", body });
}

/**
 * How loud the components are against their own healthy past, and how far that past is known; null for a turbine whose
 * models know no baselines.
 */
export function renderBaselines(state: TurbineState | null | undefined): SafeHtml | null {
  const baselines = state?.baselines ?? [];
  if (baselines.length === 0) return null;
  const body = html`<table><thead><tr><th scope="col">Component</th><th scope="col">Healthy baseline</th><th scope="col" class="number">Severity</th></tr></thead>
  <tbody>${baselines.map((baseline) => html`<tr><th scope="row">${formatName(baseline.component)}</th><td>${describeBaseline(baseline)}</td><td class="number">${formatSeverity(baseline.severityDb)}</td></tr>`)}</tbody></table>
<p class="note">Severity is in decibels above the component's own healthy level: 0 as when it was new, 6 twice the amplitude.</p>`;
  return renderPanel({ id: "baselines", title: "Condition", live: "live", body });
}

function describeBaseline({ state, version, windows, suspicions }: Baseline): SafeHtml {
  const words =
    state === "ready"
      ? `version ${version}, of ${formatCount(windows)} windows`
      : `being learnt, ${formatCount(windows)} windows so far`;
  return suspicions.length === 0
    ? html`${words}`
    : html`${words} <span class="why">perhaps not healthy then: ${suspicions.join("; ")}</span>`;
}

function renderQuality(view: TurbineView): SafeHtml {
  const quality = view.state?.dataQuality;
  const reasons = Object.entries(quality?.quarantinedByReason ?? {}).filter(([, count]) => count > 0);
  const body =
    quality === undefined
      ? renderEmpty("Nothing is known of its data yet.")
      : html`<p>${formatCount(quality.windowsProcessed)} windows were decided and ${formatCount(quality.windowsQuarantined)} set aside since the gateway started.</p>
  ${
    reasons.length === 0
      ? renderEmpty("No reading broke the data contract.")
      : html`<table><thead><tr><th scope="col">Set aside because of</th><th scope="col" class="number">Times</th></tr></thead>
    <tbody>${reasons.map(([reason, count]) => html`<tr><th scope="row">${formatName(reason)}</th><td class="number">${formatCount(count)}</td></tr>`)}</tbody></table>`
  }`;
  return renderPanel({ id: "quality", title: "Data quality", live: "live", body });
}
