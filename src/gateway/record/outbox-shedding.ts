/**
 * Makes room in the outbox by the policy of its lanes: the most expendable first; predictions are thinned before
 * drift is dropped, and go only after that. Runs inside the caller's transaction and says what it did; declares nothing.
 */
import type { Lane } from "../../core/contract/topics.ts";
import type { GapReason, GapRecord, PredictionBatch } from "../../core/contract/uplink-record.ts";
import { decodeRecord, encodeRecord } from "../../core/wire/record-codec.ts";
import {
  eachLane,
  type LanePolicies,
  maxRecordsOfEnvelope,
  sheddingOrder,
  windowEnvelopes,
} from "./lane-policy.ts";
import type { OutboxTable, StoredRecord } from "./outbox-table.ts";
import { summarisePredictions } from "./prediction-summary.ts";
import { joinGaps } from "./record-span.ts";
import { sealBytes } from "./sealed-body.ts";

/** What was done to the oldest records of a lane. */
export interface LaneDrop {
  readonly lane: Lane;
  readonly reason: GapReason;
  /** Records that are no longer there as they were. */
  readonly records: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** By how much less the lane holds. */
  readonly fewerRecords: number;
  readonly fewerBytes: number;
}

/** What is short. */
type ShortageReason = Extract<GapReason, "quota" | "disk-full">;

interface OutboxShedding {
  /**
   * Sheds until the file's pages in use are at most `maxUsedBytes`, nothing expendable is left, or as much was thinned as one transaction
   * may: then the next call goes on, and no drift goes meanwhile, but on a full disk where none of that could be thinned.
   */
  makeRoom(maxUsedBytes: number, reason: ShortageReason): readonly LaneDrop[];
}

/** Records that are thinned at a time, and how often in one transaction: as many in all as a commit brings at most (`outbox.ts`). */
const summaryStep = 256;
const maxSummarySteps = 16;
/**
 * Oldest records of a lane that are left as they are: all that a window of envelopes holds. The collector may have stored them unheard,
 * before a restart too, and what stood for them under a later sequence would be counted beside them.
 */
const mostGivenOut = windowEnvelopes * maxRecordsOfEnvelope;
/** Thinning that saves less than this share is not worth its writing: those are summaries already. */
const worthwhileShare = 0.3;
/** More than is needed is dropped, so that it happens rarely; on a full disk every changed page needs room in the log. */
const spareBytes = { quota: 1024 * 1024, "disk-full": 32 * 1024 } as const;
const dropShare = 0.05;

export function createOutboxShedding(table: OutboxTable, policies: LanePolicies): OutboxShedding {
  const order = sheddingOrder(policies);
  /** Up to this sequence the lane's records are summaries already. */
  const summarisedUpTo = eachLane(() => 0);

  const summarise = (lane: Lane, isEnough: () => boolean): { drops: LaneDrop[]; isThrough: boolean } => {
    const drops: LaneDrop[] = [];
    const first = table.oldest(lane, mostGivenOut);
    if (first === null) return { drops, isThrough: true };
    summarisedUpTo[lane] = Math.max(summarisedUpTo[lane], first - 1);
    for (let step = 0; !isEnough(); step++) {
      if (step === maxSummarySteps) return { drops, isThrough: false };
      const held = table.read(lane, summarisedUpTo[lane], summaryStep);
      // The newest few are left alone: a handful of records hardly shrinks.
      if (held.length < summaryStep) break;
      const drop = thin(table, lane, held);
      if (drop !== null) drops.push(drop);
      summarisedUpTo[lane] = held.at(-1)!.sequence;
    }
    return { drops, isThrough: true };
  };

  const drop = (lane: Lane, limits: { maxUsedBytes: number; reason: ShortageReason }): LaneDrop[] => {
    const drops: LaneDrop[] = [];
    for (;;) {
      const excess = table.measureFile().usedBytes - limits.maxUsedBytes;
      if (excess <= 0) return drops;
      const spare = Math.min(limits.maxUsedBytes * dropShare, spareBytes[limits.reason]);
      const gone = table.dropOldest(lane, excess + spare);
      if (gone.records === 0) return drops;
      const { records, bytes } = gone;
      drops.push({ ...gone, lane, reason: limits.reason, fewerRecords: records, fewerBytes: bytes });
    }
  };

  return {
    makeRoom(maxUsedBytes, reason) {
      const isEnough = (): boolean => table.measureFile().usedBytes <= maxUsedBytes;
      const isThinned = (lane: Lane): boolean => {
        const policy = policies[lane];
        return policy.isExpendable && policy.shedding === "summarise";
      };
      const drops: LaneDrop[] = [];
      for (const lane of order) {
        if (isEnough()) return drops;
        if (!isThinned(lane)) {
          drops.push(...drop(lane, { maxUsedBytes, reason }));
          continue;
        }
        const thinned = summarise(lane, isEnough);
        drops.push(...thinned.drops);
        // An alert may wait for room on the disk; a quota can wait for the next commit.
        if (!thinned.isThrough && (reason === "quota" || thinned.drops.length > 0)) return drops;
      }
      for (const lane of order.filter(isThinned)) drops.push(...drop(lane, { maxUsedBytes, reason }));
      return drops;
    },
  };
}

/**
 * Puts summaries in the place of these records, or does nothing where that saves little. They take the last sequences of
 * those that they stand for: whatever of these the collector has stored unheard, nothing newer is taken for a duplicate.
 */
function thin(table: OutboxTable, lane: Lane, held: readonly StoredRecord[]): LaneDrop | null {
  const batches: PredictionBatch[] = [];
  const others: Uint8Array[] = [];
  for (const { body } of held) {
    // What the disk has changed is left to whoever finds it as it is sent, and tells.
    if (body === null) return null;
    const record = decodeRecord(body);
    if (record.kind === "prediction-batch") batches.push(record);
    else others.push(body);
  }
  // Health records between them are cumulative, and as good at the end.
  const bodies = [...summarisePredictions(batches).map(encodeRecord), ...others.slice(-1)];
  const before = held.reduce((sum, { bytes }) => sum + bytes, 0);
  const after = bodies.reduce((sum, body) => sum + body.length + sealBytes, 0);
  if (after > before * (1 - worthwhileShare) || bodies.length > held.length) return null;
  const [first, last] = [held[0]!, held.at(-1)!];
  table.removeBetween(lane, first.sequence, last.sequence);
  for (const [index, body] of bodies.entries()) {
    table.insert(lane, {
      sequence: last.sequence - bodies.length + 1 + index,
      timeMs: last.timeMs,
      body,
    });
  }
  return {
    lane,
    reason: "summarised",
    records: held.length,
    fromMs: Math.min(...held.map(({ timeMs }) => timeMs)),
    toMs: Math.max(...held.map(({ timeMs }) => timeMs)),
    fewerRecords: held.length - bodies.length,
    fewerBytes: before - after,
  };
}

/** What was dropped as gaps, one a lane and reason. */
export function mergeGaps(drops: readonly LaneDrop[]): readonly GapRecord[] {
  const gaps = new Map<string, GapRecord>();
  for (const { lane, reason, records, fromMs, toMs } of drops) {
    const key = `${lane} ${reason}`;
    const gap: GapRecord = { kind: "gap", lane, reason, records, fromMs, toMs };
    const before = gaps.get(key);
    gaps.set(key, before === undefined ? gap : joinGaps(before, gap));
  }
  return [...gaps.values()];
}
