/** The fleet on one page: what needs attention first, then everything else. */

import type { FleetView } from "../fleet/fleet-view.ts";
import { renderAlerts } from "./alert-section.ts";
import { renderCharts } from "./chart-section.ts";
import { renderDrift } from "./drift-section.ts";
import { renderEvents, renderGateways, renderModels } from "./gateway-section.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderLayout } from "./page-layout.ts";
import type { PageRange } from "./page-range.ts";
import { renderTurbines } from "./turbine-section.ts";

const shownAlarms = 12;
const shownEvents = 15;

/** Renders `/`. */
export function renderOverviewPage(fleet: FleetView, range: PageRange): SafeHtml {
  const nowMs = fleet.nowMs;
  const turbines = fleet.turbines();
  const gateways = fleet.gateways();
  const alarms = fleet.alarms({ limit: shownAlarms, offset: 0 });
  const drift = fleet.drift({});
  const page = { limit: shownEvents, offset: 0 };
  const drifted = drift.points.filter((point) => point.level === "drift").length;
  const judged = drift.points.filter((point) => point.level !== "insufficient").length;
  const alarming = turbines.filter((turbine) => turbine.health === "alarm").length;
  const unknown = turbines.filter((turbine) => turbine.health === "information-unavailable").length;
  const active = fleet.alarms({ active: true, limit: 1, offset: 0 }).total;
  const reachable = gateways.filter((gateway) => gateway.reachable).length;
  const tiles = html`<section class="tiles" id="tiles" data-live aria-label="Summary">
  ${renderTile("Active alerts", String(active), active > 0 ? "critical" : "calm", active > 0 ? `on ${alarming} of ${turbines.length} turbines` : "none stands")}
  ${renderTile("Turbines", String(turbines.length), unknown > 0 ? "unknown" : "calm", describeTurbines(turbines.length, alarming, unknown))}
  ${renderTile("Points that drift", String(drifted), drifted > 0 ? "warning" : "calm", `of ${judged} judged on ${drift.day}`)}
  ${renderTile("Gateways reachable", `${reachable} / ${gateways.length}`, reachable < gateways.length ? "unknown" : "calm", describeGateways(reachable, gateways.length))}
</section>`;
  const body = html`<h1 class="hidden">Fleet</h1>${tiles}
${renderAlerts(alarms, fleet.titleOf, nowMs)}
${renderTurbines(turbines, fleet.titleOf, nowMs)}
${renderCharts(turbines, range, "overview")}
${renderDrift(drift)}
${renderGateways(gateways, nowMs)}
<div class="columns">${renderModels(fleet.models(), fleet.updates(page))}
${renderEvents(fleet.events(page), fleet.quarantine(shownEvents))}</div>`;
  return renderLayout({ title: "Fleet", nowMs, trail: [], body });
}

function renderTile(title: string, figure: string, tone: string, words: string): SafeHtml {
  return html`<div class="tile ${tone}"><h2>${title}</h2><p class="tile-figure">${figure}</p><p class="why">${words}</p></div>`;
}

function describeTurbines(all: number, alarming: number, unknown: number): string {
  if (all === 0) return "none has reported yet";
  return `${all - alarming - unknown} without alarm, ${alarming} in alarm, ${unknown} unavailable`;
}

function describeGateways(reachable: number, all: number): string {
  if (all === 0) return "none has connected yet";
  return reachable < all
    ? "turbines behind the others are unknown"
    : "by their own word, and heard of lately";
}
