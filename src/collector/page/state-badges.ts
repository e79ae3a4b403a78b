/** States as badges: a shape, words and a colour, so that no state is told by colour alone. */
import type { AlarmState, AlertSeverity } from "../../core/contract/alert.ts";
import type { TurbineHealth } from "../../core/contract/turbine-state.ts";
import type { DriftLevel } from "../../core/drift/assess-drift.ts";
import { html, type SafeHtml } from "./html.ts";

type Tone = "ok" | "warning" | "critical" | "unknown" | "plain";

/** Paths in a box of 12: a ring, a triangle, a diamond, a dashed ring, a dot. */
const shapes: Readonly<Record<Tone, SafeHtml>> = {
  ok: html`<circle cx="6" cy="6" r="4" class="hollow"></circle>`,
  warning: html`<path d="M6 1.5 11.2 10.5H.8z"></path>`,
  critical: html`<path d="M6 .5 11.5 6 6 11.5.5 6z"></path>`,
  unknown: html`<circle cx="6" cy="6" r="4" class="hollow dashed"></circle>`,
  plain: html`<circle cx="6" cy="6" r="3"></circle>`,
};

/** A badge of a tone with given words. */
export function renderBadge(tone: Tone, words: string): SafeHtml {
  return html`<span class="badge ${tone}"><svg viewBox="0 0 12 12" aria-hidden="true">${shapes[tone]}</svg>${words}</span>`;
}

/** Health of a turbine. */
export function renderHealth(health: TurbineHealth): SafeHtml {
  switch (health) {
    case "ok":
      return renderBadge("ok", "No alarm");
    case "alarm":
      return renderBadge("critical", "Alarm");
    case "information-unavailable":
      return renderBadge("unknown", "Information unavailable");
    default:
      return health satisfies never;
  }
}

/** Level of drift. */
export function renderDriftLevel(level: DriftLevel): SafeHtml {
  switch (level) {
    case "stable":
      return renderBadge("ok", "Stable");
    case "warning":
      return renderBadge("warning", "Warning");
    case "drift":
      return renderBadge("critical", "Drift");
    case "insufficient":
      return renderBadge("unknown", "Not judged");
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
