/**
 * A turbine's components: how each is and why, how likely each of its faults is at the site's prior, and what its own
 * reference is. What is not known is said to be not known, never 0.
 */
import type { ComponentHealth, TurbineState } from "../../core/contract/turbine-state.ts";
import { isUnknownNow, tellsRisk } from "../../core/decision/roll-up-health.ts";
import type { ComponentView } from "../fleet/describe-components.ts";
import type { FailureTitles } from "../fleet/load-pages.ts";
import type { TurbineView } from "../fleet/load-turbines.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import {
  capitalise,
  formatCount,
  formatName,
  formatRisk,
  formatSeverity,
  renderComponentHealth,
  renderRisk,
  renderSince,
  titleOf,
} from "./page-words.ts";

type Baseline = NonNullable<TurbineState["baselines"]>[number];

/** Renders the panel of a turbine's page. */
export function renderComponents(view: TurbineView, titles: FailureTitles, nowMs: number): SafeHtml {
  const { components } = view;
  const knowsBaselines = components.some(({ baseline }) => baseline !== null);
  const body =
    components.length === 0
      ? renderEmpty(
          view.unwatchedMs === null
            ? "Its gateway has not said yet which components it watches."
            : "No gateway watches it any more. What was heard before is kept below.",
        )
      : html`<div class="scroll" tabindex="0" role="region" aria-label="Components, table"><table>
  <thead><tr><th scope="col">Component</th><th scope="col">Health</th><th scope="col">Risk</th>${
    knowsBaselines
      ? html`<th scope="col">Own reference</th><th scope="col" class="number">Severity</th>`
      : null
  }</tr></thead>
  <tbody>${components.map((component) => renderRow(component, { titles, nowMs, knowsBaselines }))}</tbody></table></div>
  <p class="note">Risk: how likely the fault is, given the evidence and how rare such faults are on the site. It is not known while a component is learning.${
    knowsBaselines
      ? " Severity: decibels above the component's own healthy level, 0 as when it was learnt, 6 twice the amplitude."
      : ""
  }</p>`;
  const note = components.length === 0 ? undefined : capitalise(view.rolledUp.reason);
  return renderPanel({ id: "components", title: "Components", ...(note && { note }), live: "live", body });
}

function renderRow(
  view: ComponentView,
  around: {
    readonly titles: FailureTitles;
    readonly nowMs: number;
    readonly knowsBaselines: boolean;
  },
): SafeHtml {
  const { component, health, reason, sinceMs, whyItStands, risks, baseline } = view;
  return html`<tr class="${health}"><th scope="row">${formatName(component)}</th>
  <td>${renderComponentHealth(health)}${
    reason === null && sinceMs === null
      ? null
      : html`<div class="why">${reason === null ? null : capitalise(reason)}${renderSince(sinceMs, around.nowMs)}${whyItStands === undefined ? null : `; ${whyItStands}`}</div>`
  }</td>
  <td>${risks.length === 0 || !tellsRisk(view) ? renderRisk(null, health) : html`<ul class="risks">${risks.map(({ failureMode, risk }) => html`<li>${capitalise(titleOf(around.titles, failureMode))} <b>${renderRisk(risk, health)}</b></li>`)}</ul>`}</td>
  ${
    around.knowsBaselines
      ? html`<td>${baseline === null ? "–" : describeBaseline(baseline)}</td><td class="number">${formatSeverity(isUnknownNow(view) ? null : baseline?.severityDb)}</td>`
      : null
  }</tr>`;
}

function describeBaseline(baseline: Baseline): SafeHtml {
  const { state, version, windows, neededWindows, suspicions, later } = baseline;
  // Why, and what to do, stands beside its health.
  if (state === "refused") return html`Refused, ${formatCount(windows)} windows look faulty`;
  const so = neededWindows === undefined ? "" : ` of ${formatCount(neededWindows)}`;
  const words =
    state === "ready"
      ? html`${baseline.isProvisional === true ? "Provisional version" : "Version"} ${version}, of ${formatCount(windows)} windows`
      : html`<span class="grey">Being learnt, ${formatCount(windows)}${so} windows so far</span>`;
  const doubt = suspicions.length === 0 ? [] : [`perhaps not healthy then: ${suspicions.join("; ")}`];
  const notes = [...doubt, ...(later === undefined ? [] : [later])];
  return notes.length === 0 ? words : html`${words} <span class="why">${notes.join("; ")}</span>`;
}

/** A failure mode's risk, and whose it is. */
interface KnownRisk {
  readonly component: string;
  readonly health: ComponentHealth;
  readonly failureMode: string;
  readonly risk: number;
}

/** The highest risk of a turbine's components, and whose it is; or why there is none. For a row of the fleet's table. */
export function renderHighestRisk(view: TurbineView, titles: FailureTitles): SafeHtml {
  const known = view.components.flatMap(({ component, health, risks }) =>
    risks.flatMap(({ failureMode, risk }): readonly KnownRisk[] =>
      risk === null ? [] : [{ component, health, failureMode, risk }],
    ),
  );
  const risk = Math.max(...known.map((each) => each.risk));
  // Equal is what reads alike: a risk is capped, and without evidence every mode's is the site's prior.
  const highest = known.filter((each) => formatRisk(each.risk) === formatRisk(risk));
  const alarm = highest.find(({ component, failureMode }) =>
    view.state?.alarms.some((each) => each.component === component && each.failureMode === failureMode),
  );
  const first = alarm ?? highest[0];
  if (first === undefined) return renderNoRisk(view);
  const { health } = first;
  const tone = health === "critical" || health === "warning" ? "critical" : "calm";
  const whose = nameRisks(alarm === undefined ? highest : [alarm], known.length, titles);
  return html`<div class="meter">${renderMeter(risk, tone)}
    <b>${renderRisk(risk, health)}</b></div><div class="why">${whose}</div>`;
}

/** Whose a risk is; of several that are equal, all or none. */
function nameRisks(equal: readonly KnownRisk[], known: number, titles: FailureTitles): string {
  const [first] = equal;
  if (first === undefined || (equal.length > 1 && equal.length === known)) return "no fault stands out";
  if (equal.length > 2) return `${equal.length} faults alike`;
  const name = ({ component, failureMode }: KnownRisk): string =>
    `${titleOf(titles, failureMode)}, ${formatName(component).toLowerCase()}`;
  return equal.map(name).join(" or ");
}

/** Grey: learning, with how far the one is that has farthest to go; or not known. */
function renderNoRisk({ components }: TurbineView): SafeHtml {
  const learning = components.filter(({ health }) => health === "learning");
  if (learning.length === 0) return renderRisk(null, "no-data");
  const shares = learning.flatMap(({ baseline }) =>
    baseline?.neededWindows === undefined ? [] : [baseline.windows / Math.max(1, baseline.neededWindows)],
  );
  const least = shares.length === 0 ? null : Math.min(...shares);
  return html`<div class="meter">${least === null ? null : renderMeter(least, "grey")}
    ${renderRisk(null, "learning")}</div>`;
}

/** A bar from 0 to 1. */
function renderMeter(share: number, tone: "critical" | "calm" | "grey"): SafeHtml {
  const width = (Math.min(1, Math.max(0, share)) * 100).toFixed(1);
  return html`<svg class="bar ${tone}" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect><rect class="fill" width="${width}" height="8"></rect></svg>`;
}
