/**
 * The gateway's durable outbox: what the collector shall know, kept until the collector says that it is stored.
 * Appends are committed in groups, alerts at once; the size is bounded, and what has to be dropped is declared as a
 * gap. A full disk stops nothing: records wait in memory, bounded too. Sends nothing itself.
 */
import { basename } from "node:path";
import type { Lane } from "../../core/contract/topics.ts";
import type { UplinkAck, UplinkRecord } from "../../core/contract/uplink-record.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { WireRangeError } from "../../core/wire/uplink-schema.ts";
import { eachLane, type LanePolicies, lanePolicies, longestKeptMs } from "./lane-policy.ts";
import { dateLoss, type LossMark, noLossMark } from "./loss-mark.ts";
import { createOutboxCommits, groupMs } from "./outbox-commits.ts";
import { type OutboxBatch, type PeekOptions, sumOf } from "./outbox-ledger.ts";
import { createOutboxReads } from "./outbox-reads.ts";
import { createOutboxWriter, type OutboxWriter, outboxPart } from "./outbox-writer.ts";
import { salvageRecords } from "./salvage.ts";
import type { StoreFile } from "./store-file.ts";
import { createUnwrittenLife, type UnwrittenLife } from "./unwritten-life.ts";

/** What the outbox holds and what became of the rest. */
interface OutboxCounts {
  readonly lanes: Readonly<
    Record<
      Lane,
      {
        readonly records: number;
        readonly bytes: number;
        readonly dropped: number;
        /** Not yet committed. */
        readonly pending: number;
      }
    >
  >;
  /** Committed records of all lanes. */
  readonly records: number;
  /** Not yet committed. */
  readonly pendingRecords: number;
  /** Records that could not be encoded (a bug; declared as events). */
  readonly rejected: number;
  /** Why not everything can be committed or read now, or null: `full` until the disk has room for the reserve again, `gone` while its file is not in its place, `unreadable` where not all of it could be read when it was opened. */
  readonly trouble: string | null;
  /** A write to the store, whatever it was of, took more than a second within the last ten minutes. */
  readonly slow: boolean;
  /** Time that commits have taken since the start. */
  readonly commitMs: number;
  /** What writes to the store took, by what is written: also what is no record. */
  readonly writes: ReturnType<StoreFile["writes"]["times"]>;
  /** Bytes of the database and its log on the disk. */
  readonly diskBytes: number;
}

export interface Outbox {
  /** Life of what is appended now, or null while no database could be opened; another one means that all is to be sent anew. */
  readonly bootId: string | null;
  /** What that acknowledges of this file's records: up to a sequence; null: of a life that none of the lane belongs to. */
  readAck(ack: Pick<UplinkAck, "bootId" | "lane" | "sequence">): number | null;
  /**
   * Appends to the lane of its kind; `fromMs` is when what it tells of began, where it does not say so itself. An alert is on the
   * disk when this returns (unless the disk is full).
   */
  append(record: UplinkRecord, fromMs?: number): void;
  flush(): void;
  /** The oldest committed records of a lane, or null when there are none (or the store cannot be read). */
  peek(lane: Lane, options?: PeekOptions): OutboxBatch | null;
  /** What must not be lost and could not be written, to be sent from memory. */
  readonly unwritten: UnwrittenLife;
  /**
   * Everything of the lane up to `sequence`, and of that life, is stored elsewhere: forgets it. Of another `bootId`: does
   * nothing. Of a record of this run that was never held: all that is held begins a new life.
   */
  acknowledge(bootId: string, lane: Lane, sequence: number): void;
  counts(): OutboxCounts;
  /** Calls back after records of a lane were committed. Returns the way out. */
  onCommit(callback: (lane: Lane) => void): () => void;
  /** Commits and stops; the file stays open. */
  close(): void;
}

export interface OutboxOptions {
  readonly file: StoreFile;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger?: Logger;
  /** Says after a kill what was in memory only; default none. */
  readonly mark?: LossMark;
  /** Whether the collector has confirmed the clock; without that no record is too old. Default: it has not. */
  readonly isClockConfirmed?: () => boolean;
  /** Bound of the file's pages in use; default 256 MiB. What is not expendable counts, and is not dropped from the file. */
  readonly maxBytes?: number;
  /** What is dropped first, when the bound is reached and before; default {@link lanePolicies}. */
  readonly policies?: LanePolicies;
  /** Bound of what waits in memory while the disk is full; default 4 MiB. For what is not expendable eight times as much. */
  readonly maxPendingBytes?: number;
}

/** A group is committed when it has this many records, … */
const groupRecords = 64;
/** … where the disk is slow, this many, and in any case when memory has no room for more. */
const stretchedRecords = 4_096;

/** Creates the outbox in an open file. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { file, clock } = options;
  const logger = options.logger ?? silentLogger;
  const policies = options.policies ?? lanePolicies;
  const maxPendingBytes = options.maxPendingBytes ?? 4 * 1024 * 1024;
  const callbacks = new Set<(lane: Lane) => void>();
  let rejected = 0;

  const announce = (lane: Lane): void => {
    for (const callback of [...callbacks]) callback(lane);
  };

  const writer = createOutboxWriter({
    file,
    mark: options.mark ?? noLossMark,
    isClockConfirmed: options.isClockConfirmed ?? (() => false),
    clock,
    logger,
    bounds: {
      maxBytes: options.maxBytes ?? 256 * 1024 * 1024,
      policies,
    },
    maxPendingBytes,
    onRescued: announce,
    onRoom: () => commits.schedule(0),
  });
  const unwritten = createUnwrittenLife({ writer, holdsOlder: (lane) => reads.holds(lane) });
  const commits = createOutboxCommits({
    writer,
    file,
    clock,
    timers: options.timers,
    logger,
    announce,
    onUnwritten: unwritten.announce,
  });

  /**
   * The collector knows of records that this file does not: the file is an older copy (a restored backup). Under its
   * old name new records would be taken for duplicates; under a new one they and what is held are sent afresh.
   */
  const beginNewLife = (detail: string): void => {
    logger.error("the outbox is older than what the collector has: it goes on under a new boot id", {
      detail,
    });
    try {
      file.writes.time("records", () => file.use(() => writer.ledger!.table.lives.renew()));
    } catch (error) {
      commits.suffer(error);
    }
    writer.pushEvent("store.rolled-back", "outbox", detail);
    commits.schedule(groupMs);
  };

  const reads = createOutboxReads({
    writer,
    file,
    clock,
    timers: options.timers,
    logger,
    announce,
    onTold: () => commits.schedule(groupMs),
    onUnwritable: (error) => {
      if (!commits.closed) commits.suffer(error);
    },
  });

  let toldUnreadable: string | null = null;
  file.add({
    name: outboxPart,
    attach(database) {
      writer.attach(database);
      const unreadable = file.unreadable();
      if (unreadable === null || unreadable === toldUnreadable) return;
      toldUnreadable = unreadable;
      writer.pushEvent("store.unreadable", "outbox", unreadable);
      commits.schedule(groupMs);
    },
    onRenewed(setAside, reason) {
      reads.reset();
      writer.pushEvent("store.corrupted", "outbox", `${reason}; kept as ${basename(setAside)}`);
      const toMs = clock.nowMs();
      const { records, lost } = salvageRecords(setAside, policies);
      const offsetMs = toMs - clock.monotonicMs();
      writer.buffer.pushOlder(
        records.map(({ timeMs, ...record }) => ({ ...record, monotonicMs: timeMs - offsetMs })),
      );
      // How much waited there nobody knows.
      for (const { lane, sinceMs } of lost) {
        const fromMs = dateLoss(sinceMs, toMs, policies[lane].timeToLiveMs ?? longestKeptMs);
        writer.push({ kind: "gap", lane, records: 0, fromMs, toMs });
      }
      commits.schedule(groupMs);
    },
  });

  for (const gap of options.mark?.lost ?? []) {
    logger.warn("the last run ended with this in memory", { ...gap });
    writer.push(gap);
  }
  if (writer.hasWork) commits.flush();

  const outbox: Outbox = {
    get bootId() {
      return writer.ledger?.table.lives.bootId ?? null;
    },
    readAck: ({ bootId, lane, sequence }) => {
      const life = writer.ledger?.table.lives.named(bootId, lane) ?? null;
      return life === null ? null : Math.min(sequence, life.lastSequence);
    },
    unwritten,
    append(record, fromMs) {
      let lane: Lane;
      try {
        lane = writer.push(record, fromMs);
      } catch (error) {
        if (!(error instanceof WireRangeError)) throw error;
        rejected += 1;
        logger.error("a record cannot be encoded", { kind: record.kind, error });
        lane = writer.pushEvent("record.rejected", record.kind, error.message);
      }
      const { trouble } = commits;
      if (trouble !== null) writer.trim();
      const full =
        writer.pendingRecords >= (commits.isStretched ? stretchedRecords : groupRecords) ||
        writer.buffer.bytes >= maxPendingBytes;
      if (lane === "alert" || (full && trouble === null)) commits.flush();
      // Of raw samples one piece is under way, and its sender waits for it.
      else if (policies[lane].isExpendable && lane !== "raw") commits.scheduleGroup();
      else commits.schedule(groupMs);
    },
    flush: commits.flush,
    peek: (lane, peekOptions = {}) => (commits.closed ? null : reads.peek(lane, peekOptions)),
    acknowledge(bootId, lane, sequence) {
      const upTo = outbox.readAck({ bootId, lane, sequence });
      if (upTo === null) return;
      const verdict = writer.acknowledge(lane, upTo);
      if (verdict === "old") return;
      if (verdict === "unknown") beginNewLife(`acknowledged ${lane} ${sequence}, which was never given out`);
      commits.scheduleGroup();
    },
    counts: () => ({
      ...countLanes(writer),
      rejected,
      trouble: commits.trouble ?? reads.trouble ?? (commits.isGone ? "gone" : findLesserTrouble(file)),
      slow: file.writes.isSlow,
      commitMs: commits.commitMs,
      writes: file.writes.times(),
      diskBytes: file.sizeBytes(),
    }),
    onCommit(callback) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
    close() {
      if (commits.closed) return;
      commits.close();
      reads.reset();
      callbacks.clear();
    },
  };
  return outbox;
}

function findLesserTrouble({ reserve, unreadable }: StoreFile): string | null {
  if (!reserve.isHeld) return "full";
  return unreadable() === null ? null : "unreadable";
}

function countLanes(writer: OutboxWriter): Pick<OutboxCounts, "lanes" | "records" | "pendingRecords"> {
  const totals = writer.ledger?.totals ?? eachLane(() => ({ records: 0, bytes: 0, nextSequence: 1 }));
  return {
    lanes: eachLane((lane) => {
      const { records, bytes } = totals[lane];
      const pending = writer.buffer.held(lane)?.records ?? 0;
      return { records, bytes, dropped: writer.dropped[lane], pending };
    }),
    records: sumOf(totals, "records"),
    pendingRecords: writer.pendingRecords,
  };
}
