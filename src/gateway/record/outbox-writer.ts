/**
 * What waits for the outbox's file, and its way there: all of it in one transaction, or what is not expendable alone where
 * the disk is full. Counts what had to be dropped. Knows no timer: when to write, and when again, is the outbox's.
 */
import type { Lane } from "../../core/contract/topics.ts";
import { laneOfKind, type UplinkRecord } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { encodeRecord } from "../../core/wire/record-codec.ts";
import { eachLane } from "./lane-policy.ts";
import type { LossMark } from "./loss-mark.ts";
import { createOutboxBuffer, type OutboxBuffer } from "./outbox-buffer.ts";
import {
  type CommitTerms,
  type OutboxBounds,
  type OutboxLedger,
  openOutboxLedger,
  type PendingRecord,
} from "./outbox-ledger.ts";
import type { LaneDrop } from "./outbox-shedding.ts";
import { spanOfRecord } from "./record-span.ts";
import type { StoreFile } from "./store-file.ts";

interface OutboxWriterOptions {
  readonly file: Pick<StoreFile, "use" | "settle" | "reserve">;
  readonly mark: LossMark;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bounds: OutboxBounds;
  /** Bound of all bodies that wait. */
  readonly maxPendingBytes: number;
  readonly isClockConfirmed: () => boolean;
  /** What is not expendable in this lane reached the full disk; the rest still waits. */
  onRescued(lane: Lane): void;
  /** Room was made on a full disk: the rest need not wait either. */
  onRoom(): void;
}

export interface OutboxWriter {
  /** Takes a newly opened database. */
  attach(database: SqliteDatabase): void;
  /** Of the database in use; null before the first one. */
  readonly ledger: OutboxLedger | null;
  readonly buffer: OutboxBuffer;
  /** Lets a record wait; gives its lane. Throws WireRangeError for one that cannot be encoded. */
  push(record: UplinkRecord, fromMs?: number): Lane;
  pushEvent(name: string, subject: string, detail: string): Lane;
  /** Remembers an acknowledgement, which goes with the next commit; what of it is news as the ledger says. */
  acknowledge(lane: Lane, sequence: number): "new" | "old" | "unknown";
  /** Commits everything that has room; gives the lanes that grew. When it throws, everything waits on. */
  commit(): readonly Lane[];
  /**
   * On a full disk what is not expendable is tried alone, in the room of the reserve, with the log folded into the file,
   * then in place of what is dropped first. What still waits is numbered, to be sent from memory.
   */
  rescue(): void;
  /** Drops the oldest expendable records that wait, until the bound is kept. */
  trim(): void;
  /** Says in the mark what of each lane is in memory only. */
  noteHeld(): void;
  readonly hasWork: boolean;
  readonly pendingRecords: number;
  /** Records dropped so far, on the disk or before; thinned ones are not. */
  readonly dropped: Readonly<Record<Lane, number>>;
}

/** What the outbox is called among the parts of its file. */
export const outboxPart = "outbox";

/** Room that is made at a time. */
const sacrificeBytes = 256 * 1024;
/** Expendable bodies of one transaction on a full disk; at least one record fits, as none is longer. */
const sliceBytes = 64 * 1024;

/** Creates a writer with nothing to write, and no database yet. */
export function createOutboxWriter(options: OutboxWriterOptions): OutboxWriter {
  const { file, mark, clock, logger } = options;
  const { policies } = options.bounds;
  const buffer = createOutboxBuffer(options.maxPendingBytes, policies);
  const dropped = eachLane(() => 0);
  let ledger: OutboxLedger | null = null;
  let acknowledgementsWait = false;

  const push = (record: UplinkRecord, fromMs?: number): Lane => {
    const lane = laneOfKind[record.kind];
    const span = spanOfRecord(record, clock.nowMs(), fromMs);
    buffer.push({ lane, monotonicMs: clock.monotonicMs(), span, body: encodeRecord(record) });
    // An alert is on the disk before this run of the event loop ends, or is noted when it could not be.
    if (policies[lane].isExpendable) mark.note({ [lane]: buffer.held(lane) });
    return lane;
  };

  const noteHeld = (): void => mark.note(eachLane(buffer.held));

  const noteDrops = (drops: readonly LaneDrop[]): void => {
    for (const { lane, records, reason } of drops) {
      if (reason !== "summarised") dropped[lane] += records;
      logger.warn("the outbox made room, and declares it", { lane, records, reason });
    }
  };

  const terms = (): CommitTerms => ({
    nowMs: clock.nowMs(),
    monotonicMs: clock.monotonicMs(),
    isClockConfirmed: options.isClockConfirmed(),
    mayGrow: file.reserve.isHeld,
  });

  const commit = (choose: () => readonly PendingRecord[]): readonly Lane[] => {
    // The ledger is the database's: a corrupted one is replaced on the way, its ledger with it, and what it still held waits first.
    const { records, result } = file.use(() => {
      const records = choose();
      return { records, result: ledger!.commit({ records, gaps: buffer.gaps }, terms()) };
    });
    const committed = new Set(records);
    const left = new Set(result.left);
    buffer.settle(buffer.records.filter((record) => !committed.has(record) || left.has(record)));
    acknowledgementsWait = false;
    noteDrops(result.drops);
    noteHeld();
    if (buffer.records.length === 0) file.settle(outboxPart);
    return result.changed;
  };

  /** Without the reserve every changed page may need the last room: what is expendable goes a little at a time. */
  const takeSlice = (): readonly PendingRecord[] => {
    let bytes = 0;
    return buffer.records.filter((record) => {
      if (isEssential(record)) return true;
      bytes += record.body.length;
      return bytes <= sliceBytes;
    });
  };

  const isEssential = ({ lane }: PendingRecord): boolean => !policies[lane].isExpendable;
  const commitEssentials = (): void => {
    for (const lane of commit(() => buffer.records.filter(isEssential))) options.onRescued(lane);
  };

  return {
    attach: (database) => {
      ledger = openOutboxLedger(database, options.bounds);
    },
    get ledger() {
      return ledger;
    },
    buffer,
    push,
    pushEvent: (name, subject, detail) =>
      push({ kind: "event", timeMs: clock.nowMs(), name, subject, detail }),
    acknowledge: (lane, sequence) => {
      const verdict = ledger!.acknowledge(lane, sequence);
      if (verdict === "new") acknowledgementsWait = true;
      return verdict;
    },
    commit: () => commit(() => (file.reserve.isHeld ? buffer.records : takeSlice())),
    rescue: () => {
      const ways = [
        () => {
          // Room for whoever writes, and no more than is needed of it for the log.
          if (file.reserve.giveUp()) options.onRoom();
        },
        () => file.use((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)")),
        () => {
          noteDrops(file.use(() => ledger!.sacrifice(sacrificeBytes, clock.nowMs())));
          options.onRoom();
        },
      ];
      for (const makeRoom of ways) {
        try {
          makeRoom();
          commitEssentials();
          return;
        } catch (error) {
          logger.debug("no room for what must be kept yet", { error });
        }
      }
      buffer.number();
    },
    trim: () => {
      for (const { lane, records } of buffer.trim()) dropped[lane] += records;
    },
    noteHeld,
    get hasWork() {
      return buffer.records.length > 0 || buffer.gaps.length > 0 || acknowledgementsWait;
    },
    get pendingRecords() {
      return buffer.records.length;
    },
    dropped,
  };
}
