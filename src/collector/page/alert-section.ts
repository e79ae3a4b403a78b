/**
 * Alarms as cards: what, where, how sure, since when, and which sensor groups say so. What an event said is old by the time
 * that it is read: it says when, and how the turbine is now stands beside it.
 */

import { isWithheldState } from "../../core/contract/alarm-report.ts";
import { type AlertData, describeOutlook } from "../../core/contract/alert.ts";
import type { EvidenceLine, PhysicalEvidence } from "../../core/contract/physical-evidence.ts";
import { describeStanding } from "../../core/decision/alarm-reason.ts";
import { unsaidModel } from "../../core/decision/alarms/recalled-alarm.ts";
import { vibrationLevelMode } from "../../core/decision/choose-alarm.ts";
import { describeLane, formatMoment, isUnknownNow } from "../../core/decision/roll-up-health.ts";
import type { ComponentView } from "../fleet/describe-components.ts";
import type { AlertEvidence, OverviewPage } from "../fleet/load-pages.ts";
import type { TurbineView } from "../fleet/load-turbines.ts";
import { describeStateDoer, renderLife } from "./alarm-life.ts";
import { html, type SafeHtml } from "./html.ts";
import { renderEmpty, renderPanel } from "./page-layout.ts";
import {
  alarmStateWords,
  capitalise,
  formatAge,
  formatName,
  formatSeverity,
  formatShare,
  formatSigned,
  formatUtc,
  renderBadge,
  renderRisk,
  renderSeverity,
  renderSince,
  titleOf,
  turbineHref,
} from "./page-words.ts";

/** Alarms, and what is known beside them. */
interface AlertsView extends Pick<OverviewPage, "alarms" | "titles" | "deeds"> {
  /** Those that the alarms are of. */
  readonly turbines: readonly TurbineView[];
  /** Absent: nobody looked. */
  readonly evidence?: AlertEvidence;
  /** The way to other parts; null: there are none. */
  readonly pager: SafeHtml | null;
}

export function renderAlerts(view: AlertsView, nowMs: number): SafeHtml {
  const { alarms } = view;
  const body =
    alarms.items.length === 0
      ? renderEmpty("No alert has been raised. That says only that no model saw enough evidence.")
      : html`<div class="cards roomy">${alarms.items.map((alarm) => renderAlarm(alarm, view, nowMs))}</div>${view.pager}`;
  const note =
    alarms.items.length === 0
      ? undefined
      : html`${alarms.active} active, ${alarms.total} in all${describeAcknowledging(view)}`;
  return renderPanel({ id: "alerts", title: "Alerts", ...(note && { note }), live: "live", body });
}

type Alarm = OverviewPage["alarms"]["items"][number];

/** Where one acknowledges those that wait for it; nothing where none does. */
function describeAcknowledging({ alarms, turbines }: AlertsView): SafeHtml | null {
  const waiting = alarms.items.filter(
    ({
      event: {
        data: { state },
      },
    }) => state === "unacknowledged" || state === "returned-unacknowledged",
  );
  if (waiting.length === 0) return null;
  const gateways = new Set(waiting.map(({ event: { data } }) => findTurbine(data, turbines)?.gateway));
  const [gateway] = gateways;
  const one =
    gateways.size === 1 && gateway ? html`the machine of gateway ${gateway}` : "the machine of its gateway";
  return html`; acknowledge with <code>aurora alert ack</code> on ${one}`;
}

function renderAlarm(alarm: Alarm, view: AlertsView, nowMs: number): SafeHtml {
  const { titles, evidence, turbines } = view;
  const data = alarm.event.data;
  const doer = describeStateDoer(alarm, view.deeds);
  // What people did since it was over is the last that was told of it: of a fault that comes and goes beneath no gateway tells, nor of the end
  // of that shelving. Its end tells less: gateways of before tell of no step after it.
  const isOver = alarm.steps.some(({ transition }) => transition === "cleared");
  const isStepAfter = isOver && alarm.event.type === "io.aurora.alert.updated.v1";
  const isOverWithheld = !alarm.active && isWithheldState(data.state);
  const past = isStepAfter ? "over, last told: " : "cleared while ";
  const stateWords = `${isOverWithheld ? past : ""}${alarmStateWords[data.state]}`;
  const told = describeTold(alarm, nowMs);
  const now = alarm.active ? findPresent(data, turbines) : null;
  const raw = alarm.steps.flatMap(({ eventId }) => evidence?.get(eventId) ?? []);
  const title = titleOf(titles, data.failureMode);
  const tone = alarm.active ? data.severity : "cleared";
  return html`<article class="card ${tone}" id="alarm-${alarm.alarm}" data-since-ms="${alarm.sinceMs}" aria-label="${title}, turbine ${data.turbine}">
  <header>
    ${renderSeverity(data.severity, alarm.active)}
    <h3>${capitalise(title)}</h3>
    <p>${formatName(data.component)} of <a href="${turbineHref(data.site, data.turbine)}">${data.turbine}</a> <span class="site">${data.site}</span></p>
    ${now === null ? null : renderUnknown(now, nowMs)}
  </header>
  <dl class="facts">
    ${renderFact({
      title: "Risk",
      now: now && renderRisk(riskOf(now, data.failureMode), now.component?.health ?? "no-data"),
      before: renderRisk(data.risk ?? null, data.severity),
      told,
      isBig: true,
    })}
    <div><dt>Rests on</dt><dd>${capitalise(describeLane(data.lane))} <div class="why">${describeStanding(data)}, ${told}</div></dd></div>
    ${
      typeof data.severityDb === "number" || data.severityUnknown !== undefined
        ? renderFact({
            title: "Severity",
            now: now && html`${formatSeverity(severityOf(now))}`,
            before: html`${formatSeverity(data.severityDb)}`,
            told: `${told}${data.severityUnknown === undefined ? ", above its healthy baseline" : `: ${data.severityUnknown}`}`,
          })
        : null
    }
    ${renderBegin(alarm, nowMs)}
    ${data.leadingMode === undefined ? null : html`<div><dt>Looks like by now</dt><dd>${capitalise(titleOf(titles, data.leadingMode))}</dd></div>`}
    <div><dt>Alarm state</dt><dd>${capitalise(stateWords)}${renderUntil(data)} ${doer && html`<div class="why">${doer}</div>`}${data.clearedBecause === undefined ? null : html`<div class="why">${data.clearedBecause}</div>`}${describeSaid(alarm, nowMs)}</dd></div>
    ${renderFact({
      title: "Operating state",
      now: now && html`${formatName(now.turbine.operatingState)}`,
      before: html`${formatName(data.operatingState)}`,
      told,
    })}
    ${alarm.active ? html`<div><dt>Outlook</dt><dd>${capitalise(describeOutlook(data))} <div class="why">${told}</div></dd></div>` : null}
    ${isOfNoModel(data) ? null : html`<div><dt>Model</dt><dd>${data.model.name} ${data.model.version} <code title="${data.model.digest}">${data.model.digest.slice(0, 12)}</code></dd></div>`}
    ${raw.map((each) => html`<div><dt>Raw samples</dt><dd>${renderRaw(each)}</dd></div>`)}
  </dl>
  ${data.evidence === undefined ? null : renderEvidence(data.evidence, alarm.alarm)}
  ${isOfNoModel(data) ? null : html`<div class="reasons">${renderExplanation(data, told)}</div>`}
  ${renderLife(alarm, view.deeds)}
</article>`;
}

/** Is it known by its turbine's state alone, which names neither its model nor why? */
function isOfNoModel({ model, explanation }: AlertData): boolean {
  return model.digest === unsaidModel.digest && explanation.groups.length === 0;
}

/** Until when it is shelved, if it is and that is known. */
function renderUntil({ state, until }: AlertData): SafeHtml | null {
  if (state !== "shelved" || until === undefined) return null;
  const untilMs = Date.parse(until);
  return html` until <time datetime="${new Date(untilMs).toISOString()}">${formatUtc(untilMs)} UTC</time>`;
}

/** That what is shown was said by a state, and since when no event tells it. */
function describeSaid({ saidMs, steps }: Alarm, nowMs: number): SafeHtml | null {
  if (saidMs === null) return null;
  const unheard = steps.length === 0 ? ": no event of this alarm has come" : ", no event has told it";
  return html`<div class="why">by the turbine's state of ${formatMoment(saidMs, nowMs)}${unheard}</div>`;
}

/** Of when the figures of the latest event are: `when raised`, `at 07:40 UTC`. A person's step and an order repeat older ones. */
function describeTold({ event, saidMs, steps }: Alarm, nowMs: number): string {
  const { type, data } = event;
  if (saidMs !== null && steps.length === 0) return `at ${formatMoment(Date.parse(data.window.to), nowMs)}`;
  if (type === "io.aurora.alert.raised.v1") return "when raised";
  if (type === "io.aurora.alert.cleared.v1" && data.clearedBecause === undefined) return "when cleared";
  return `at ${formatMoment(Date.parse(data.window.to), nowMs)}`;
}

/** What is known now of what is in alarm. */
interface Present {
  readonly turbine: TurbineView;
  /** Undefined: its gateway does not watch it any more. */
  readonly component: ComponentView | undefined;
}

function findPresent(data: AlertData, turbines: readonly TurbineView[]): Present | null {
  const turbine = findTurbine(data, turbines);
  if (turbine === undefined) return null;
  return { turbine, component: turbine.components.find(({ component }) => component === data.component) };
}

function findTurbine(data: AlertData, turbines: readonly TurbineView[]): TurbineView | undefined {
  return turbines.find((each) => each.site === data.site && each.turbine === data.turbine);
}

function riskOf({ component }: Present, failureMode: string): number | null {
  return component?.risks.find((each) => each.failureMode === failureMode)?.risk ?? null;
}

function severityOf({ component }: Present): number | null {
  if (component === undefined || isUnknownNow(component)) return null;
  return component.baseline?.severityDb ?? null;
}

/** That nothing is known now, and why; null: it is known. */
function renderUnknown({ turbine, component }: Present, nowMs: number): SafeHtml | null {
  if (component !== undefined && !isUnknownNow(component)) return null;
  const { reason, sinceMs } = component?.unknown ??
    component ?? { reason: turbine.reason ?? "its gateway does not watch the component", sinceMs: null };
  return html`<p>${renderBadge("unknown", "Nothing is known now")} <span class="why">${capitalise(reason ?? "no data")}${renderSince(sinceMs, nowMs)}</span></p>`;
}

/** A figure as it is now, and as it was told; null: it is not known here how it is now, or the alarm is over. */
function renderFact(fact: {
  readonly title: string;
  readonly now: SafeHtml | null;
  readonly before: SafeHtml;
  readonly told: string;
  readonly isBig?: true;
}): SafeHtml {
  const { title, now, before, told } = fact;
  const size = fact.isBig === true ? "big" : "";
  return now === null
    ? html`<div><dt>${title}</dt><dd class="${size}">${before}</dd><dd class="why">${told}</dd></div>`
    : html`<div><dt>${title} now</dt><dd class="${size}">${now}</dd><dd class="why">${before} ${told}</dd></div>`;
}

/** Since when: by its gateway's clock, or by the collector's where that one cannot be right. */
function renderBegin({ event, sinceMs }: Alarm, nowMs: number): SafeHtml {
  const ownMs = Date.parse(event.data.since);
  const doubt = ownMs === sinceMs ? "" : `; by the collector's clock, its gateway's said ${formatUtc(ownMs)}`;
  return html`<div><dt>Since</dt><dd><time datetime="${new Date(sinceMs).toISOString()}">${formatUtc(sinceMs)}</time> <div class="why">${formatAge(sinceMs, nowMs)}${doubt}</div></dd></div>`;
}

type RawSamples = AlertEvidence extends ReadonlyMap<string, infer Value> ? Value : never;

/** Links to the samples around an alarm. */
function renderRaw({ id, fromMs, toMs }: RawSamples): SafeHtml {
  const href = `/api/v1/evidence/${id}`;
  return html`<a href="${href}.npy" download>${((toMs - fromMs) / 1000).toFixed(1)} s as .npy</a> <a href="${href}.json" download>.json</a> <div class="why">from <time datetime="${new Date(fromMs).toISOString()}">${formatUtc(fromMs)}</time></div>`;
}

/** What the spectrum shows, in words and line by line. */
function renderEvidence({ sentence, lines }: PhysicalEvidence, alarm: number): SafeHtml {
  return html`<div class="evidence"><p>${sentence}</p>
  <details id="lines-${alarm}"><summary>${lines.length} lines that were looked for</summary>
  <div class="scroll" tabindex="0" role="region" aria-label="Lines, table"><table><thead><tr><th scope="col">Line</th><th scope="col" class="number">Order</th><th scope="col" class="number">Hz</th><th scope="col" class="number">Above neighbours</th><th scope="col" class="number">Noise alone</th><th scope="col" class="number">Above healthy</th><th scope="col">Found</th></tr></thead>
  <tbody>${lines.map(renderLine)}</tbody></table></div></details></div>`;
}

function renderLine(line: EvidenceLine): SafeHtml {
  const { dbAboveNeighbours, noiseDb, dbAboveHealthy, isFound, measuredOrder, measuredHertz } = line;
  const what =
    line.kind === "harmonic" ? `${line.harmonic}×` : `${line.harmonic}× ± ${line.spacing ?? "side bands"}`;
  const where =
    measuredOrder === undefined || measuredHertz === undefined
      ? ""
      : `, at ${measuredOrder.toFixed(2)} (${measuredHertz.toFixed(1)} Hz)`;
  const decibels = [dbAboveNeighbours, noiseDb, dbAboveHealthy].map(formatSeverity);
  return html`<tr><th scope="row">${what} <span class="why">${line.name}</span></th>
    <td class="number">${line.order.toFixed(2)}</td><td class="number">${line.hertz.toFixed(1)}</td>
    ${decibels.map((db) => html`<td class="number">${db}</td>`)}<td>${isFound ? `yes${where}` : "no"}</td></tr>`;
}

/** Signed bars about a common zero; the largest fills its side. */
function renderExplanation(data: AlertData, told: string): SafeHtml {
  const { explanation, score } = data;
  const groups = [...explanation.groups].sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
  const largest = Math.max(1e-9, ...groups.map((group) => Math.abs(group.share)));
  const unit = nameUnit(data);
  const { bundleBaseValue } = explanation;
  const of =
    bundleBaseValue === undefined
      ? ""
      : ` of this machine when healthy (${formatSigned(bundleBaseValue)} of the bundle's background)`;
  const sum = `${formatSigned(explanation.baseValue)} base${of} and these shares make ${formatSigned(score)} (${unit})`;
  return html`<table class="shares"><caption>What the sensor groups say <span class="why sum">${capitalise(told)}: ${sum}${describeThreshold(data)}, additivity gap ${formatGap(explanation.gap)}</span></caption>
  <tbody>${groups.map(({ name, share }) => {
    const length = ((Math.abs(share) / largest) * 50).toFixed(2);
    const start = share < 0 ? (50 - Number(length)).toFixed(2) : "50";
    return html`<tr><th scope="row">${formatName(name)}</th>
      <td class="wide"><svg class="bar signed" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="8"></rect><rect class="${share < 0 ? "against" : "towards"}" x="${start}" width="${length}" height="8"></rect><rect class="zero" x="49.8" width=".4" height="8"></rect></svg></td>
      <td class="number">${formatSigned(share)}</td></tr>`;
  })}</tbody></table>
  <p class="legend" aria-hidden="true"><span class="key against"></span> against a fault <span class="key towards"></span> towards a fault</p>`;
}

/** A diagnosis scores by its logit, a level by its distance from when it was healthy; what looks ahead, by that from its own past. */
function nameUnit({ failureMode, horizonHours }: AlertData): string {
  if (failureMode === vibrationLevelMode) return "dB";
  return horizonHours === null ? "logit" : "robust deviations";
}

/** By a lane no single window raises: the probability from which it counts is told only where it does. */
function describeThreshold({ lane, threshold }: AlertData): string {
  return lane === undefined ? `, raised from ${formatShare(threshold)}` : "";
}

function formatGap(gap: number): string {
  return gap === 0 ? "0" : gap.toExponential(0).replace("-", "−");
}
