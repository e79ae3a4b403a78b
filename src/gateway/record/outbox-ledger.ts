/**
 * What the outbox's lanes hold on the disk, and the one transaction that changes it: acknowledged records go, waiting
 * ones come, and when all is too much the oldest of the most expendable lane are dropped and declared. What it
 * remembers in memory changes only after the commit.
 */
import { type Lane, lanes } from "../../core/contract/topics.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { encodeRecord } from "../../core/wire/record-codec.ts";
import type { OutboxBuffer } from "./outbox-buffer.ts";
import { type DroppedRecords, type LaneTotals, type OutboxTable, openOutboxTable } from "./outbox-table.ts";

/** Records dropped from a lane. */
export type LaneDrop = DroppedRecords & { readonly lane: Lane };

/** The ledger of one open database. */
export interface OutboxLedger {
  readonly table: OutboxTable;
  readonly totals: Readonly<Record<Lane, LaneTotals>>;
  /** Everything up to this sequence is acknowledged; it goes with the next commit. */
  readonly acknowledged: Readonly<Record<Lane, number>>;
  /** Remembers an acknowledgement. `old` says nothing new, `unknown` is of a record that was never given out. */
  acknowledge(lane: Lane, sequence: number): "new" | "old" | "unknown";
  /** Commits what waits (and leaves clearing the buffer to the caller). Throws what SQLite throws, and then nothing has changed. */
  commit(
    waiting: Pick<OutboxBuffer, "records" | "gaps">,
    nowMs: number,
  ): { readonly changed: readonly Lane[]; readonly drops: readonly LaneDrop[] };
  /** Drops at least `bytes` of the oldest records of the most expendable lane that has any; null when only alerts are left. */
  sacrifice(bytes: number): LaneDrop | null;
}

/** Drops make this much more room than needed, so that they are few. */
const dropShare = 0.05;

/** Opens the ledger; `maxBytes` bounds the bodies of all lanes together. */
export function openOutboxLedger(database: SqliteDatabase, maxBytes: number): OutboxLedger {
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
      const grow = (lane: Lane, timeMs: number, body: Uint8Array): void => {
        const { nextSequence, records, bytes } = next[lane];
        table.insert(lane, nextSequence, timeMs, body);
        next[lane] = { records: records + 1, bytes: bytes + body.length, nextSequence: nextSequence + 1 };
      };
      database.transaction(() => {
        for (const lane of lanes) {
          if (acknowledged[lane] > 0)
            next[lane] = minus(next[lane], table.removeUpTo(lane, acknowledged[lane]));
        }
        for (const { lane, timeMs, body } of waiting.records) grow(lane, timeMs, body);
        for (const gap of waiting.gaps) grow("update", nowMs, encodeRecord(gap));
        // Last in the order of survival, first to go; the first lane (alerts) never goes.
        for (const lane of lanes.slice(1).reverse()) {
          const excess = sumOf(next, "bytes") - maxBytes;
          if (excess <= 0) break;
          const drop = table.dropOldest(lane, excess + maxBytes * dropShare);
          if (drop.records === 0) continue;
          next[lane] = minus(next[lane], drop);
          drops.push({ lane, ...drop });
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
      const lane = lanes
        .slice(1)
        .reverse()
        .find((name) => totals[name].records > 0);
      if (lane === undefined) return null;
      const drop = database.transaction(() => table.dropOldest(lane, bytes));
      totals = { ...totals, [lane]: minus(totals[lane], drop) };
      return { lane, ...drop };
    },
  };
}

/** A value for every lane. */
export function eachLane<T>(value: (lane: Lane) => T): Record<Lane, T> {
  return Object.fromEntries(lanes.map((lane) => [lane, value(lane)])) as Record<Lane, T>;
}

/** Sum over all lanes. */
export function sumOf(totals: Readonly<Record<Lane, LaneTotals>>, field: "records" | "bytes"): number {
  return lanes.reduce((sum, lane) => sum + totals[lane][field], 0);
}

function minus(totals: LaneTotals, by: { readonly records: number; readonly bytes: number }): LaneTotals {
  return { ...totals, records: totals.records - by.records, bytes: totals.bytes - by.bytes };
}
