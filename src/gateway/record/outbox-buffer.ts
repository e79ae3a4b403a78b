/**
 * What waits in memory for the outbox's file, bounded: the most expendable is dropped first, and declared. What is not
 * expendable and could not be written is numbered, so that it can be sent from here.
 */
import type { Lane } from "../../core/contract/topics.ts";
import type { GapRecord } from "../../core/contract/uplink-record.ts";
import { eachLane, type LanePolicies, lastResortOrder, sheddingOrder } from "./lane-policy.ts";
import type { HeldInMemory } from "./loss-mark.ts";
import type { PendingRecord, WaitingRecords } from "./outbox-ledger.ts";
import { joinGaps, joinSpans } from "./record-span.ts";

/** A record that could not be written, with its place among those of its lane. */
interface UnwrittenRecord {
  readonly sequence: number;
  readonly body: Uint8Array;
}

export interface OutboxBuffer extends WaitingRecords {
  /** Of all bodies that wait. */
  readonly bytes: number;
  push(record: PendingRecord): void;
  /** Puts older ones before those that have no number yet. */
  pushOlder(older: readonly PendingRecord[]): void;
  /** All but these were committed, and so was what is declared. */
  settle(left: readonly PendingRecord[]): void;
  /** Drops the oldest of the most expendable lanes until the bound is kept, of the others far above it. Returns how many of each. */
  trim(): { readonly lane: Lane; readonly records: number }[];
  /** Numbers what is not expendable and has no number yet. */
  number(): void;
  /** Numbered records of a lane after a number, oldest first. */
  numbered(lane: Lane, after: number): readonly UnwrittenRecord[];
  /** Records of the lane up to this number are stored elsewhere. */
  forget(lane: Lane, sequence: number): void;
  /** What waits of a lane; null: nothing. */
  held(lane: Lane): HeldInMemory | null;
}

/** Times over which what is not expendable may exceed the bound before it is dropped too: memory is not endless either. */
const lastResort = 8;

/** Creates an empty buffer for `maxBytes` of bodies. */
export function createOutboxBuffer(maxBytes: number, policies: LanePolicies): OutboxBuffer {
  let records: (PendingRecord & { sequence?: number })[] = [];
  let bytes = 0;
  const gaps = new Map<string, GapRecord>();
  const numbers = eachLane(() => 0);
  const declare = (gap: GapRecord): void => {
    const key = `${gap.lane} ${gap.reason}`;
    const before = gaps.get(key);
    gaps.set(key, before === undefined ? gap : joinGaps(before, gap));
  };
  const held = new Map<Lane, HeldInMemory>();
  const tally = ({ lane, span }: PendingRecord): void => {
    const before = held.get(lane) ?? { records: 0, ...span };
    held.set(lane, { records: before.records + 1, windows: 0, ...joinSpans(before, span) });
  };
  const keep = (left: typeof records): void => {
    records = left;
    bytes = records.reduce((sum, record) => sum + record.body.length, 0);
    held.clear();
    for (const record of records) tally(record);
  };
  const dropOldest = (lane: Lane, maxKeptBytes: number): number => {
    let count = 0;
    records = records.filter((record) => {
      if (bytes <= maxKeptBytes || record.lane !== lane) return true;
      bytes -= record.body.length;
      count += 1;
      declare({ kind: "gap", lane, records: 1, ...record.span, reason: "disk-full" });
      return false;
    });
    if (count > 0) keep(records);
    return count;
  };
  return {
    get records() {
      return records;
    },
    get bytes() {
      return bytes;
    },
    get gaps() {
      return [...gaps.values()];
    },
    push(record) {
      records.push({ ...record });
      bytes += record.body.length;
      tally(record);
    },
    pushOlder(older) {
      const numbered = records.filter(({ sequence }) => sequence !== undefined);
      const others = records.filter(({ sequence }) => sequence === undefined);
      keep([...numbered, ...older.map((record) => ({ ...record })), ...others]);
    },
    settle(left) {
      keep([...left]);
      gaps.clear();
    },
    trim() {
      const trimmed: { lane: Lane; records: number }[] = [];
      const drop = (lane: Lane, maxKeptBytes: number): void => {
        if (bytes <= maxKeptBytes) return;
        const count = dropOldest(lane, maxKeptBytes);
        if (count > 0) trimmed.push({ lane, records: count });
      };
      for (const lane of sheddingOrder(policies)) drop(lane, maxBytes);
      for (const lane of lastResortOrder(policies)) drop(lane, maxBytes * lastResort);
      return trimmed;
    },
    number() {
      for (const record of records) {
        if (policies[record.lane].isExpendable || record.sequence !== undefined) continue;
        numbers[record.lane] += 1;
        record.sequence = numbers[record.lane];
      }
    },
    numbered: (lane, after) =>
      records.flatMap(({ lane: of, sequence, body }) =>
        of === lane && sequence !== undefined && sequence > after ? [{ sequence, body }] : [],
      ),
    forget(lane, upTo) {
      keep(
        records.filter(({ lane: of, sequence }) => of !== lane || sequence === undefined || sequence > upTo),
      );
    },
    held: (lane) => held.get(lane) ?? null,
  };
}
