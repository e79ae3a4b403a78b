/**
 * What moved, as cards: in an operator's words first, what speaks for and against it beside, distances between distributions
 * behind a fold.
 */

import type {
  Distance,
  DriftVerdict,
  FeatureDistances,
  FeatureShift,
} from "../../core/contract/drift-verdict.ts";
import { describeColumn } from "../../core/drift/describe-column.ts";
import {
  causeWords,
  describeDeviations,
  describeLoad,
  describeLoads,
  describeMove,
  describeValues,
  formatThree,
  sinceOf,
} from "../../core/drift/drift-words.ts";
import type { DriftFinding } from "../../core/drift/list-findings.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import { labelDay } from "./heat-map.ts";
import { renderHistogram } from "./histogram.ts";
import { type HtmlValue, html, type SafeHtml } from "./html.ts";
import {
  capitalise,
  formatCount,
  formatName,
  formatUtc,
  renderDriftLevel,
  turbineHref,
} from "./page-words.ts";

/** Points that are named; the others are counted. */
const namedPoints = 8;
/** Components of sites that are named. */
const namedGroups = 3;

/** Renders one finding. `day`: the day that it was found on. */
export function renderFinding(finding: DriftFinding, day: string): SafeHtml {
  const { first, verdicts, level, title } = finding;
  // Names hold no slash, and may hold whatever else an id does.
  const id = `finding-${first.site}/${first.turbine}/${first.component}/${first.modelDigest.slice(0, 8)}`;
  const sinceMs = sinceOf(first);
  const loads = first.shifts[0] === undefined ? null : describeLoads(first.shifts[0]);
  return html`<article class="card drift-card ${level}" aria-label="${title}">
  <header>${renderDriftLevel(level)}<h3>${capitalise(title)}</h3>${renderPlaces(verdicts, day)}</header>
  <dl class="facts">
    ${renderFact("What moves", first.cause === null ? null : capitalise(causeWords[first.cause.kind]))}
    ${renderFact("Since", sinceMs === null ? null : html`<time datetime="${new Date(sinceMs).toISOString()}">${sayStart(sinceMs, first)}</time>`)}
    ${renderFact("Loads", loads === null ? null : capitalise(loads))}
  </dl>
  ${renderEvidence(first)}
  <details id="${id}"><summary>What moved, in figures</summary>${renderFigures(first, id)}</details>
</article>`;
}

function renderFact(name: string, value: HtmlValue): SafeHtml | null {
  return value === null ? null : html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** A day by its date; a shorter period by its moment. */
function sayStart(sinceMs: number, { fromMs, toMs }: DriftVerdict): string {
  if (toMs - fromMs < dayMs) return formatUtc(sinceMs);
  return labelDay(new Date(sinceMs).toISOString().slice(0, 10), null).long;
}

/** Which points, as links: by component and site, the first of each. */
export function renderPlaces(verdicts: readonly DriftVerdict[], day: string): SafeHtml {
  const groups = groupBy(verdicts, ({ component, site }) => JSON.stringify([component, site]));
  const shown = [...groups.values()].slice(0, namedGroups);
  const more = verdicts.length - shown.reduce((sum, group) => sum + group.length, 0);
  return html`<p class="places">${shown.map((group) => {
    const { component, site } = group[0]!;
    const named = group.slice(0, namedPoints);
    const rest = group.length - named.length;
    return html`<span>${formatName(component)} of ${named.map(({ turbine }, index) => html`${index === 0 ? "" : ", "}<a href="${turbineHref(site, turbine)}?day=${encodeURIComponent(day)}#drift">${turbine}</a>`)}${rest > 0 ? ` and ${formatCount(rest)} more` : null} <span class="site">${site}</span></span> `;
  })}${more > 0 ? html`<span>and ${formatCount(more)} more points</span>` : null}</p>`;
}

function renderEvidence({ cause, reason }: DriftVerdict): SafeHtml | null {
  if (cause === null) return reason === null ? null : html`<p class="why">${capitalise(reason)}</p>`;
  return html`<div class="sides">${renderSide("Speaks for it", cause.evidenceFor)}${renderSide("Speaks against it", cause.evidenceAgainst)}</div>`;
}

function renderSide(title: string, lines: readonly string[]): SafeHtml {
  return html`<div><h4>${title}</h4>${lines.length === 0 ? html`<p class="why">Nothing.</p>` : html`<ul>${lines.map((line) => html`<li>${capitalise(line)}</li>`)}</ul>`}</div>`;
}

/** Every column that moved, its distributions, and the distances behind a fold of their own. */
function renderFigures(verdict: DriftVerdict, id: string): SafeHtml {
  const { pValue, rows, referenceDays, modelName, modelVersion, shifts, distances } = verdict;
  const chance =
    pValue === null
      ? null
      : `A day like the reference looks so, or worse, with probability ${formatThree(pValue)}. `;
  return html`<p class="why">${chance}Held against ${formatCount(referenceDays)} days of its own; ${formatCount(rows)} windows or rows of this day; model ${modelName} ${modelVersion}.</p>
  <ul class="shifts">${shifts.map((shift) => renderShift(shift, distances))}</ul>
  ${distances.length === 0 ? null : html`<details id="${id}-distances"><summary>PSI and other distances</summary>${renderDistances(distances)}</details>`}`;
}

function renderShift(shift: FeatureShift, distances: readonly FeatureDistances[]): SafeHtml {
  const bins = distances.find(({ feature }) => feature === shift.feature)?.bins;
  return html`<li><p><b>${capitalise(describeColumn(shift.name, shift.role))}</b>: ${describeMove(shift)} <span class="why">(<code>${shift.name}</code> ${describeValues(shift)}; ${describeDeviations(shift)})</span></p>
  ${shift.loads.length < 2 ? null : renderLoads(shift)}
  ${bins === undefined || shift.aspect === "invalid" ? null : renderHistogram({ name: describeColumn(shift.name, shift.role), ...bins, words: { reference: "its own reference", current: "this day" } })}</li>`;
}

/** One signed bar a load, about a common zero. */
function renderLoads({ loads, role }: FeatureShift): SafeHtml {
  const largest = Math.max(1e-9, ...loads.map(({ shift }) => Math.abs(shift)));
  const unit = role === "level" ? " dB" : "";
  return html`<table class="shares loads"><caption class="hidden">Shift at each load</caption><tbody>${[
    ...loads,
  ]
    .sort((a, b) => a.band - b.band)
    .map((load) => {
      const length = (Math.abs(load.shift) / largest) * 50;
      const start = load.shift < 0 ? 50 - length : 50;
      return html`<tr><th scope="row">${describeLoad(load)}</th><td class="wide"><svg class="bar signed" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect><rect class="moved" x="${start.toFixed(1)}" width="${length.toFixed(1)}" height="8"></rect><rect class="zero" x="49.8" width=".4" height="8"></rect></svg></td><td class="number">${load.shift > 0 ? "+" : ""}${formatThree(load.shift)}${unit}</td></tr>`;
    })}</tbody></table>`;
}

function renderDistances(distances: readonly FeatureDistances[]): SafeHtml {
  return html`<p class="why">How far the day lies from the reference, with 90 % intervals over days. They measure; the verdict does not rest on them.</p>
  <div class="scroll" tabindex="0" role="region" aria-label="Distances, table"><table class="distances"><thead><tr><th scope="col">Column</th><th scope="col" class="number">PSI</th><th scope="col" class="number">Kolmogorov–Smirnov</th><th scope="col" class="number">Wasserstein</th><th scope="col" class="number">Jensen–Shannon</th></tr></thead>
  <tbody>${distances.map(({ name, psi, ks, wasserstein, jensenShannon }) => html`<tr><th scope="row">${name}</th>${[psi, ks, wasserstein, jensenShannon].map((distance) => html`<td class="number">${renderDistance(distance)}</td>`)}</tr>`)}</tbody></table></div>`;
}

function renderDistance({ value, low, high }: Distance): SafeHtml {
  return html`${formatThree(value)} <span class="why">${formatThree(low)} to ${formatThree(high)}</span>`;
}
