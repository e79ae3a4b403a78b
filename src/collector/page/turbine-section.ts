/** The table of turbines: what each does, how it is, and when it was last heard of. */

import type { FailureTitles } from "../fleet/load-pages.ts";
import type { TurbineView } from "../fleet/load-turbines.ts";
import type { ListPart } from "../fleet/select-list.ts";
import { renderHighestRisk } from "./component-section.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import {
  capitalise,
  formatCount,
  formatName,
  renderAgo,
  renderTurbineHealth,
  renderTwins,
  renderUngated,
  turbineHref,
} from "./page-words.ts";

/** Renders a part of the turbines. @param of what is said of all: how many there are, and the way to other parts */
export function renderTurbines(
  part: ListPart<TurbineView>,
  titles: FailureTitles,
  of: { readonly nowMs: number; readonly known: number; readonly pager: SafeHtml | null },
): SafeHtml {
  const body =
    of.known === 0
      ? renderEmpty("No turbine has reported yet. Turbines appear here with their gateway's first message.")
      : part.total === 0
        ? renderEmpty("No turbine is found by these words.")
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Turbines, table"><table>
  <thead><tr>
    <th scope="col">Turbine</th><th scope="col">Health</th><th scope="col">Operating state</th>
    <th scope="col" title="How likely the likeliest fault is, given the evidence and how rare such faults are on the site">Highest risk</th><th scope="col" class="number">Windows</th>
    <th scope="col" class="number">Set aside</th><th scope="col">Model</th><th scope="col">Last heard of</th>
  </tr></thead>
  <tbody>${part.items.map((turbine) => renderRow(turbine, titles, of.nowMs))}</tbody>
</table></div>${of.pager}`;
  return renderPanel({ id: "turbines", title: "Turbines", live: "live", body });
}

function renderRow(view: TurbineView, titles: FailureTitles, nowMs: number): SafeHtml {
  const quality = view.state?.dataQuality;
  const model = view.state?.model;
  const { rolledUp } = view;
  // That the only component is healthy is what the badge says.
  const isPlain = rolledUp.health === "good" && view.components.length < 2;
  const [sloppy] = view.state?.devices ?? [];
  const [mute] = view.state?.sources ?? [];
  return html`<tr class="${view.rolledUp.health}">
  <th scope="row"><span class="name"><a href="${turbineHref(view.site, view.turbine)}">${view.turbine}</a> <span class="site">${view.site}</span></span></th>
  <td>${renderTurbineHealth(view)}${renderTwins(view)}${isPlain ? null : html`<div class="why">${capitalise(rolledUp.reason)}</div>`}${sloppy === undefined ? null : html`<div class="why">Device ${sloppy.device}: ${sloppy.diagnoses[0]?.text}</div>`}${mute === undefined ? null : html`<div class="why">Source ${mute.source}: ${mute.diagnoses[0]?.text}</div>`}</td>
  <td>${formatName(view.operatingState)}</td>
  <td>${renderHighestRisk(view, titles)}</td>
  <td class="number">${quality === undefined ? "–" : formatCount(quality.windowsProcessed)}</td>
  <td class="number">${quality === undefined ? "–" : formatCount(quality.windowsQuarantined)}</td>
  <td>${model === null || model === undefined ? "–" : html`<span class="name">${model.name} ${model.version}</span>${renderUngated(view.modelUngated)}`}</td>
  <td class="nowrap">${renderAgo(view.lastSeenMs, nowMs)}</td>
</tr>`;
}
