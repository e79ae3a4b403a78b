/** How an outlook does over one life: what it said when, and what came. */

import {
  createOutlook,
  type OutlookReference,
  type OutlookRule,
} from "../../src/core/decision/outlook/outlook.ts";
import { minuteMs } from "../../src/core/maths/durations.ts";
import { computeMedian } from "../../src/core/maths/robust.ts";

export interface LifeToJudge {
  readonly name: string;
  readonly toMs: readonly number[];
  readonly severityDb: readonly number[];
}

/** What was said of one life; shares are of the times at which it was asked. */
export interface LifeScore {
  readonly name: string;
  /** When one had to stop, hours from the first severity; null: never. */
  readonly stopHours: number | null;
  /** Did the level say so, or the end of the test? */
  readonly endedBy: "level" | "end" | "nothing";
  readonly asked: number;
  /** Answers with hours. */
  readonly said: number;
  /** Share of the answers whose interval holds what came; NaN: no answer. */
  readonly coverage: number;
  /** What came sooner than `low`, share of the answers. */
  readonly sooner: number;
  /** What came later than `high`. */
  readonly later: number;
  /** Of the first answer alone. */
  readonly isFirstCovered: boolean | null;
  /** Median of |hours − what came| / what came. */
  readonly relativeError: number;
  /** high / low of the answers that have both, median. */
  readonly width: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Asked so often in a life, evenly over its time. */
const asks = 100;
/** The level is passed where the median of so many severities and of so long a time is above it: one loud one is not. */
const samplesAbove = 12;
const minMsAbove = 2 * minuteMs;

/** Follows a life until its stop level is passed; `endStops`: where it ends without that, one had to stop there. */
export function scoreLife(
  life: LifeToJudge,
  reference: OutlookReference,
  options: { readonly rule: OutlookRule; readonly endStops: boolean },
): LifeScore {
  const stop = findStop(life, reference.stopDb, options.endStops);
  const until = stop.index ?? life.toMs.length;
  const outlook = createOutlook(reference, { rule: options.rule });
  const every = Math.max(1, Math.floor(until / asks));
  const reasons: Record<string, number> = {};
  const hits: { covered: boolean; sooner: boolean; error: number; width: number }[] = [];
  let asked = 0;
  for (let index = 0; index < until; index++) {
    outlook.update({ toMs: life.toMs[index]!, severityDb: life.severityDb[index]! });
    if (index % every !== every - 1) continue;
    asked++;
    const said = outlook.forecast();
    if (said.kind === "cannot-say") {
      reasons[said.reason] = (reasons[said.reason] ?? 0) + 1;
      continue;
    }
    const came =
      stop.index === null ? Number.POSITIVE_INFINITY : (life.toMs[until]! - life.toMs[index]!) / 3_600_000;
    const sooner = came < said.low;
    hits.push({
      covered: !sooner && (said.high === null || came <= said.high),
      sooner,
      error: Math.abs(said.hours - came) / came,
      width: said.high === null || said.low === 0 ? Number.NaN : said.high / said.low,
    });
  }
  const share = (of: (hit: (typeof hits)[number]) => boolean): number => hits.filter(of).length / hits.length;
  return {
    name: life.name,
    stopHours: stop.index === null ? null : (life.toMs[stop.index]! - life.toMs[0]!) / 3_600_000,
    endedBy: stop.by,
    asked,
    said: hits.length,
    coverage: share((hit) => hit.covered),
    sooner: share((hit) => hit.sooner),
    later: share((hit) => !hit.covered && !hit.sooner),
    isFirstCovered: hits[0]?.covered ?? null,
    relativeError: computeMedian(hits.map((hit) => hit.error)),
    width: computeMedian(hits.map((hit) => hit.width).filter(Number.isFinite)),
    reasons,
  };
}

function findStop(
  { toMs, severityDb }: LifeToJudge,
  stopDb: number,
  endStops: boolean,
): { readonly index: number | null; readonly by: LifeScore["endedBy"] } {
  for (let from = 0; from + samplesAbove <= toMs.length; from++) {
    if (severityDb[from]! < stopDb) continue;
    let to = from + samplesAbove;
    while (to < toMs.length && toMs[to]! - toMs[from]! < minMsAbove) to++;
    if (computeMedian(severityDb.slice(from, to)) >= stopDb) return { index: from, by: "level" };
  }
  return endStops ? { index: toMs.length - 1, by: "end" } : { index: null, by: "nothing" };
}

/** Over lives, each of which counts once. */
export function summariseLives(lives: readonly LifeScore[]): Readonly<Record<string, number>> {
  const spoken = lives.filter((life) => life.said > 0);
  const mean = (of: (life: LifeScore) => number): number =>
    spoken.reduce((sum, life) => sum + of(life), 0) / spoken.length;
  const asked = lives.reduce((sum, life) => sum + life.asked, 0);
  const said = lives.reduce((sum, life) => sum + life.said, 0);
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    lives: lives.length,
    livesWithAnAnswer: spoken.length,
    coverage: round(mean((life) => life.coverage)),
    standardError: round(
      Math.sqrt(
        mean((life) => (life.coverage - mean((each) => each.coverage)) ** 2) / Math.max(1, spoken.length - 1),
      ),
    ),
    sooner: round(mean((life) => life.sooner)),
    later: round(mean((life) => life.later)),
    firstAnswersCovered: round(mean((life) => Number(life.isFirstCovered))),
    cannotSay: round(1 - said / asked),
    relativeError: round(computeMedian(spoken.map((life) => life.relativeError))),
    width: round(computeMedian(spoken.map((life) => life.width).filter(Number.isFinite))),
  };
}
