/**
 * The outbox's committed part: what each lane holds, what is acknowledged, and one transaction that puts in what waits,
 * forgets what is stored elsewhere, keeps the size and declares what it dropped. Throws what SQLite throws; then nothing
 * has changed.
 */
import { type Lane, lanes } from "../../core/contract/topics.ts";
import { type EventRecord, type GapRecord, laneOfKind } from "../../core/contract/uplink-record.ts";
import { hourMs } from "../../core/maths/durations.ts";
import type { ClockMoment } from "../../core/platform/clock.ts";
import type { SqliteDatabase } from "../../core/platform/sqlite/sqlite-database.ts";
import { encodeRecord } from "../../core/wire/record-codec.ts";
import { eachLane, expiryStepMs, type LanePolicies } from "./lane-policy.ts";
import { createOutboxShedding, type LaneDrop, mergeGaps } from "./outbox-shedding.ts";
import {
  type DroppedRecords,
  type LaneTotals,
  type OutboxTable,
  openOutboxTable,
  type StoredRecord,
} from "./outbox-table.ts";
import type { RecordSpan } from "./record-span.ts";
import { sealBytes } from "./sealed-body.ts";

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
  /** What was dropped and is not yet declared. */
  readonly gaps: readonly GapRecord[];
}

export interface PendingRecord {
  readonly lane: Lane;
  /** When it was appended, by the clock that is never set, and what it tells of. */
  readonly monotonicMs: number;
  readonly span: RecordSpan;
  /** As `encodeRecord` made it. */
  readonly body: Uint8Array;
}

/** What a commit goes by. */
export interface CommitTerms extends ClockMoment {
  /** Whether the collector has confirmed the clock: without that nothing is too old, nor will be what it dated. */
  readonly isClockConfirmed: boolean;
  /** Whether the file may grow; if not, room is made in it first. */
  readonly mayGrow: boolean;
}

export interface OutboxLedger {
  readonly table: OutboxTable;
  readonly totals: Readonly<Record<Lane, LaneTotals>>;
  /** Everything up to this sequence is acknowledged; it goes with the next commit. */
  readonly acknowledged: Readonly<Record<Lane, number>>;
  /** Remembers an acknowledgement. `old` says nothing new, `unknown` is of a record that was never given out. */
  acknowledge(lane: Lane, sequence: number): "new" | "old" | "unknown";
  /** Commits what waits (and forgetting it is the caller's). Throws what SQLite throws, and then nothing has changed. */
  commit(waiting: WaitingRecords, terms: CommitTerms): LedgerCommit;
  /** Removes a record that the disk has changed, and appends in its stead what tells of it. */
  discard(lane: Lane, damaged: StoredRecord, told: EventRecord): void;
  /** Sheds about `bytes` and declares that; empty when nothing can be shed. */
  sacrifice(bytes: number, nowMs: number): readonly LaneDrop[];
}

/** What a commit did. */
interface LedgerCommit {
  /** Lanes that grew. */
  readonly changed: readonly Lane[];
  readonly drops: readonly LaneDrop[];
  /** Expendable records for which there was no room. */
  readonly left: readonly PendingRecord[];
}

/** What bounds an outbox on the disk. */
export interface OutboxBounds {
  /** Bound of the file's pages in use; lanes that are not expendable count and make no room. */
  readonly maxBytes: number;
  readonly policies: LanePolicies;
}

/** A clock that was set by more dates anew what this run has written. */
const setByMs = hourMs;

/** Pages that records take, per byte of bodies (1.17 to 1.21 where measured), and what any commit may take beside. */
const pageShare = 1.25;
const commitBytes = 32 * 1024;

export function openOutboxLedger(database: SqliteDatabase, bounds: OutboxBounds): OutboxLedger {
  const { maxBytes, policies } = bounds;
  const table = openOutboxTable(database);
  const shedding = createOutboxShedding(table, policies);
  let totals: Record<Lane, LaneTotals> = eachLane((lane) => table.totals(lane));
  let acknowledged = eachLane(() => 0);
  /** The calendar's clock less the one that is never set: as it dated this run's first record, and as it is believed to be. */
  let firstOffsetMs: number | null = null;
  let datedOffsetMs: number | null = null;
  /** No record up to this sequence is held any more. */
  const forgotten = eachLane((lane) => (table.oldest(lane) ?? totals[lane].nextSequence) - 1);

  /** One transaction that may grow and shrink lanes; when it throws, the totals are what they were. */
  const change = (
    nowMs: number,
    work: (step: LedgerStep) => void,
  ): { changed: readonly Lane[]; drops: readonly LaneDrop[] } => {
    const next = { ...totals };
    const drops: LaneDrop[] = [];
    const grow: LedgerStep["grow"] = (lane, timeMs, body) => {
      const { nextSequence, records, bytes } = next[lane];
      table.insert(lane, { sequence: nextSequence, timeMs, body });
      next[lane] = {
        records: records + 1,
        bytes: bytes + body.length + sealBytes,
        nextSequence: nextSequence + 1,
      };
    };
    const note: LedgerStep["note"] = (drop) => {
      if (drop.records === 0) return;
      next[drop.lane] = minus(next[drop.lane], { records: drop.fewerRecords, bytes: drop.fewerBytes });
      drops.push(drop);
    };
    database.transaction(() => {
      work({ next, grow, note });
      for (const gap of mergeGaps(drops)) grow("update", nowMs, encodeRecord(gap));
      for (const lane of lanes) {
        const { nextSequence } = next[lane];
        if (nextSequence === totals[lane].nextSequence) continue;
        table.setNextSequence(lane, nextSequence);
        table.lives.begin(lane, () => table.oldest(lane));
      }
    });
    const changed = lanes.filter((lane) => next[lane].nextSequence !== totals[lane].nextSequence);
    totals = next;
    return { changed, drops };
  };

  const removeAcknowledged = ({ next }: LedgerStep): void => {
    for (const lane of lanes) {
      if (acknowledged[lane] > 0) next[lane] = minus(next[lane], table.removeUpTo(lane, acknowledged[lane]));
    }
  };

  const keepLanePolicies = ({ next, note }: LedgerStep, terms: CommitTerms): void => {
    for (const lane of lanes) {
      const { timeToLiveMs, quotaBytes } = policies[lane];
      if (timeToLiveMs !== null && terms.isClockConfirmed)
        note(asDrop(lane, "expired", table.dropBefore(lane, terms.nowMs - timeToLiveMs, expiryStepMs)));
      if (quotaBytes !== null)
        note(asDrop(lane, "quota", table.dropOldest(lane, next[lane].bytes - quotaBytes)));
    }
  };

  /** Makes room within the file as it is; gives whether there is now. */
  const makeRoomFor = (records: readonly PendingRecord[], { note }: LedgerStep): boolean => {
    const neededBytes = sumBodies(records) * pageShare + commitBytes;
    const room = table.measureFile().allBytes - neededBytes;
    if (room > 0) for (const drop of shedding.makeRoom(room, "disk-full")) note(drop);
    return table.measureFile().usedBytes <= room;
  };

  return {
    table,
    get totals() {
      return totals;
    },
    get acknowledged() {
      return acknowledged;
    },
    acknowledge(lane, sequence) {
      if (sequence >= totals[lane].nextSequence) return "unknown";
      if (sequence <= acknowledged[lane] || sequence <= forgotten[lane]) return "old";
      acknowledged[lane] = sequence;
      return "new";
    },
    commit(waiting, terms) {
      const left: PendingRecord[] = [];
      const nowOffsetMs = terms.nowMs - terms.monotonicMs;
      const wasOffsetMs = datedOffsetMs ?? nowOffsetMs;
      const isSet = Math.abs(nowOffsetMs - wasOffsetMs) > setByMs;
      const offsetMs = isSet ? nowOffsetMs : wasOffsetMs;
      const firstMs = firstOffsetMs ?? offsetMs;
      const result = change(terms.nowMs, (step) => {
        table.lives.noteClock({ isConfirmed: terms.isClockConfirmed, shiftMs: offsetMs - firstMs });
        removeAcknowledged(step);
        const mayGrow = terms.mayGrow || makeRoomFor(waiting.records, step);
        for (const record of waiting.records) {
          if (mayGrow || !policies[record.lane].isExpendable)
            step.grow(record.lane, record.monotonicMs + offsetMs, record.body);
          else left.push(record);
        }
        for (const gap of waiting.gaps) step.grow("update", terms.nowMs, encodeRecord(gap));
        keepLanePolicies(step, terms);
        for (const drop of shedding.makeRoom(maxBytes, "quota")) step.note(drop);
      });
      firstOffsetMs = firstMs;
      datedOffsetMs = offsetMs;
      for (const lane of lanes) forgotten[lane] = Math.max(forgotten[lane], acknowledged[lane]);
      acknowledged = eachLane(() => 0);
      return { ...result, left };
    },
    discard(lane, { sequence, bytes }, told) {
      change(told.timeMs, ({ next, grow }) => {
        table.removeBetween(lane, sequence, sequence);
        next[lane] = minus(next[lane], { records: 1, bytes });
        grow(laneOfKind.event, told.timeMs, encodeRecord(told));
      });
    },
    sacrifice(bytes, nowMs) {
      const { drops } = change(nowMs, ({ note }) => {
        const room = table.measureFile().usedBytes - bytes;
        for (const drop of shedding.makeRoom(room, "disk-full")) note(drop);
      });
      return drops;
    },
  };
}

/** What one transaction may do. */
interface LedgerStep {
  readonly next: Record<Lane, LaneTotals>;
  grow(lane: Lane, timeMs: number, body: Uint8Array): void;
  note(drop: LaneDrop): void;
}

function asDrop(lane: Lane, reason: LaneDrop["reason"], gone: DroppedRecords): LaneDrop {
  return { ...gone, lane, reason, fewerRecords: gone.records, fewerBytes: gone.bytes };
}

/**
 * The oldest records of a lane that are not acknowledged, or null. Never reaches over a hole, which thinned records leave:
 * what comes after one is given out when everything before it is acknowledged, or the collector would pass over that; and never
 * from one life into the next. Ends before a record that the disk has changed, or is that record alone.
 */
export function readBatch(
  ledger: OutboxLedger,
  lane: Lane,
  options: PeekOptions,
): OutboxBatch | { readonly damaged: StoredRecord } | null {
  const { table, acknowledged } = ledger;
  const after = Math.max(options.after ?? 0, acknowledged[lane]);
  const rows = table.read(lane, after, options.maxRecords ?? 200);
  const first = rows[0];
  if (first === undefined) return null;
  if (first.body === null) return { damaged: first };
  const oldestHeld = table.read(lane, acknowledged[lane], 1)[0]!.sequence;
  const { bootId, firstSequence, lastSequence } = table.lives.find(lane, first.sequence);
  if (oldestHeld < (first.sequence > after + 1 ? first.sequence : firstSequence)) return null;
  const maxBytes = options.maxBytes ?? 128 * 1024;
  const records: Uint8Array[] = [];
  let bytes = 0;
  for (const [index, { sequence, body }] of rows.entries()) {
    if (body === null || sequence > lastSequence) break;
    bytes += body.length;
    if (records.length > 0 && (bytes > maxBytes || sequence !== first.sequence + index)) break;
    records.push(body);
  }
  const oldestSequence = Math.max(oldestHeld, acknowledged[lane] + 1, firstSequence);
  return { bootId, firstSequence: first.sequence, oldestSequence, records };
}

export function sumOf(totals: Readonly<Record<Lane, LaneTotals>>, field: "records" | "bytes"): number {
  return lanes.reduce((sum, lane) => sum + totals[lane][field], 0);
}

function sumBodies(records: readonly PendingRecord[]): number {
  return records.reduce((sum, { body }) => sum + body.length + sealBytes, 0);
}

function minus(totals: LaneTotals, by: { readonly records: number; readonly bytes: number }): LaneTotals {
  return { ...totals, records: totals.records - by.records, bytes: totals.bytes - by.bytes };
}
