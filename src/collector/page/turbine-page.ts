/** One turbine on one page. */

import type { TurbinePage } from "../fleet/load-pages.ts";
import type { TurbineView } from "../fleet/load-turbines.ts";
import { renderAlerts } from "./alert-section.ts";
import { type PageRange, renderCharts } from "./chart-section.ts";
import { renderComponents } from "./component-section.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderPager, turbineAddress } from "./list-controls.ts";
import { renderEmpty, renderLayout, renderPanel } from "./page-layout.ts";
import {
  capitalise,
  formatCount,
  formatName,
  renderAgo,
  renderTurbineHealth,
  renderTwins,
  renderUngated,
} from "./page-words.ts";
import { renderPerformanceSection } from "./performance-section.ts";
import { renderTraining } from "./training-section.ts";
import { renderTurbineDrift } from "./turbine-drift-section.ts";

/** Renders `/turbine/<site>/<turbine>`. */
export function renderTurbinePage(page: TurbinePage, range: PageRange): SafeHtml {
  const { turbine: view, titles, nowMs, brokerLostMs } = page;
  const { site, turbine } = view;
  const query = {
    range: range.fit === "exact" ? range.name : null,
    day: page.askedDay,
    alertPage: page.alarms.page,
  };
  const pager = renderPager(page.alarms, {
    what: "alerts",
    anchor: "alerts",
    addressOf: (to) => turbineAddress({ ...query, alertPage: to }),
  });
  const charts = { ...range, addressOf: (other: string) => turbineAddress({ ...query, range: other }) };
  const body = html`<h1 class="hidden">Turbine ${turbine}</h1>
${renderNow(view, nowMs)}
${renderComponents(view, titles, nowMs)}
${renderAlerts({ ...page, turbines: [view], pager }, nowMs)}
${renderCharts([view], charts, "single")}
${renderTurbineDrift(page.drift, (day) => turbineAddress({ ...query, day }))}
${renderPerformanceSection(page.performance)}
${renderDevices(view, nowMs)}
${renderQuality(view)}
${renderTraining(page.training)}`;
  const trail = [`${turbine}, ${site}`];
  return renderLayout({
    title: `Turbine ${turbine}`,
    alarms: page.alarms.active,
    nowMs,
    brokerLostMs,
    trail,
    body,
  });
}

function renderNow(view: TurbineView, nowMs: number): SafeHtml {
  const model = view.state?.model;
  const body = html`<dl class="facts">
  <div><dt>Health</dt><dd>${renderTurbineHealth(view)}</dd></div>
  <div><dt>Operating state</dt><dd>${formatName(view.operatingState)}</dd></div>
  <div><dt>Last heard of</dt><dd>${renderAgo(view.lastSeenMs, nowMs)}</dd></div>
  <div><dt>Gateway</dt><dd>${view.gateway ?? "–"}${renderTwins(view)}</dd></div>
  <div><dt>Model</dt><dd>${model === null || model === undefined ? "–" : html`${model.name} ${model.version} <code title="${model.digest}">${model.digest.slice(0, 12)}</code>${renderUngated(view.modelUngated)}`}</dd></div>
</dl>`;
  return renderPanel({ id: "now", title: `Turbine ${view.turbine}`, note: view.site, live: "live", body });
}

/** What is wrong with the devices that measure on it, and with the sources of its SCADA values; a gateway of before says nothing. */
function renderDevices(view: TurbineView, nowMs: number): SafeHtml | null {
  const { devices, sources = [] } = view.state ?? {};
  if (devices === undefined) return null;
  const diagnosed = [
    ...devices.map(({ device, diagnoses }) => ({ name: device, diagnoses })),
    ...sources.map(({ source, diagnoses }) => ({ name: source, diagnoses })),
  ];
  const body =
    diagnosed.length === 0
      ? renderEmpty("Nothing is wrong with its devices and sources.")
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Devices and sources, table"><table class="small"><thead><tr><th scope="col">Device or source</th><th scope="col">What is wrong</th><th scope="col">What to do</th><th scope="col">Since</th></tr></thead>
    <tbody>${diagnosed.flatMap(({ name, diagnoses }) =>
      diagnoses.map(
        ({ text, cure, sinceMs }) =>
          html`<tr><th scope="row">${name}</th><td>${capitalise(text)}</td><td>${cure}</td><td class="nowrap">${renderAgo(sinceMs, nowMs)}</td></tr>`,
      ),
    )}</tbody></table></div>`;
  return renderPanel({ id: "devices", title: "Devices and sources", live: "live", body });
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
