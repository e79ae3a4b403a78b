/** The fleet on one page: what needs attention first, then everything else. */

import type { DriftLevel } from "../../core/contract/drift-verdict.ts";
import type { ComponentHealth } from "../../core/contract/turbine-state.ts";
import { isUnknownNow } from "../../core/decision/roll-up-health.ts";
import { countPointsByLevel } from "../../core/drift/roll-up-days.ts";
import type { OverviewPage, OverviewQuery } from "../fleet/load-pages.ts";
import type { GatewayView, TurbineView } from "../fleet/load-turbines.ts";
import { cutList, type ListPart, searchGateways, sortGateways } from "../fleet/select-list.ts";
import { renderAlerts } from "./alert-section.ts";
import { type PageRange, renderCharts } from "./chart-section.ts";
import { renderDrift } from "./drift-section.ts";
import { renderEvents, renderGateways, renderModels } from "./gateway-section.ts";
import { html, type SafeHtml } from "./html.ts";
import { overviewAddress, renderPager, renderSearch } from "./list-controls.ts";
import { renderLayout } from "./page-layout.ts";
import { renderTurbines } from "./turbine-section.ts";

/** Renders `/`. */
export function renderOverviewPage(page: OverviewPage, range: PageRange): SafeHtml {
  const { titles, nowMs, brokerLostMs, query, shown: turbines } = page;
  const gateways = selectGateways(page, query);
  const name = range.fit === "exact" ? range.name : null;
  const pager = renderPager(turbines, {
    what: "turbines",
    anchor: "turbines",
    addressOf: (to) => overviewAddress({ ...query, page: to }, name),
  });
  const gatewayPager = renderPager(gateways, {
    what: "gateways",
    anchor: "gateways",
    addressOf: (to) => overviewAddress({ ...query, gatewayPage: to }, name),
  });
  const alertPager = renderPager(page.alarms, {
    what: "alerts",
    anchor: "alerts",
    addressOf: (to) => overviewAddress({ ...query, alertPage: to }, name),
  });
  const charts = { ...range, addressOf: (other: string) => overviewAddress(query, other) };
  const body = html`<h1 class="hidden">Fleet</h1><a class="skip" href="#turbines">Skip to turbines</a>${renderTiles(page)}
${renderAlerts({ ...page, turbines: page.alarmed, pager: alertPager }, nowMs)}
${page.turbines.length > 1 ? renderSearch(query, name) : null}
${renderTurbines(turbines, titles, { nowMs, known: page.turbines.length, pager })}
${renderCharts(turbines.items, charts, "overview")}
${renderDrift(page.drift)}
${renderGateways(gateways, { nowMs, known: page.gateways.length, pager: gatewayPager })}
<div class="columns">${renderModels(page.models, page.updates)}
${renderEvents(page.events, page.quarantine)}</div>`;
  const alarms = countAlarms(page.alarming);
  return renderLayout({ title: "Fleet", alarms, nowMs, brokerLostMs, trail: [], body });
}

/** Rows of a part. */
const shownGateways = 100;

function selectGateways(
  { gateways }: OverviewPage,
  { q, gatewayPage }: OverviewQuery,
): ListPart<GatewayView> {
  const found = searchGateways(gateways, q);
  return cutList(
    found.length > shownGateways ? sortGateways(found, "urgency") : found,
    gatewayPage,
    shownGateways,
  );
}

function renderTiles({ turbines, gateways, drift, alarming }: OverviewPage): SafeHtml {
  const counts = countTurbines(turbines);
  const active = countAlarms(alarming);
  const reachable = gateways.filter((gateway) => gateway.reachable).length;
  const cloned = gateways.filter((gateway) => gateway.cloned).length;
  const unheard = gateways.find(({ reason }) => reason !== null);
  return html`<section class="tiles" id="tiles" data-live aria-label="Summary">
  ${renderTile({
    title: "Active alerts",
    figure: String(active),
    tone: active > 0 ? "critical" : "calm",
    words: active > 0 ? describeAlarming(alarming, turbines) : "none stands",
  })}
  ${renderTile({
    title: "Turbines",
    figure: String(turbines.length),
    tone: counts.twinned > 0 ? "warning" : counts.unknown + counts.silentAlarming > 0 ? "unknown" : "calm",
    words: describeTurbines(turbines.length, counts),
  })}
  ${renderDriftTile(drift)}
  ${renderTile({
    title: "Gateways reachable",
    figure: `${unheard === undefined ? reachable : "–"} / ${gateways.length}`,
    tone: cloned > 0 ? "warning" : reachable < gateways.length ? "unknown" : "calm",
    words:
      cloned > 0 ? describeClones(cloned) : (unheard?.reason ?? describeGateways(reachable, gateways.length)),
  })}
</section>`;
}

function countAlarms(alarming: OverviewPage["alarming"]): number {
  return alarming.reduce((total, { alarms }) => total + alarms, 0);
}

function renderDriftTile({ day, table }: OverviewPage["drift"]): SafeHtml {
  const title = "Points that drift";
  const index = day === null ? -1 : table.days.indexOf(day);
  if (index < 0) return renderTile({ title, figure: "–", tone: "calm", words: "no day is assessed yet" });
  const levels = countPointsByLevel(table, index);
  const count = (level: DriftLevel): number => levels.get(level) ?? 0;
  const drifted = count("drift");
  const assessed = drifted + count("warning") + count("stable");
  const words = [
    `of ${assessed} assessed on ${day}`,
    ...(count("warning") > 0 ? [`${count("warning")} more warn`] : []),
    ...(count("learning") > 0 ? [`${count("learning")} learning`] : []),
  ].join(", ");
  return renderTile({ title, figure: String(drifted), tone: drifted > 0 ? "warning" : "calm", words });
}

function renderTile(tile: {
  readonly title: string;
  readonly figure: string;
  readonly tone: "calm" | "warning" | "critical" | "unknown";
  readonly words: string;
}): SafeHtml {
  return html`<div class="tile ${tile.tone}"><h2>${tile.title}</h2><p class="tile-figure">${tile.figure}</p><p class="why">${tile.words}</p></div>`;
}

/** An alert of a turbine that is not heard of any more stands all the same, as does one that is out of service. */
function describeAlarming(alarming: OverviewPage["alarming"], turbines: OverviewPage["turbines"]): string {
  const nameOf = ({ site, turbine }: Pick<TurbineView, "site" | "turbine">): string => `${site}/${turbine}`;
  const names = new Set(alarming.map(nameOf));
  const silent = turbines.filter((turbine) => names.has(nameOf(turbine)) && isSilent(turbine)).length;
  return `on ${alarming.length} of ${turbines.length} turbines${describeSilent(silent)}`;
}

/** Is nothing known of it now? */
function isSilent({ components }: TurbineView): boolean {
  return components.every(isUnknownNow);
}

function describeSilent(silent: number): string {
  return silent === 0 ? "" : ` (nothing known now of ${silent})`;
}

interface TurbineCounts {
  readonly good: number;
  readonly learning: number;
  readonly refused: number;
  readonly alarming: number;
  /** Those in alarm of which nothing is known now. */
  readonly silentAlarming: number;
  /** None is in alarm, and nothing is known of one of their components at least. */
  readonly unknown: number;
  /** Nobody watches them any more: they are none of the others. */
  readonly unwatched: number;
  /** Those that several gateways watch. */
  readonly twinned: number;
}

/** Each by its worst component, for all tiles. */
function countTurbines(all: OverviewPage["turbines"]): TurbineCounts {
  const turbines = all.filter(({ unwatchedMs }) => unwatchedMs === null);
  const isAlarming = ({ rolledUp: { health } }: TurbineView): boolean =>
    health === "warning" || health === "critical";
  const count = (...healths: readonly ComponentHealth[]): number =>
    turbines.filter(({ rolledUp }) => healths.includes(rolledUp.health)).length;
  return {
    good: count("good"),
    learning: count("learning"),
    refused: count("refused"),
    alarming: turbines.filter(isAlarming).length,
    silentAlarming: turbines.filter((turbine) => isAlarming(turbine) && isSilent(turbine)).length,
    unknown: count("no-data"),
    unwatched: all.length - turbines.length,
    twinned: turbines.filter(({ twins }) => twins.length > 0).length,
  };
}

function describeTurbines(
  all: number,
  { good, learning, refused, alarming, silentAlarming, unknown, unwatched, twinned }: TurbineCounts,
): string {
  if (all === 0) return "none has reported yet";
  const parts = [`${good} good`];
  if (learning > 0) parts.push(`${learning} learning`);
  if (refused > 0) parts.push(`${refused} whose learning is refused`);
  parts.push(`${alarming} in alarm${describeSilent(silentAlarming)}`, `${unknown} with data missing`);
  if (unwatched > 0) parts.push(`${unwatched} no longer watched`);
  if (twinned > 0) parts.push(`${twinned} watched by several gateways`);
  return parts.join(", ");
}

function describeGateways(reachable: number, all: number): string {
  if (all === 0) return "none has connected yet";
  return reachable < all
    ? "turbines behind the others are unknown"
    : "by their own word, and heard of lately";
}

function describeClones(cloned: number): string {
  return cloned === 1 ? "two speak under one id" : `under ${cloned} ids two gateways speak`;
}
