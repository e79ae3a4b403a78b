/**
 * What waits for the outbox's file, and its way there: all of it in one transaction, or the alerts alone where the
 * disk is full. Counts what had to be dropped. Knows no timer: when to write, and when again, is the outbox's.
 */
import type { Lane } from "../../core/contract/topics.ts";
import { laneOfKind, type UplinkRecord } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { encodeRecord } from "../../core/wire/record-codec.ts";
import { createOutboxBuffer } from "./outbox-buffer.ts";
import { eachLane, type OutboxLedger, openOutboxLedger } from "./outbox-ledger.ts";
import type { StoreFile } from "./store-file.ts";

/** Options of {@link createOutboxWriter}. */
export interface OutboxWriterOptions {
  readonly file: Pick<StoreFile, "use">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bound of all bodies on the disk. */
  readonly maxBytes: number;
  /** Bound of all bodies that wait. */
  readonly maxPendingBytes: number;
  /** Alerts reached the full disk; the rest still waits. */
  onRescued(): void;
  /** Old records made way on a full disk: the rest need not wait either. */
  onRoom(): void;
}

/** A writer. */
export interface OutboxWriter {
  /** Takes a newly opened database. */
  attach(database: SqliteDatabase): void;
  /** Of the database in use; null before the first one. */
  readonly ledger: OutboxLedger | null;
  /** Lets a record wait; gives its lane. Throws WireRangeError for one that cannot be encoded. */
  push(record: UplinkRecord): Lane;
  /** Remembers an acknowledgement, which goes with the next commit; what of it is news as the ledger says. */
  acknowledge(lane: Lane, sequence: number): "new" | "old" | "unknown";
  /** Commits everything; gives the lanes that grew. When it throws, everything waits on. */
  commit(): readonly Lane[];
  /** On a full disk alerts are tried alone, then with the log folded into the file, then in place of old predictions. */
  rescueAlerts(): void;
  /** Drops the oldest that waits, but alerts, until the bound is kept. */
  trim(): void;
  readonly hasWork: boolean;
  readonly pendingRecords: number;
  /** Records dropped so far, on the disk or before. */
  readonly dropped: Readonly<Record<Lane, number>>;
}

/** Room that is made for alerts at a time. */
const sacrificeBytes = 256 * 1024;

/** Creates a writer with nothing to write, and no database yet. */
export function createOutboxWriter(options: OutboxWriterOptions): OutboxWriter {
  const { file, clock, logger } = options;
  const buffer = createOutboxBuffer(options.maxPendingBytes);
  const dropped = eachLane(() => 0);
  let ledger: OutboxLedger | null = null;
  let acknowledgementsWait = false;

  const sacrifice = (): void => {
    const drop = file.use(() => ledger!.sacrifice(sacrificeBytes));
    if (drop === null) return;
    const { lane, records, fromMs, toMs } = drop;
    dropped[lane] += records;
    buffer.declare({ kind: "gap", lane, records, fromMs, toMs });
    options.onRoom();
  };

  const commitAlerts = (): void => {
    const records = buffer.records.filter((record) => record.lane === "alert");
    file.use(() => ledger!.commit({ records, gaps: [] }, clock.nowMs()));
    buffer.clearLane("alert");
  };

  return {
    attach: (database) => {
      ledger = openOutboxLedger(database, options.maxBytes);
    },
    get ledger() {
      return ledger;
    },
    push: (record) => {
      const lane = laneOfKind[record.kind];
      buffer.push({ lane, timeMs: clock.nowMs(), body: encodeRecord(record) });
      return lane;
    },
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
      for (const { lane, records } of drops) {
        dropped[lane] += records;
        logger.warn("the outbox is full: oldest records dropped and declared", { lane, records });
      }
      return changed;
    },
    rescueAlerts: () => {
      if (!buffer.records.some(({ lane }) => lane === "alert")) return;
      const ways = [
        () => {},
        () => file.use((database) => database.exec("PRAGMA wal_checkpoint(TRUNCATE)")),
        sacrifice,
      ];
      for (const makeRoom of ways) {
        try {
          makeRoom();
          commitAlerts();
          options.onRescued();
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
