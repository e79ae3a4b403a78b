/** Watches a collector's verdicts of drift, period by period, as any reader of its interface could, and says whether the right one is found. */

import { setTimeout } from "node:timers/promises";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { DriftVerdict } from "../../core/contract/drift-verdict.ts";
import { type DriftVerdictReply, driftVerdictReplySchema } from "../../core/contract/drift-verdict-schema.ts";
import { nameDriftDay } from "../../core/drift/drift-day.ts";
import { isMoved } from "../../core/drift/drift-level.ts";
import { readBodyBounded } from "../../core/platform/files/read-body.ts";
import { limitTime } from "../../core/platform/limit-time.ts";
import type { ExpectedDrift } from "./demo-turbine.ts";
import type { DemoVerdict } from "./demo-watch.ts";
import { driftPeriods } from "./plan-drift.ts";

/** All verdicts of one period. */
export interface PeriodVerdicts {
  readonly fromMs: number;
  readonly verdicts: readonly DriftVerdict[];
}

export interface DriftWatch {
  /** Verdicts of drift so far, one a point: the newest. */
  readonly found: readonly DriftVerdict[];
  /** Periods that were assessed. */
  readonly periods: number;
  readonly verdict: DemoVerdict;
  /** Resolves when the verdict is no longer open; rejects as `ended` does. */
  readonly decided: Promise<void>;
  /** Resolves once it is closed; rejects at the first reply that is none. Either may be left alone. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

interface DriftWatchOptions {
  readonly collectorUrl: string;
  readonly points: number;
  readonly expected: ExpectedDrift | null;
  /** Called once with each period, in order. */
  readonly onPeriod: (period: PeriodVerdicts) => void;
}

/** Healthy periods after which no drift is the answer. */
const healthyPeriods = 6;
/** Periods in which a drift that was found may be placed wrongly: all of its points are seldom found in one. */
const unsurePeriods = 6;

/**
 * What the periods so far say. `met`: in one period all that drifts is what was expected, placed as expected, and of a site most
 * of its points were placed so, warnings among them. `broken`: something else drifts, or it is still placed wrongly after some periods.
 */
export function decideDrift(periods: readonly PeriodVerdicts[], expected: ExpectedDrift | null): DemoVerdict {
  let healthy = 0;
  let unsure = 0;
  for (const { verdicts } of periods) {
    const drifted = verdicts.filter(({ level }) => level === "drift");
    if (drifted.length === 0) {
      if (verdicts.some(({ level }) => level === "stable" || level === "warning")) healthy++;
      continue;
    }
    if (expected === null || !drifted.every((verdict) => isExpectedPlace(verdict, expected))) return "broken";
    const needed = expected.kind === "site" ? expected.points.length / 2 : 0;
    const placed = verdicts.filter(({ level, cause }) => isMoved(level) && cause?.kind === expected.kind);
    if (placed.length > needed && drifted.every((verdict) => placed.includes(verdict))) return "met";
    if (++unsure >= unsurePeriods) return "broken";
  }
  return expected === null && healthy >= healthyPeriods ? "met" : "open";
}

function isExpectedPlace({ turbine, component }: DriftVerdict, { points }: ExpectedDrift): boolean {
  return points.some((point) => point.turbine === turbine && point.component === component);
}

const maxBytes = 16 * 1024 * 1024;
const askMs = 5000;
const pauseMs = 500;
const periodMs = driftPeriods.lengthS * 1000;

/** Begins to watch; a question that the collector does not answer is asked again. */
export function watchDrift(options: DriftWatchOptions): DriftWatch {
  const { expected, onPeriod } = options;
  const periods: PeriodVerdicts[] = [];
  const found = new Map<string, DriftVerdict>();
  let verdict: DemoVerdict = "open";
  let decide = (): void => {};
  const decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  const stop = new AbortController();

  const take = (period: PeriodVerdicts): void => {
    periods.push(period);
    for (const each of period.verdicts) {
      if (each.level === "drift") found.set(`${each.turbine}/${each.component}`, each);
    }
    onPeriod(period);
    if (verdict === "open") verdict = decideDrift(periods, expected);
    if (verdict !== "open") decide();
  };
  const run = async (): Promise<void> => {
    let place: ReadingPlace = { nextMs: null, seen: null };
    while (!stop.signal.aborted) {
      const read = await readPeriods(options, place, stop.signal);
      place = read.place;
      for (const period of read.complete) take(period);
      // Rejects only where it is cut short.
      await setTimeout(pauseMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  };
  const ended = run();
  const first = Promise.race([decided, ended]);
  // Whoever waits for one of them hears of it; that nobody does must not end the process.
  for (const each of [ended, first]) each.catch(() => {});
  return {
    get found() {
      return [...found.values()];
    },
    get periods() {
      return periods.length;
    },
    get verdict() {
      return verdict;
    },
    decided: first,
    ended,
    close: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** Where the reader is: the period that it goes on with (null: the newest), and what that one looked like when it was last read. */
interface ReadingPlace {
  readonly nextMs: number | null;
  readonly seen: string | null;
}

/**
 * Periods from a place on, in order, of which every point was assessed and read together with the others, twice alike: what is said of
 * a period is read anew when a point comes late. One is not left out because it was not complete when it was first seen.
 */
async function readPeriods(
  { collectorUrl, points }: DriftWatchOptions,
  from: ReadingPlace,
  signal: AbortSignal,
): Promise<{ readonly complete: readonly PeriodVerdicts[]; readonly place: ReadingPlace }> {
  const ask = (day?: string) => askVerdicts(collectorUrl, day, signal);
  const newest = (await ask())?.verdicts.map(({ fromMs }) => fromMs) ?? [];
  if (newest.length === 0) return { complete: [], place: from };
  const newestMs = Math.max(...newest);
  // A device may lag behind the others by periods.
  const slowestMs = newest.length < points ? Number.NEGATIVE_INFINITY : Math.min(...newest);
  const complete: PeriodVerdicts[] = [];
  let { nextMs, seen } = from;
  for (nextMs ??= newestMs; nextMs <= newestMs; nextMs += periodMs) {
    const page = await ask(nameDriftDay({ fromMs: nextMs, toMs: nextMs + periodMs }));
    if (page === null) break;
    const { verdicts } = page;
    const look = JSON.stringify(verdicts);
    // Of an older one nothing more is to come.
    const isOld = nextMs < slowestMs - periodMs;
    const isWhole = verdicts.length >= points && !verdicts.some(lacksCause);
    if (!isOld && !(isWhole && look === seen)) {
      seen = look;
      break;
    }
    complete.push({ fromMs: nextMs, verdicts });
    seen = null;
  }
  return { complete, place: { nextMs, seen } };
}

function lacksCause({ level, cause }: DriftVerdict): boolean {
  return isMoved(level) && cause === null;
}

/** Null: no answer in time. @throws ZodError for one that is no reply */
async function askVerdicts(
  collectorUrl: string,
  day: string | undefined,
  signal: AbortSignal,
): Promise<DriftVerdictReply | null> {
  const url = new URL("/api/v1/drift/verdicts?limit=500", collectorUrl);
  if (day !== undefined) url.searchParams.set("day", day);
  const body = await readReply(url, signal);
  return body === null ? null : driftVerdictReplySchema().parse(JSON.parse(body.toString("utf8")));
}

async function readReply(url: URL, signal: AbortSignal): Promise<Buffer | null> {
  try {
    const response = await fetch(url, { signal: limitTime(signal, askMs) });
    if (!response.ok || response.body === null) return null;
    return await readBodyBounded(response.body, maxBytes, () => tooLarge(url));
  } catch (error) {
    // A collector that is busy or about to end: the next question may be answered.
    if (error instanceof AuroraError) throw error;
    return null;
  }
}

function tooLarge(url: URL): AuroraError {
  return new AuroraError("WIRE_FORMAT", `more than ${maxBytes} bytes`, {
    op: "read drift",
    subject: url.href,
  });
}
