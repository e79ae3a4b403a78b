/** When an alarm is critical, and when a change of it is worth telling. Knows no clock. */
import type { AlertSeverity } from "../../contract/alert.ts";

export interface AlertPolicy {
  /** Critical from this probability on … */
  readonly criticalProbability: number;
  /** … or from this severity on, dB above the healthy baseline … */
  readonly criticalSeverityDb: number;
  /** … in this many windows in a row (windows, not minutes: a jump of the clock must not escalate anything). */
  readonly criticalWindows: number;
  /** Two updates of an alarm are at least this far apart; an escalation is told at once. */
  readonly minUpdateIntervalMs: number;
  /** A change of the probability below this is not told. */
  readonly materialProbability: number;
}

/** Defaults: a bearing does not get worse within minutes, and SCADA is not to be flooded. */
export const defaultAlertPolicy: AlertPolicy = {
  criticalProbability: 0.95,
  // Four times the healthy amplitude. ISO 10816-1, class I: zone C begins 8 dB and zone D, damage, 16 dB above zone A's end.
  criticalSeverityDb: 12,
  criticalWindows: 60,
  minUpdateIntervalMs: 600_000,
  materialProbability: 0.1,
};

/** What was last told of an alarm, or is to be told now. */
export interface AlertPicture {
  readonly severity: AlertSeverity;
  readonly probability: number;
  readonly modelDigest: string;
  /** Another mode that leads; undefined: none. */
  readonly leadingMode: string | undefined;
  readonly atMs: number;
}

/** Does a window of a standing alarm speak for a critical one? `severityDb` is null where it is not known. */
export function isHighWindow(
  window: { readonly probability: number; readonly severityDb: number | null },
  policy: AlertPolicy,
): boolean {
  const { probability, severityDb } = window;
  return (
    probability >= policy.criticalProbability ||
    (severityDb !== null && severityDb >= policy.criticalSeverityDb)
  );
}

/** Warning, or critical after enough high windows ({@link isHighWindow}) in a row. Once critical, always critical. */
export function chooseSeverity(
  before: AlertSeverity,
  highWindows: number,
  policy: AlertPolicy,
): AlertSeverity {
  return before === "critical" || highWindows >= policy.criticalWindows ? "critical" : "warning";
}

/**
 * Is `now` so different from what was `told` that subscribers must hear of it? A probability is told only by a window
 * that is like the recent ones (`recentProbability`): a single odd window must not speak for a standing alarm.
 */
export function isMaterialChange(
  told: AlertPicture,
  now: AlertPicture & { readonly recentProbability: number },
  policy: AlertPolicy,
): boolean {
  if (now.severity !== told.severity) return true;
  // The absolute distance, so that a clock that jumped back does not silence an alarm.
  if (Math.abs(now.atMs - told.atMs) < policy.minUpdateIntervalMs) return false;
  if (now.modelDigest !== told.modelDigest || now.leadingMode !== told.leadingMode) return true;
  const isTypical = Math.abs(now.probability - now.recentProbability) < policy.materialProbability;
  return isTypical && Math.abs(now.probability - told.probability) >= policy.materialProbability;
}
