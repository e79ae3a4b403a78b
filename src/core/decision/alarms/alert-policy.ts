/** When an alarm is critical, and when a change of it is worth telling. Knows no clock. */
import type { AlertSeverity } from "../../contract/alert.ts";
import type { Decision, ModeDecision } from "../../contract/prediction.ts";

export interface AlertPolicy {
  /** Critical from this probability on … */
  readonly criticalProbability: number;
  /** … or from this severity on, dB above the healthy baseline … */
  readonly criticalSeverityDb: number;
  /** … in this many windows more (windows, not minutes: a jump of the clock must not escalate anything) … */
  readonly criticalWindows: number;
  /** … than so many times the windows that are not so high: what scatters dips now and then. */
  readonly dipWeight: number;
  /** A window at the level where one must stop counts as so many high ones. */
  readonly stopWeight: number;
  /** Where windows lie further apart than this one counts as so many times more, so many times at most. */
  readonly usualStepMs: number;
  readonly mostSteps: number;
  /** From this severity on, dB, a machine that was told as quieter is told anew. */
  readonly loudSeverityDb: number;
  /** Two updates of an alarm are at least this far apart; an escalation is told at once. */
  readonly minUpdateIntervalMs: number;
  /** A fault that was told as likelier than not is told as unlikely when its mean probability is this or less … */
  readonly unlikelyProbability: number;
  /** … and the other way round when it is this or more. */
  readonly likelyProbability: number;
}

/** Defaults: a bearing does not get worse within minutes, and SCADA is not to be flooded. */
export const defaultAlertPolicy: AlertPolicy = {
  criticalProbability: 0.95,
  // Four times the healthy amplitude. ISO 10816-1, class I: zone C begins 8 dB and zone D, damage, 16 dB above zone A's end.
  criticalSeverityDb: 12,
  criticalWindows: 60,
  // Of four windows more than three are high.
  dipWeight: 3,
  // Six of them: of a machine that is heard once an hour within the shift.
  stopWeight: 10,
  // Days of a machine that is heard twice a day, not a month.
  usualStepMs: 2 * 3_600_000,
  mostSteps: 6,
  loudSeverityDb: 8,
  minUpdateIntervalMs: 600_000,
  unlikelyProbability: 0.35,
  likelyProbability: 0.65,
};

/** What was last told of an alarm, or is to be told now. */
interface AlertPicture {
  readonly severity: AlertSeverity;
  readonly probability: number;
  readonly modelDigest: string;
  /** Another mode that leads; undefined: none. */
  readonly leadingMode: string | undefined;
  /** Above the machine's own reference, dB; null: not known. */
  readonly severityDb: number | null;
  readonly atMs: number;
}

/** How bad an alarm is, and what it is told by. */
export interface HighWindows {
  readonly severity: AlertSeverity;
  /** High windows, less what the others take away, as they are weighed. */
  readonly highWindows: number;
  /** Windows at the level where one must stop, less those below it, as they are weighed; absent: none. */
  readonly stopWindows?: number | undefined;
  /** Has it been told since it had lasted there? Absent: not in this occurrence. */
  readonly stopTold?: true | undefined;
  /** End of the last window, and how far windows lie apart, a mean of about a dozen; absent: none yet, or not known. */
  readonly heard?: { readonly toMs: number; readonly stepMs: number } | undefined;
}

/** What the last window adds to the mean: a standstill among windows of an hour makes none of them weigh more. */
const stepShare = 1 / 12;

/** One window of a standing alarm further. */
export function followHigh(
  { severity, highWindows, stopWindows = 0, heard }: HighWindows,
  { decision, mode }: { readonly decision: Decision; readonly mode: ModeDecision },
  policy: AlertPolicy,
): HighWindows {
  const { usualStepMs, mostSteps, stopWeight } = policy;
  const { toMs } = decision;
  const lastMs = heard === undefined ? usualStepMs / 2 : toMs - heard.toMs;
  const boundMs = Math.min(mostSteps * usualStepMs, Math.max(0, lastMs));
  const stepMs = heard === undefined ? boundMs : heard.stepMs + stepShare * (boundMs - heard.stepMs);
  const high = Math.max(0, highWindows + weighStep(weighWindow(decision, mode, policy), stepMs, policy));
  const stop = stopWindows + compareStop(decision) * weighStep(stopWeight, stepMs, policy);
  return {
    severity: chooseSeverity(severity, high, policy),
    highWindows: high,
    stopWindows: stop <= 0 ? undefined : Math.min(policy.criticalWindows, stop),
    heard: { toMs, stepMs },
  };
}

/** 1: the machine is where one must stop, -1: it is below that, 0: not known. */
function compareStop({ severityDb, stopDb }: Pick<Decision, "severityDb" | "stopDb">): number {
  if (severityDb == null || stopDb == null) return 0;
  return severityDb >= stopDb ? 1 : -1;
}

/** As how many high windows a window of a standing alarm counts that speaks for a critical one; less than 0: it does not. */
function weighWindow(
  { modes, severityDb, stopDb }: Pick<Decision, "modes" | "severityDb" | "stopDb">,
  { probability, leadingMode, isAdvisory }: ModeDecision,
  policy: AlertPolicy,
): number {
  if (isAdvisory === true) return 0;
  const level = severityDb ?? Number.NEGATIVE_INFINITY;
  if (level >= (stopDb ?? Number.POSITIVE_INFINITY)) return policy.stopWeight;
  // What has become of the fault may look like another kind.
  const leading = modes.find(({ failureMode }) => failureMode === leadingMode)?.probability ?? 0;
  const isHigh =
    Math.max(probability, leading) >= policy.criticalProbability || level >= policy.criticalSeverityDb;
  return isHigh ? 1 : -policy.dipWeight;
}

/** What a window weighs ({@link weighWindow}) where windows lie `stepMs` apart: of those at which one must stop three are asked for at least. */
function weighStep(weight: number, stepMs: number, policy: AlertPolicy): number {
  const times = Math.min(policy.mostSteps, Math.max(1, stepMs / policy.usualStepMs));
  return Math.min(Math.max(weight, policy.criticalWindows / 3), weight * times);
}

/** What of an alarm was told last, and the decision after it. */
interface ToldLevel {
  readonly toldDb: number | null | undefined;
  readonly decision: Decision;
  readonly policy: AlertPolicy;
}

/** Has an alarm that had lasted at the level where one must stop been told as there? */
export function isStopTold(
  { stopWindows = 0, stopTold }: HighWindows,
  { toldDb, decision: { stopDb = null }, policy }: ToldLevel,
): boolean {
  if (stopTold === true) return true;
  return stopWindows >= policy.criticalWindows && compareStop({ severityDb: toldDb ?? null, stopDb }) > 0;
}

/** Has a machine that was told as below the level where one must stop reached it, in as many windows as make an alarm critical there? */
export function hasReachedStop(high: HighWindows, level: ToldLevel): boolean {
  const { stopWindows = 0 } = high;
  if (stopWindows < level.policy.criticalWindows || compareStop(level.decision) <= 0) return false;
  return !isStopTold(high, level);
}

/** Warning, or critical after enough high windows ({@link weighWindow}). Once critical, always critical. */
function chooseSeverity(before: AlertSeverity, highWindows: number, policy: AlertPolicy): AlertSeverity {
  return before === "critical" || highWindows >= policy.criticalWindows ? "critical" : "warning";
}

/** Doublings of the interval before a probability is told once more: 10 minutes become most of a day. */
export const mostDoublings = 7;

/** Fewer updates of an alarm are told within a second. */
const updatesPerSecond = 1_000;

/**
 * Where numbers of updates go on from if more may have been told than `known` says: by the seconds of the clock, so that none has the id
 * of an earlier one. The last three digits count those that are known of. A clock that is behind changes nothing.
 */
export function renumberUpdates(known: number, nowMs: number): number {
  const seconds = Math.floor(nowMs / 1000);
  return Math.max(known, seconds * updatesPerSecond + (known % updatesPerSecond));
}

/**
 * Is `now` so different from what was `told` that an operator would do something else? Told are
 *
 * - another severity, at once;
 * - another model, or another mode that leads or leads no more, after the interval of the policy;
 * - that a machine which was told as quieter has become loud (`loudSeverityDb`);
 * - that a fault which was told as likelier than not has become unlikely, or the other way round. Its mean over about a
 *   dozen windows (`recentProbability`) has to lie beyond the middle by a margin, and the window that is told on the same
 *   side.
 *
 * Of the last two each update before doubles the interval, so that one which goes to and fro is told ever less.
 *
 * How likely it is between those is in the turbine's state: a fault at 0.8 or 0.98 is looked at alike. States that people
 * or the process change are told by themselves.
 */
export function isMaterialChange(
  told: AlertPicture & { readonly updates: number },
  now: AlertPicture & { readonly recentProbability: number },
  policy: AlertPolicy,
): boolean {
  if (now.severity !== told.severity) return true;
  // The absolute distance, so that a clock that jumped back does not silence an alarm.
  const sinceToldMs = Math.abs(now.atMs - told.atMs);
  if (sinceToldMs < policy.minUpdateIntervalMs) return false;
  if (now.modelDigest !== told.modelDigest || now.leadingMode !== told.leadingMode) return true;
  const waitMs = policy.minUpdateIntervalMs * 2 ** Math.min(told.updates % updatesPerSecond, mostDoublings);
  if (sinceToldMs < waitMs) return false;
  const isLoud = ({ severityDb }: AlertPicture): boolean => (severityDb ?? 0) >= policy.loudSeverityDb;
  return (isLoud(now) && !isLoud(told)) || hasChangedSides(told.probability, now, policy);
}

function hasChangedSides(
  told: number,
  { probability, recentProbability }: { readonly probability: number; readonly recentProbability: number },
  policy: AlertPolicy,
): boolean {
  return told > 0.5
    ? recentProbability <= policy.unlikelyProbability && probability <= 0.5
    : recentProbability >= policy.likelyProbability && probability > 0.5;
}
