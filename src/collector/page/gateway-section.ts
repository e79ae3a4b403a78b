/** Gateways, models and what happened: the machinery behind the turbines. */

import { cloneAdvice, cloneSigns } from "../../core/contract/clone-words.ts";
import { formatDuration } from "../../core/maths/durations.ts";
import type { ModelView } from "../fleet/load-models.ts";
import type { OverviewPage } from "../fleet/load-pages.ts";
import type { GatewayView } from "../fleet/load-turbines.ts";
import type { ListPart } from "../fleet/select-list.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import {
  capitalise,
  formatBytes,
  formatCount,
  formatUtc,
  renderAgo,
  renderBadge,
  renderUngated,
} from "./page-words.ts";

/** Renders a part of the gateways. @param of what is said of all: how many there are, and the way to other parts */
export function renderGateways(
  part: ListPart<GatewayView>,
  of: { readonly nowMs: number; readonly known: number; readonly pager: SafeHtml | null },
): SafeHtml {
  const body =
    of.known === 0
      ? renderEmpty("No gateway has connected yet. Point one at this collector's broker.")
      : part.total === 0
        ? renderEmpty("No gateway is found by these words.")
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Gateways, table"><table>
  <thead><tr><th scope="col">Gateway</th><th scope="col">Link</th><th scope="col">Version</th><th scope="col" class="number">Up for</th>
    <th scope="col" class="number">Memory</th><th scope="col" class="number">Windows</th><th scope="col" class="number">Set aside</th>
    <th scope="col" class="number">Dropped</th><th scope="col" class="number">Waiting to be sent</th><th scope="col">Last heard of</th></tr></thead>
  <tbody>${part.items.map((gateway) => renderGateway(gateway, of.nowMs))}</tbody></table></div>${of.pager}`;
  return renderPanel({ id: "gateways", title: "Gateways", live: "live", body });
}

function renderGateway(gateway: GatewayView, nowMs: number): SafeHtml {
  const { health } = gateway;
  const link = gateway.reachable
    ? renderBadge("ok", "Online")
    : renderBadge(
        "unknown",
        gateway.reason !== null ? "Not known" : gateway.online === false ? "Offline" : "Silent",
      );
  const clones = gateway.cloned
    ? html` <span title="${capitalise(cloneSigns)} ${cloneAdvice}.">${renderBadge("critical", "Two under this id")}</span>`
    : null;
  const figures =
    health === null
      ? html`<td colspan="6" class="why">no health record yet</td>`
      : html`<td class="number">${formatDuration(health.uptimeMs)}</td><td class="number">${formatBytes(health.rssBytes)}</td>
    <td class="number">${formatCount(health.windowsProcessed)}</td>
    <td class="number" title="${describeReasons(health.quarantined)}">${formatCount(health.windowsQuarantined)}</td>
    <td class="number">${formatCount(health.windowsDropped)}</td><td class="number">${formatCount(health.outboxRecords)} records</td>`;
  return html`<tr><th scope="row">${gateway.gateway}</th><td>${link}${gateway.reason === null ? null : html`<div class="why">${capitalise(gateway.reason)}</div>`}${clones}</td><td>${gateway.version ?? "–"}</td>${figures}<td class="nowrap">${renderAgo(gateway.lastSeenMs, nowMs)}</td></tr>`;
}

function describeReasons(reasons: Readonly<Record<string, number>>): string {
  const entries = Object.entries(reasons).filter(([, count]) => count > 0);
  return entries.length === 0 ? "" : entries.map(([reason, count]) => `${reason}: ${count}`).join(", ");
}

/** Renders the models and what became of their updates. */
export function renderModels(models: readonly ModelView[], updates: OverviewPage["updates"]): SafeHtml {
  const table =
    models.length === 0
      ? renderEmpty("No model is known: no turbine has named one, and no bundle is configured.")
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Models, table"><table class="small"><thead><tr><th scope="col">Model</th><th scope="col">Version</th><th scope="col">Digest</th><th scope="col">In use by</th></tr></thead>
  <tbody>${models.map(
    (
      model,
    ) => html`<tr><th scope="row">${model.title ?? model.name}</th><td>${model.version}${renderUngated(model.ungated)}</td><td class="nowrap"><code title="${model.digest}">${model.digest.slice(0, 12)}</code></td>
    <td>${model.turbineCount === 0 ? "no turbine" : `${model.turbineCount} ${model.turbineCount === 1 ? "turbine" : "turbines"}`}</td></tr>`,
  )}</tbody></table></div>`;
  const steps =
    updates.items.length === 0
      ? renderEmpty("No update has been attempted.")
      : html`<ol class="life">${updates.items.map(
          (update) =>
            html`<li class="${update.step === "refused" || update.step === "reverted" ? "bad" : null}">${renderTime(update)}
            <b>${update.step}</b> ${update.modelName} ${update.fromVersion} → ${update.toVersion}${renderUngated(update.ungated)} on ${update.gateway} <span class="why">${update.detail}</span></li>`,
        )}</ol>`;
  const body = html`${table}<h3>Updates</h3>${steps}`;
  return renderPanel({ id: "models", title: "Models", live: "live", body });
}

/** When it happened: by its sender's clock, or by its arrival where that one cannot be right. */
function renderTime({
  timeMs,
  believedMs,
}: {
  readonly timeMs: number;
  readonly believedMs: number;
}): SafeHtml {
  const doubt =
    believedMs === timeMs ? null : html` title="arrived then; its own clock said ${formatUtc(timeMs)}"`;
  return html`<time datetime="${new Date(believedMs).toISOString()}"${doubt}>${formatUtc(believedMs)}</time>`;
}

/** Renders events, and the messages that were set aside. */
export function renderEvents(
  events: OverviewPage["events"],
  quarantine: OverviewPage["quarantine"],
): SafeHtml {
  const list =
    events.items.length === 0
      ? renderEmpty("Nothing has been reported.")
      : html`<ol class="life">${events.items.map(
          (event) =>
            html`<li>${renderTime(event)} <b>${event.name}</b> ${event.subject} on ${event.gateway} <span class="why">${event.detail}</span></li>`,
        )}</ol>`;
  const setAside =
    quarantine.total === 0
      ? renderEmpty("Every message was understood.")
      : html`<p>${formatCount(quarantine.messages)} ${quarantine.messages === 1 ? "message was" : "messages were"} set aside, and none of them blocked another.</p><ul class="life">${quarantine.items.map(
          (entry) =>
            html`<li><b>${entry.reason}</b> ${formatCount(entry.messages)} × on <code>${entry.topic}</code> <span class="why">${entry.detail}</span></li>`,
        )}</ul>`;
  const body = html`${list}<h3>Messages set aside</h3>${setAside}`;
  return renderPanel({ id: "events", title: "Events", live: "live", body });
}
