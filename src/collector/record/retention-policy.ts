/**
 * How long the fleet's record keeps what, and how coarse it becomes meanwhile: one table. Alarms with their events, turbines, gateways and
 * watermarks are kept for ever, as they are; messages that were set aside are bounded by their number.
 */
import type { CollectorConfig } from "../../core/contract/config/collector-config.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { PredictionThinning } from "./prediction-record.ts";

/** What is removed when it is old enough. */
export type PrunedClass = "predictions" | "drift" | "verdicts" | "events" | "updates";

/** What becomes of a class with age. */
export interface ClassPolicy {
  /** Days that it is kept. */
  readonly keptDays: number;
  /** From which age on its rows are how long; in the order of age. Empty: rows stay as they are. */
  readonly thinned: readonly ThinningStep[];
}

interface ThinningStep {
  readonly afterDays: number;
  readonly rowSeconds: number;
}

/** What of the configuration the policy is made of. */
interface RetentionConfig extends Pick<CollectorConfig, "retentionDays" | "predictions"> {
  readonly drift: Pick<CollectorConfig["drift"], "verdictDays">;
}

/** The table. All of it is the operator's choice. */
export function retentionPolicy(config: RetentionConfig): Readonly<Record<PrunedClass, ClassPolicy>> {
  const { retentionDays, predictions, drift } = config;
  return {
    /** By when they arrived: a gateway's clock may say 1970. */
    predictions: { keptDays: predictions.retentionDays ?? retentionDays, thinned: predictions.thinning },
    /** By whole days (UTC). Of a day that has been assessed only the sketches are left. A reference goes by its last use. */
    drift: { keptDays: retentionDays, thinned: [] },
    /** By the end of their period; with them events that are evidence (`kept-events.ts`), by when they arrived. They say what was normal, and when it ceased to be. */
    verdicts: { keptDays: drift.verdictDays, thinned: [] },
    /** By when they arrived, too. Gaps are among them: what is missing must be said as long as what is there. */
    events: { keptDays: retentionDays, thinned: [] },
    /** Which model served, as long as what it decided is told. */
    updates: { keptDays: drift.verdictDays, thinned: [] },
  };
}

/** The moment before which each class may go. */
export function expiryTimes(
  policy: Readonly<Record<PrunedClass, Pick<ClassPolicy, "keptDays">>>,
  nowMs: number,
): Readonly<Record<PrunedClass, number>> {
  const times = Object.entries(policy).map(([name, { keptDays }]) => [name, nowMs - keptDays * dayMs]);
  return Object.fromEntries(times) as Record<PrunedClass, number>;
}

/** How an engine removes what of each class is of before a moment; resolves with how many rows. */
export type Pruners = Readonly<Record<PrunedClass, (beforeMs: number) => Promise<number>>>;

/** Removes of each class what is of before its time; resolves with how many rows in all. A failure leaves the rest for the next time. */
export async function pruneClasses(
  pruners: Pruners,
  olderThanMs: Readonly<Record<PrunedClass, number>>,
): Promise<number> {
  let removed = 0;
  for (const name of Object.keys(pruners) as PrunedClass[])
    removed += await pruners[name](Math.trunc(olderThanMs[name]));
  return removed;
}

/** What is to be thinned now: the longest rows first, so that what is old enough for them becomes them at once. */
export function thinningTimes({ thinned }: ClassPolicy, nowMs: number): PredictionThinning[] {
  return thinned
    .map(({ afterDays, rowSeconds }) => ({
      receivedBeforeMs: nowMs - afterDays * dayMs,
      rowMs: rowSeconds * 1_000,
    }))
    .sort((a, b) => b.rowMs - a.rowMs);
}
