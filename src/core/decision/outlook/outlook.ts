/**
 * How long until a machine reaches the level at which one must stop: from the trend of its severity against its own
 * healthy baseline, as an interval that holds the time in four of five cases, or "cannot say" with the reason. Counts
 * time of operation: a machine that stands wears nothing. Memory is bounded: medians of minutes, of which the older ones
 * are merged. Never reads the clock, and knows no law of wear.
 *
 *   severity ─median of a minute─▶ blocks, the older the longer ─▶ trend (level-trend.ts) ─▶ passage of the stop level
 */
import type { AlertOutlook } from "../../contract/alert.ts";
import { hourMs, minuteMs } from "../../maths/durations.ts";
import { createRandom } from "../../maths/random.ts";
import { computeMedian } from "../../maths/robust.ts";
import { drawPassageTimes, fitLevelTrend, type LevelTrend, type TrendPoint } from "./level-trend.ts";
import type { OutlookBlock, OutlookSnapshot } from "./outlook-snapshot.ts";

/**
 * Why no hours are told, whatever a trend says; null: they are. The 80 % interval must first hold on machines that are
 * real: on six bearings run from new to broken (`scripts/bench-outlook.ts --real`, looked at once) five got no answer
 * before their end and one did, and one life shows no coverage. ADR 34 says what would lift it.
 */
export const withheldReason: string | null = "its forecasts have not been shown to hold on real machines";

/** What an alert tells of a forecast, `withheld` being why hours are not told. */
export function tellOutlook(
  forecast: OutlookForecast,
  stopDb: number,
  withheld: string | null = withheldReason,
): AlertOutlook {
  if (forecast.kind === "cannot-say") return { cannotSay: forecast.reason };
  const { hours, low, high } = forecast;
  // That the level is reached is seen, not foretold.
  return withheld === null || high === 0 ? { hours, low, high, stopDb } : { cannotSay: withheld };
}

/** What the severities are held against; they are forgotten when it changes. */
export interface OutlookReference {
  /** Names what the severities are measured against: severities of two baselines make no trend. */
  readonly baseline: string;
  /** Where one must stop, dB above the baseline. */
  readonly stopDb: number;
  /** Deviation of the severity while healthy, dB. */
  readonly spreadDb: number;
}

/** Hours are hours of operation, from the last severity on. */
export type OutlookForecast =
  | {
      readonly kind: "hours";
      /** Median. */
      readonly hours: number;
      /** Ends of the 80 % interval; without an upper end it may take any time longer than `low`. */
      readonly low: number;
      readonly high: number | null;
    }
  | { readonly kind: "cannot-say"; readonly reason: string };

export interface Outlook {
  readonly reference: OutlookReference;
  /** One decided window further. `severityDb` is null where nothing is known, or where the machine stands. */
  update(window: { readonly toMs: number; readonly severityDb: number | null }): void;
  /** What can be said at the last severity. */
  forecast(): OutlookForecast;
  snapshot(): OutlookSnapshot;
}

/** When an outlook can say something; the defaults are those of `src/adr/0034-an-outlook-that-is-honest.md`. */
export interface OutlookRule {
  readonly minBlocks: number;
  /** The slope is above 0 with this probability at least. */
  readonly minRising: number;
  /** The level is this far above the baseline: dB, and healthy deviations. */
  readonly minRiseDb: number;
  readonly minRiseSpreads: number;
  /** The second half of the rise came in more blocks than this. */
  readonly minRiseBlocks: number;
  /** Nothing is said of more than this many times the time in which the second half of the rise came. */
  readonly maxExtrapolation: number;
  /**
   * By how much the logarithm of the slope grows in the time in which the second half of the rise came: 0 for decibels
   * that rise evenly, ln 2 for decibels that double and double.
   */
  readonly growth: { readonly low: number; readonly high: number };
  /** Shares of the drawn courses that have passed at `low`, `hours` and `high`. */
  readonly shares: readonly [number, number, number];
}

export const defaultOutlookRule: OutlookRule = {
  minBlocks: 16,
  minRising: 0.95,
  minRiseDb: 3,
  minRiseSpreads: 3,
  minRiseBlocks: 8,
  maxExtrapolation: 3,
  growth: { low: 0, high: 1.4 },
  shares: [0.02, 0.45, 0.95],
};

/** Between the ends of zones A and C of ISO 10816-1, class I, and of ISO 20816: from good to where damage begins, dB. */
const zoneDb = 16;
/** No stop level is closer to healthy operation than this, healthy deviations. */
const stopSpreads = 6;

/** The stop level of an installation that names none, dB above the baseline: that of the zones, beyond all that was healthy. */
export function chooseStopDb(spreadDb: number): number {
  return Math.max(zoneDb, stopSpreads * spreadDb);
}

/** Values of one open block that are kept at most; later ones take the place of the first. */
const maxValues = 128;
/** Blocks of a length that are kept before the two oldest become one of twice the length. */
const blocksPerLength = 16;
/** 2^24 minutes: 32 years. */
const maxDoublings = 24;
/** Steps whose median tells a pause from the rhythm of a machine that is heard now and then. */
const maxSteps = 9;
const minSteps = 3;
const pauseMs = hourMs;
const pauseSteps = 3;
const drawn = 800;

/** Creates an outlook, new or from a snapshot of the same baseline. */
export function createOutlook(
  reference: OutlookReference,
  options: { readonly snapshot?: OutlookSnapshot | undefined; readonly rule?: OutlookRule } = {},
): Outlook {
  const { snapshot, rule = defaultOutlookRule } = options;
  const kept = snapshot?.baseline === reference.baseline ? snapshot : undefined;
  let operatedMs = kept?.operatedMs ?? 0;
  let lastMs: number | null = kept?.lastMs ?? null;
  let openedMs = kept?.openedMs ?? 0;
  let values: number[] = [...(kept?.values ?? [])];
  let seen = kept?.seen ?? 0;
  let steps: number[] = [...(kept?.steps ?? [])];
  let blocks: readonly OutlookBlock[] = kept?.blocks ?? [];
  let known: OutlookForecast | null = null;
  let latestDb: number | null = null;

  const close = (closedMs: number): void => {
    const block = { atMs: (openedMs + closedMs) / 2, severityDb: computeMedian(values), doublings: 0 };
    blocks = mergeOldest([...blocks, block]);
    [values, seen, known] = [[], 0, null];
  };

  return {
    reference,
    update({ toMs, severityDb }) {
      if (severityDb === null || !Number.isFinite(severityDb) || !Number.isFinite(toMs)) return;
      const passed = lastMs === null ? 0 : toMs - lastMs;
      lastMs = toMs;
      latestDb = severityDb;
      // A clock that was set back has not undone any operation.
      if (passed > 0) steps = [...steps.slice(1 - maxSteps), passed];
      const step = passed > 0 ? countOperation(passed, steps) : 0;
      if (values.length > 0 && operatedMs + step - openedMs >= minuteMs) close(operatedMs);
      operatedMs += step;
      if (values.length === 0) openedMs = operatedMs;
      values[seen++ % maxValues] = severityDb;
      // Of a machine that is heard less than once a minute every severity is a block, at once.
      if (operatedMs + step - openedMs >= minuteMs) close(operatedMs);
    },
    forecast: () => {
      known ??= forecastPassage(blocks, reference, rule);
      // The trend is made of closed blocks of minutes: it does not show what rose after the last of them.
      const isAbove = latestDb !== null && latestDb >= findBound(reference.spreadDb, rule);
      if (known === asHealthy && isAbove) return cannotSay("its severity rose too short a time ago");
      return known.kind === "cannot-say" ? known : letPass(known, operatedMs - blocks.at(-1)!.atMs);
    },
    snapshot: () => ({
      baseline: reference.baseline,
      operatedMs,
      lastMs,
      openedMs,
      values,
      seen,
      steps,
      blocks,
    }),
  };
}

/** What of a step between two severities counts as operation: a longer pause than usual counts as a usual step, ms. */
function countOperation(stepMs: number, steps: readonly number[]): number {
  if (stepMs <= pauseMs) return stepMs;
  if (steps.length < minSteps) return pauseMs;
  const usual = computeMedian(steps);
  return stepMs <= pauseSteps * usual ? stepMs : usual;
}

/** Blocks by age; where there are too many of a length, its two oldest become one. */
function mergeOldest(blocks: readonly OutlookBlock[]): readonly OutlookBlock[] {
  let merged = blocks;
  for (let doublings = 0; doublings < maxDoublings; doublings++) {
    const first = merged.findIndex((block) => block.doublings === doublings);
    if (merged.filter((block) => block.doublings === doublings).length <= blocksPerLength) return merged;
    const [older, newer] = [merged[first]!, merged[first + 1]!];
    const both = {
      atMs: (older.atMs + newer.atMs) / 2,
      severityDb: (older.severityDb + newer.severityDb) / 2,
      doublings: doublings + 1,
    };
    merged = [...merged.slice(0, first), both, ...merged.slice(first + 2)];
  }
  return merged.slice(1);
}

function forecastPassage(
  blocks: readonly OutlookBlock[],
  { stopDb, spreadDb }: OutlookReference,
  rule: OutlookRule,
): OutlookForecast {
  // Seen, not foretold: it takes no trend.
  if (isReached(blocks, stopDb)) return reached;
  if (blocks.length < rule.minBlocks) return cannotSay("too little of its operation has been seen");
  const points = blocks.map(({ atMs, severityDb }) => ({ at: atMs / hourMs, value: severityDb }));
  const trend = fitLevelTrend(points);
  if (trend.level >= stopDb) return reached;
  if (trend.level < findBound(spreadDb, rule)) return asHealthy;
  const doubt = findDoubt(trend, rule);
  if (doubt !== null) return cannotSay(doubt);
  const rise = findRise(points, trend.level);
  if (rise.length <= rule.minRiseBlocks) return cannotSay("its severity rose within too few blocks of time");
  const riseHours = rise.at(-1)!.at - rise[0]!.at;
  const times = drawPassageTimes(
    trend,
    {
      limit: stopDb,
      horizon: rule.maxExtrapolation * riseHours,
      count: drawn,
      growth: { low: rule.growth.low / riseHours, high: rule.growth.high / riseHours },
    },
    createRandom(1),
  );
  const [low, hours, high] = rule.shares.map((share) => times[Math.floor(share * drawn)]!);
  if (hours === Number.POSITIVE_INFINITY) {
    return cannotSay("at its pace the stop level is further ahead than the rise that was seen carries");
  }
  return { kind: "hours", hours: hours!, low: low!, high: high === Number.POSITIVE_INFINITY ? null : high! };
}

const asHealthy: OutlookForecast = cannotSay("its severity is within what it was while healthy");
const reached: OutlookForecast = { kind: "hours", hours: 0, low: 0, high: 0 };
/** Latest blocks whose median is the level that is seen: more than a few snapshots that something disturbed. */
const seenBlocks = 11;

function isReached(blocks: readonly OutlookBlock[], stopDb: number): boolean {
  const latest = blocks.slice(-seenBlocks).map(({ severityDb }) => severityDb);
  return latest.length === seenBlocks && computeMedian(latest) >= stopDb;
}

/** Below this level it is within what it was while healthy, dB. */
function findBound(spreadDb: number, rule: OutlookRule): number {
  return Math.max(rule.minRiseDb, rule.minRiseSpreads * spreadDb);
}

function findDoubt(trend: LevelTrend, rule: OutlookRule): string | null {
  if (trend.fallingProbability > 0.5) return "its severity falls or stands still";
  return trend.risingProbability < rule.minRising ? "its severity does not rise clearly" : null;
}

/** A forecast of the last block, told `sinceMs` of operation later. */
function letPass(forecast: OutlookForecast & { readonly kind: "hours" }, sinceMs: number): OutlookForecast {
  const left = (hours: number): number => Math.max(0, hours - sinceMs / hourMs);
  const { hours, low, high } = forecast;
  return { kind: "hours", hours: left(hours), low: left(low), high: high === null ? null : left(high) };
}

/** The points since the level was last at half of its present rise, or all. */
function findRise(points: readonly TrendPoint[], level: number): readonly TrendPoint[] {
  return points.slice(
    Math.max(
      0,
      points.findLastIndex((point) => point.value <= level / 2),
    ),
  );
}

function cannotSay(reason: string): OutlookForecast {
  return { kind: "cannot-say", reason };
}
