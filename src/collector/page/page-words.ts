/**
 * How figures, times and states are said to people. UTC everywhere: a fleet has many time zones. A state is a badge of a
 * shape, words and a colour, so that none is told by colour alone.
 */

import type { AlarmState, AlertSeverity } from "../../core/contract/alert.ts";
import { ungatedWords } from "../../core/contract/bundle/lineage.ts";
import { describeTwins, twinAdvice, twinSigns } from "../../core/contract/clone-words.ts";
import type { DriftLevel } from "../../core/contract/drift-verdict.ts";
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import { toWords } from "../../core/contract/to-words.ts";
import type { ComponentHealth } from "../../core/contract/turbine-state.ts";
import { formatDuration } from "../../core/maths/durations.ts";
import type { FailureTitles } from "../fleet/load-pages.ts";
import type { TurbineView } from "../fleet/load-turbines.ts";
import { html, type SafeHtml } from "./html.ts";

/** `2026-11-20 07:51:03`, UTC. */
export function formatUtc(timeMs: number): string {
  if (!Number.isFinite(timeMs) || timeMs <= 0) return "never";
  return new Date(timeMs).toISOString().slice(0, 19).replace("T", " ");
}

/** `93.2 %`. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(share < 0.9995 && share >= 0.0005 ? 1 : 0)} %`;
}

/** A risk, or why it is not known, in grey. */
export function renderRisk(risk: number | null, health: ComponentHealth): SafeHtml {
  if (risk !== null) return html`${formatRisk(risk)}`;
  return html`<span class="grey">${health === "learning" ? "learning" : "not known"}</span>`;
}

/** `2.1 %`; what is too small to be told is not 0. */
export function formatRisk(risk: number): string {
  if (risk < 0.001) return "< 0.1 %";
  return risk > 0.999 ? "> 99.9 %" : formatShare(risk);
}

/** `5 min ago`; of a time that cannot be, that it cannot. @param suffix after the duration */
export function formatAge(timeMs: number, nowMs: number, suffix = " ago"): string {
  if (timeMs < earliestClockMs && nowMs >= earliestClockMs) return "by a clock that is wrong";
  if (timeMs > nowMs + 3_600_000) return "by a clock that is ahead";
  return `${formatDuration(nowMs - timeMs)}${suffix}`;
}

/** ` since 2026-11-20 07:51:03 (5 min ago)`; nothing where it is not known. */
export function renderSince(sinceMs: number | null, nowMs: number): SafeHtml | null {
  if (sinceMs === null) return null;
  return html` since <time datetime="${new Date(sinceMs).toISOString()}">${formatUtc(sinceMs)}</time> (${formatAge(sinceMs, nowMs, "")})`;
}

/** With a sign, `+1.23` or `−0.40`; a true minus sign. */
export function formatSigned(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

/** Groups of three digits, `12 345`, with narrow spaces. */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** `84 MB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
}

/** A dashed name as words: `full-performance` → `Full performance`. */
export function formatName(name: string): string {
  return capitalise(toWords(name));
}

/** With a capital first letter. */
export function capitalise(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** `+6.2 dB`; a dash where it is not known. */
export function formatSeverity(severityDb: number | null | undefined): string {
  if (severityDb === null || severityDb === undefined) return "–";
  // A minus sign, not a hyphen; and no "−0.0".
  const size = Math.abs(severityDb).toFixed(1);
  return `${size === "0.0" ? "" : severityDb < 0 ? "−" : "+"}${size} dB`;
}

/** A failure mode in words; its name where no bundle says more. */
export function titleOf(titles: FailureTitles, failureMode: string): string {
  return titles.get(failureMode) ?? toWords(failureMode);
}

/** Address of a turbine's page. */
export function turbineHref(site: string, turbine: string): string {
  return `/turbine/${encodeURIComponent(site)}/${encodeURIComponent(turbine)}`;
}

/** "12 s ago", with the moment itself as a hint. */
export function renderAgo(timeMs: number, nowMs: number): SafeHtml {
  if (timeMs <= 0) return html`never`;
  const words = formatAge(timeMs, nowMs);
  return html`<time datetime="${new Date(timeMs).toISOString()}" title="${formatUtc(timeMs)} UTC">${words}</time>`;
}

type Tone = "ok" | "warning" | "critical" | "unknown" | "learning" | "plain";

/** Paths in a box of 12: a ring, a triangle, a diamond, a dashed ring, half a disc, a dot. */
const shapes: Readonly<Record<Tone, SafeHtml>> = {
  ok: html`<circle cx="6" cy="6" r="4" class="hollow"></circle>`,
  warning: html`<path d="M6 1.5 11.2 10.5H.8z"></path>`,
  critical: html`<path d="M6 .5 11.5 6 6 11.5.5 6z"></path>`,
  unknown: html`<circle cx="6" cy="6" r="4" class="hollow dashed"></circle>`,
  learning: html`<circle cx="6" cy="6" r="4" class="hollow"></circle><path d="M6 2a4 4 0 0 1 0 8z"></path>`,
  plain: html`<circle cx="6" cy="6" r="3"></circle>`,
};

/** A badge of a tone with given words. */
export function renderBadge(tone: Tone, words: string): SafeHtml {
  return html`<span class="badge ${tone}"><svg viewBox="0 0 12 12" aria-hidden="true">${shapes[tone]}</svg>${words}</span>`;
}

/** Beside a model whose gate was not asked; nothing beside another. */
export function renderUngated(ungated: true | undefined): SafeHtml | null {
  return ungated === true
    ? html` <span title="It was ${ungatedWords}.">${renderBadge("plain", "Ungated")}</span>`
    : null;
}

/** Of one that nobody watches any more there is none. */
export function renderTurbineHealth({
  rolledUp,
  unwatchedMs,
}: Pick<TurbineView, "rolledUp" | "unwatchedMs">): SafeHtml {
  return unwatchedMs === null ? renderComponentHealth(rolledUp.health) : renderBadge("plain", "Not watched");
}

/** Beside a turbine that several gateways watch, and which; nothing beside another. */
export function renderTwins({ turbine, twins }: Pick<TurbineView, "turbine" | "twins">): SafeHtml | null {
  return twins.length === 0
    ? null
    : html` <span title="They ${twinSigns}. ${twinAdvice}.">${renderBadge("critical", capitalise(describeTwins(turbine, twins)))}</span>`;
}

export function renderComponentHealth(health: ComponentHealth): SafeHtml {
  switch (health) {
    case "good":
      return renderBadge("ok", "Good");
    case "learning":
      return renderBadge("learning", "Learning");
    case "refused":
      return renderBadge("warning", "Learning refused");
    case "no-data":
      return renderBadge("unknown", "No data");
    case "warning":
      return renderBadge("warning", "Warning");
    case "critical":
      return renderBadge("critical", "Critical");
    default:
      return health satisfies never;
  }
}

export function renderDriftLevel(level: DriftLevel): SafeHtml {
  switch (level) {
    case "stable":
      return renderBadge("ok", "Stable");
    case "warning":
      return renderBadge("warning", "Warning");
    case "drift":
      return renderBadge("critical", "Drift");
    case "learning":
      return renderBadge("learning", "Learning");
    case "paused":
      return renderBadge("plain", "Paused");
    case "insufficient":
      return renderBadge("unknown", "Too little heard");
    default:
      return level satisfies never;
  }
}

/** Severity of an alarm that stands, or that it is over. */
export function renderSeverity(severity: AlertSeverity, active: boolean): SafeHtml {
  if (!active) return renderBadge("plain", "Cleared");
  return severity === "critical" ? renderBadge("critical", "Critical") : renderBadge("warning", "Warning");
}

/** An alarm's state (ISA-18.2) in words. */
export const alarmStateWords: Readonly<Record<AlarmState, string>> = {
  normal: "normal",
  unacknowledged: "unacknowledged",
  acknowledged: "acknowledged",
  "returned-unacknowledged": "returned to normal, unacknowledged",
  shelved: "shelved",
  suppressed: "suppressed by design",
  "out-of-service": "out of service",
};
