/**
 * What waits for the outbox's file, and its way there: all of it in one transaction, or the alerts alone where the
 * disk is full. Counts what had to be dropped. Knows no timer: when to write, and when again, is the outbox's.
 */
import type { Lane } from "../../core/contract/topics.ts";
import { type GapRecord, laneOfKind, type UplinkRecord } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { encodeRecord } from "../../core/wire/record-codec.ts";
import { eachLane, type LanePolicies, sheddingOrder } from "./lane-policy.ts";
import {
  type LaneDrop,
  type OutboxBounds,
  type OutboxLedger,
  openOutboxLedger,
  type PendingRecord,
  type WaitingRecords,
} from "./outbox-ledger.ts";
import type { StoreFile } from "./store-file.ts";

export interface OutboxWriterOptions {
  readonly file: Pick<StoreFile, "use">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bounds: OutboxBounds;
  /** Bound of all bodies that wait. */
  readonly maxPendingBytes: number;
  /** What is not expendable in this lane reached the full disk; the rest still waits. */
  onRescued(lane: Lane): void;
  /** Old records made way on a full disk: the rest need not wait either. */
  onRoom(): void;
}

export interface OutboxWriter {
  /** Takes a newly opened database. */
  attach(database: SqliteDatabase): void;
  /** Of the database in use; null before the first one. */
  readonly ledger: OutboxLedger | null;
  /** Lets a record wait; gives its lane. Throws WireRangeError for one that cannot be encoded. */
  push(record: UplinkRecord): Lane;
  pushEvent(name: string, subject: string, detail: string): Lane;
  /** Remembers an acknowledgement, which goes with the next commit; what of it is news as the ledger says. */
  acknowledge(lane: Lane, sequence: number): "new" | "old" | "unknown";
  /** Commits everything; gives the lanes that grew. When it throws, everything waits on. */
  commit(): readonly Lane[];
  /**
   * On a full disk what is not expendable (alerts) is tried alone, then with the log folded into the file, then in
   * place of what is dropped first.
   */
  rescue(): void;
  /** Drops the oldest expendable records that wait, until the bound is kept. */
  trim(): void;
  readonly hasWork: boolean;
  readonly pendingRecords: number;
  /** Records dropped so far, on the disk or before. */
  readonly dropped: Readonly<Record<Lane, number>>;
}

/** Room that is made at a time. */
const sacrificeBytes = 256 * 1024;

/** Creates a writer with nothing to write, and no database yet. */
export function createOutboxWriter(options: OutboxWriterOptions): OutboxWriter {
  const { file, clock, logger } = options;
  const buffer = createOutboxBuffer(options.maxPendingBytes, options.bounds.policies);
  const dropped = eachLane(() => 0);
  let ledger: OutboxLedger | null = null;
  let acknowledgementsWait = false;

  const push = (record: UplinkRecord): Lane => {
    const lane = laneOfKind[record.kind];
    buffer.push({ lane, timeMs: clock.nowMs(), body: encodeRecord(record) });
    return lane;
  };

  const sacrifice = (): void => {
    const drop = file.use(() => ledger!.sacrifice(sacrificeBytes));
    if (drop === null) return;
    const { lane, records, fromMs, toMs } = drop;
    dropped[lane] += records;
    buffer.declare({ kind: "gap", lane, records, fromMs, toMs });
    options.onRoom();
  };

  const noteDrops = (drops: readonly LaneDrop[]): void => {
    for (const { lane, records } of drops) {
      dropped[lane] += records;
      logger.warn("the outbox is full: oldest records dropped and declared", { lane, records });
    }
  };

  const isEssential = ({ lane }: PendingRecord): boolean => !options.bounds.policies[lane].isExpendable;
  const commitEssentials = (): void => {
    const records = buffer.records.filter(isEssential);
    const { changed, drops } = file.use(() => ledger!.commit({ records, gaps: [] }, clock.nowMs()));
    noteDrops(drops);
    for (const lane of new Set(records.map((record) => record.lane))) buffer.clearLane(lane);
    for (const lane of changed) options.onRescued(lane);
  };

  return {
    attach: (database) => {
      ledger = openOutboxLedger(database, options.bounds);
    },
    get ledger() {
      return ledger;
    },
    push,
    pushEvent: (name, subject, detail) =>
      push({ kind: "event", timeMs: clock.nowMs(), name, subject, detail }),
    acknowledge: (lane, sequence) => {
      const verdict = ledger!.acknowledge(lane, sequence);
      if (verdict === "new") acknowledgementsWait = true;
      return verdict;
    },
    commit: () => {
      // The ledger is the database's: a corrupted one is replaced on the way, and its ledger with it.
      const { changed, drops } = file.use(() => ledger!.commit(buffer, clock.nowMs()));
      buffer.clear();
      acknowledgementsWait = false;
      noteDrops(drops);
      return changed;
    },
    rescue: () => {
      if (!buffer.records.some(isEssential)) return;
      const ways = [
        () => {},
        () => file.use((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)")),
        sacrifice,
      ];
      for (const makeRoom of ways) {
        try {
          makeRoom();
          commitEssentials();
          return;
        } catch (error) {
          logger.debug("no room for an alert yet", { error });
        }
      }
    },
    trim: () => {
      for (const { lane, records } of buffer.trim()) dropped[lane] += records;
    },
    get hasWork() {
      return buffer.records.length > 0 || buffer.gaps.length > 0 || acknowledgementsWait;
    },
    get pendingRecords() {
      return buffer.records.length;
    },
    dropped,
  };
}

interface OutboxBuffer extends WaitingRecords {
  push(record: PendingRecord): void;
  /** Remembers records that were dropped elsewhere. */
  declare(gap: GapRecord): void;
  clear(): void;
  /** The lane's records were committed. */
  clearLane(lane: Lane): void;
  /** Drops the oldest of the most expendable lanes until the bound is kept. Returns how many of each. */
  trim(): { readonly lane: Lane; readonly records: number }[];
}

/** Creates an empty buffer for `maxBytes` of bodies. */
function createOutboxBuffer(maxBytes: number, policies: LanePolicies): OutboxBuffer {
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
      for (const lane of sheddingOrder(policies)) {
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
