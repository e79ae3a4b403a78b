/** Records that wait for their commit, in order, and what had to be dropped of them. Bounded when told to trim; writes nothing. */
import { type Lane, lanes } from "../../core/contract/topics.ts";
import type { GapRecord } from "../../core/contract/uplink-record.ts";

/** A record that waits. */
export interface PendingRecord {
  readonly lane: Lane;
  readonly timeMs: number;
  /** As `encodeRecord` made it. */
  readonly body: Uint8Array;
}

/** The waiting records. */
export interface OutboxBuffer {
  readonly records: readonly PendingRecord[];
  /** What was dropped and is not yet declared, one a lane. */
  readonly gaps: readonly GapRecord[];
  push(record: PendingRecord): void;
  /** Remembers records that were dropped elsewhere. */
  declare(gap: GapRecord): void;
  /** Everything was committed. */
  clear(): void;
  /** The lane's records were committed. */
  clearLane(lane: Lane): void;
  /** Drops the oldest of the most expendable lanes until the bound is kept; alerts stay. Returns how many of each. */
  trim(): { readonly lane: Lane; readonly records: number }[];
}

/** Creates an empty buffer for `maxBytes` of bodies. */
export function createOutboxBuffer(maxBytes: number): OutboxBuffer {
  let records: PendingRecord[] = [];
  let bytes = 0;
  const gaps = new Map<Lane, GapRecord>();
  const declare = (gap: GapRecord): void => {
    const before = gaps.get(gap.lane);
    gaps.set(
      gap.lane,
      before === undefined
        ? gap
        : {
            ...gap,
            records: before.records + gap.records,
            fromMs: Math.min(before.fromMs, gap.fromMs),
            toMs: Math.max(before.toMs, gap.toMs),
          },
    );
  };
  return {
    get records() {
      return records;
    },
    get gaps() {
      return [...gaps.values()];
    },
    push(record) {
      records.push(record);
      bytes += record.body.length;
    },
    declare,
    clear() {
      records = [];
      bytes = 0;
      gaps.clear();
    },
    clearLane(lane) {
      records = records.filter((record) => record.lane !== lane);
      bytes = records.reduce((sum, record) => sum + record.body.length, 0);
    },
    trim() {
      const trimmed: { lane: Lane; records: number }[] = [];
      for (const lane of lanes.slice(1).reverse()) {
        if (bytes <= maxBytes) break;
        let count = 0;
        records = records.filter((record) => {
          if (bytes <= maxBytes || record.lane !== lane) return true;
          bytes -= record.body.length;
          count += 1;
          declare({ kind: "gap", lane, records: 1, fromMs: record.timeMs, toMs: record.timeMs });
          return false;
        });
        if (count > 0) trimmed.push({ lane, records: count });
      }
      return trimmed;
    },
  };
}
