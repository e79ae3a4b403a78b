/**
 * What the outbox's lanes hold on the disk, and the one transaction that changes it: acknowledged records go, waiting
 * ones come, and when all is too much the oldest of the most expendable lane are dropped and declared. What it
 * remembers in memory changes only after the commit.
 */
import { type Lane, lanes } from "../../core/contract/topics.ts";
import type { GapRecord } from "../../core/contract/uplink-record.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { encodeRecord } from "../../core/wire/record-codec.ts";
import { eachLane, type LanePolicies, sheddingOrder } from "./lane-policy.ts";
import { type DroppedRecords, type LaneTotals, type OutboxTable, openOutboxTable } from "./outbox-table.ts";

export type LaneDrop = DroppedRecords & { readonly lane: Lane };

/** Records of one lane, consecutive, encoded. */
export interface OutboxBatch {
  readonly bootId: string;
  readonly firstSequence: number;
  /** The oldest that the lane still holds. */
  readonly oldestSequence: number;
  readonly records: readonly Uint8Array[];
}

/** Which records of a lane to read. */
export interface PeekOptions {
  /** Only those after this sequence; default 0. */
  readonly after?: number;
  /** Default 200. */
  readonly maxRecords?: number;
  /** Stop before the bodies exceed this; at least one record comes. Default 128 KiB. */
  readonly maxBytes?: number;
}

/** Records that wait for their commit, in order, and what had to be dropped of them. */
export interface WaitingRecords {
  readonly records: readonly PendingRecord[];
  /** What was dropped and is not yet declared, one a lane. */
  readonly gaps: readonly GapRecord[];
}

export interface PendingRecord {
  readonly lane: Lane;
  readonly timeMs: number;
  /** As `encodeRecord` made it. */
  readonly body: Uint8Array;
}

export interface OutboxLedger {
  readonly table: OutboxTable;
  readonly totals: Readonly<Record<Lane, LaneTotals>>;
  /** Everything up to this sequence is acknowledged; it goes with the next commit. */
  readonly acknowledged: Readonly<Record<Lane, number>>;
  /** Remembers an acknowledgement. `old` says nothing new, `unknown` is of a record that was never given out. */
  acknowledge(lane: Lane, sequence: number): "new" | "old" | "unknown";
  /** Commits what waits (and forgetting it is the caller's). Throws what SQLite throws, and then nothing has changed. */
  commit(
    waiting: WaitingRecords,
    nowMs: number,
  ): { readonly changed: readonly Lane[]; readonly drops: readonly LaneDrop[] };
  /** Drops at least `bytes` of the oldest records of the most expendable lane that has any; null when none has. */
  sacrifice(bytes: number): LaneDrop | null;
}

/** Drops make this much more room than needed, so that they are few. */
const dropShare = 0.05;

/** What bounds an outbox on the disk. */
export interface OutboxBounds {
  /** Bound of the bodies of all lanes together; lanes that are not expendable count and are never dropped. */
  readonly maxBytes: number;
  readonly policies: LanePolicies;
}

export function openOutboxLedger(database: SqliteDatabase, bounds: OutboxBounds): OutboxLedger {
  const { maxBytes, policies } = bounds;
  const shedding = sheddingOrder(policies);
  const table = openOutboxTable(database);
  let totals: Record<Lane, LaneTotals> = eachLane((lane) => table.totals(lane));
  let acknowledged = eachLane(() => 0);

  return {
    table,
    get totals() {
      return totals;
    },
    get acknowledged() {
      return acknowledged;
    },
    acknowledge(lane, sequence) {
      const { nextSequence, records } = totals[lane];
      if (sequence >= nextSequence) return "unknown";
      if (sequence <= acknowledged[lane] || sequence < nextSequence - records) return "old";
      acknowledged[lane] = sequence;
      return "new";
    },
    commit(waiting, nowMs) {
      const next = { ...totals };
      const drops: LaneDrop[] = [];
      const note = (lane: Lane, drop: DroppedRecords): void => {
        if (drop.records === 0) return;
        next[lane] = minus(next[lane], drop);
        drops.push({ lane, ...drop });
      };
      const grow = (lane: Lane, timeMs: number, body: Uint8Array): void => {
        const { nextSequence, records, bytes } = next[lane];
        table.insert(lane, { sequence: nextSequence, timeMs, body });
        next[lane] = { records: records + 1, bytes: bytes + body.length, nextSequence: nextSequence + 1 };
      };
      database.transaction(() => {
        for (const lane of lanes) {
          if (acknowledged[lane] > 0)
            next[lane] = minus(next[lane], table.removeUpTo(lane, acknowledged[lane]));
        }
        for (const { lane, timeMs, body } of waiting.records) grow(lane, timeMs, body);
        for (const gap of waiting.gaps) grow("update", nowMs, encodeRecord(gap));
        for (const lane of lanes) {
          const { timeToLiveMs, quotaBytes } = policies[lane];
          if (timeToLiveMs !== null) note(lane, table.dropBefore(lane, nowMs - timeToLiveMs));
          if (quotaBytes !== null) note(lane, table.dropOldest(lane, next[lane].bytes - quotaBytes));
        }
        for (const lane of shedding) {
          const excess = sumOf(next, "bytes") - maxBytes;
          if (excess <= 0) break;
          note(lane, table.dropOldest(lane, excess + maxBytes * dropShare));
        }
        for (const { lane, records, fromMs, toMs } of drops) {
          grow("update", nowMs, encodeRecord({ kind: "gap", lane, records, fromMs, toMs }));
        }
        for (const lane of lanes) {
          const { nextSequence } = next[lane];
          if (nextSequence !== totals[lane].nextSequence) table.setNextSequence(lane, nextSequence);
        }
      });
      const changed = lanes.filter((lane) => next[lane].nextSequence !== totals[lane].nextSequence);
      totals = next;
      acknowledged = eachLane(() => 0);
      return { changed, drops };
    },
    sacrifice(bytes) {
      const lane = shedding.find((name) => totals[name].records > 0);
      if (lane === undefined) return null;
      const drop = database.transaction(() => table.dropOldest(lane, bytes));
      totals = { ...totals, [lane]: minus(totals[lane], drop) };
      return { lane, ...drop };
    },
  };
}

/** The oldest records of a lane that are not acknowledged, or null. */
export function readBatch(ledger: OutboxLedger, lane: Lane, options: PeekOptions): OutboxBatch | null {
  const { table, acknowledged } = ledger;
  const rows = table.read(lane, Math.max(options.after ?? 0, acknowledged[lane]), options.maxRecords ?? 200);
  const first = rows[0];
  if (first === undefined) return null;
  const maxBytes = options.maxBytes ?? 128 * 1024;
  const records: Uint8Array[] = [];
  let bytes = 0;
  for (const { body } of rows) {
    bytes += body.length;
    if (records.length > 0 && bytes > maxBytes) break;
    records.push(body);
  }
  const oldestSequence = Math.max(table.oldest(lane) ?? first.sequence, acknowledged[lane] + 1);
  return { bootId: table.bootId, firstSequence: first.sequence, oldestSequence, records };
}

export function sumOf(totals: Readonly<Record<Lane, LaneTotals>>, field: "records" | "bytes"): number {
  return lanes.reduce((sum, lane) => sum + totals[lane][field], 0);
}

function minus(totals: LaneTotals, by: { readonly records: number; readonly bytes: number }): LaneTotals {
  return { ...totals, records: totals.records - by.records, bytes: totals.bytes - by.bytes };
}
