/**
 * How well models decide, as far as that can be known: what confirmed outcomes say, and what their own probabilities make one
 * expect, with the assumption beside it. Where that is broken it says why nothing is estimated.
 */
import type {
  DriftPerformanceReply,
  PointPerformanceReply,
} from "../../core/contract/drift-performance-schema.ts";
import {
  describeEstimate,
  describeOutcomes,
  nameModel,
  performanceScope,
  sortPerformance,
} from "../../core/drift/performance-words.ts";
import { labelDay } from "./heat-map.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderPanel } from "./page-layout.ts";
import { capitalise, formatCount, formatName, turbineHref } from "./page-words.ts";

/** Points that are shown one by one; of those that nothing is estimated of some are named for each reason. */
const shownPoints = 10;
const namedPoints = 6;

/** Renders the panel; nothing where there is nothing to be said. */
export function renderPerformanceSection(view: DriftPerformanceReply): SafeHtml | null {
  const { day, assumption, models, points } = view;
  if (points.length === 0 && models.length === 0) return null;
  const { estimated, silent } = sortPerformance(view);
  const body = html`${models.length === 0 ? html`<p class="why">Nobody has confirmed an outcome yet.</p>` : html`<ul class="quiet">${models.map((model) => html`<li><b>${nameModel(model, view)}</b> <span class="why">${capitalise(describeOutcomes(model))}</span></li>`)}</ul>`}
  ${estimated.length === 0 ? null : html`<ul class="quiet">${estimated.slice(0, shownPoints).map((point) => html`<li>${renderPoint(point)} <span class="why">${capitalise(describeEstimate(point))}</span></li>`)}</ul>`}
  ${estimated.length > shownPoints ? html`<p class="note">The ${shownPoints} of ${formatCount(estimated.length)} estimated points that may be worst. The others are on their turbines' pages.</p>` : null}
  ${silent.map(({ reason, points: ofReason }) => html`<p class="why">Nothing is estimated of ${ofReason.slice(0, namedPoints).map((point, index) => html`${index === 0 ? "" : ", "}${renderPoint(point)}`)}${ofReason.length > namedPoints ? ` and ${formatCount(ofReason.length - namedPoints)} more` : null}: ${reason}.</p>`)}
  ${estimated.length === 0 ? null : html`<p class="note">${assumption} ${performanceScope}</p>`}`;
  return renderPanel({
    id: "performance",
    title: "How well the models decide",
    note: `${labelDay(day, null).long}: an estimate, and no measurement`,
    live: "live",
    body,
  });
}

function renderPoint({ site, turbine, component }: PointPerformanceReply): SafeHtml {
  return html`<a href="${turbineHref(site, turbine)}">${turbine}</a> ${formatName(component).toLowerCase()}`;
}
