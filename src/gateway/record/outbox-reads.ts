/**
 * Reads the outbox's file for whoever sends. What cannot be read is said once and tried again after a pause, a lane at a time:
 * until then that lane gives nothing out from there on. A record that the disk has changed is not given out, but declared.
 */
import { type Lane, lanes } from "../../core/contract/topics.ts";
import { type EventRecord, laneOfKind } from "../../core/contract/uplink-record.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";
import { eachLane } from "./lane-policy.ts";
import { type OutboxBatch, type PeekOptions, readBatch } from "./outbox-ledger.ts";
import type { StoredRecord } from "./outbox-table.ts";
import type { OutboxWriter } from "./outbox-writer.ts";
import type { StoreFile } from "./store-file.ts";

interface OutboxReads {
  /** The kind of error that keeps a lane from being read now, or null. */
  readonly trouble: string | null;
  /** The oldest records of a lane, or null when there are none or they cannot be read. */
  peek(lane: Lane, options: PeekOptions): OutboxBatch | null;
  /** Whether records of a lane can be read, though it may be in a pause. */
  holds(lane: Lane): boolean;
  /** The file is another one, or nobody reads it any more: ends all pauses. */
  reset(): void;
}

interface OutboxReadsOptions {
  readonly writer: OutboxWriter;
  readonly file: Pick<StoreFile, "use" | "writes">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** There may be something to read of the lane. */
  readonly announce: (lane: Lane) => void;
  /** A record that tells of the trouble waits for its commit. */
  readonly onTold: () => void;
  /** A record that is not what was written cannot be removed. */
  readonly onUnwritable: (error: unknown) => void;
}

/** Of a lane that was read in vain. */
interface Pause {
  /** Of the error, null where it was a write that failed. */
  readonly kind: string | null;
  /** The sequence number after which it was read. */
  readonly after: number;
  readonly cancel: () => void;
}

export function createOutboxReads(options: OutboxReadsOptions): OutboxReads {
  const { writer, file, clock, timers, logger, announce } = options;
  const pauses = new Map<Lane, Pause>();
  const retries = eachLane(() => createBackoff());
  let isTold = false;

  const findTrouble = (): string | null => {
    for (const lane of lanes) {
      const kind = pauses.get(lane)?.kind ?? null;
      if (kind !== null) return kind;
    }
    return null;
  };

  const tell = (kind: string, error: unknown): void => {
    if (isTold) return;
    isTold = true;
    logger.error("the outbox cannot be read; what it holds is sent later", { reason: kind, error });
    writer.pushEvent(`store.${kind}`, "outbox", error instanceof Error ? error.message : String(error));
    options.onTold();
  };

  /** Whoever sends asks for a lane whenever one may have grown: it hears of this one from a timer, once that has read it. */
  const pause = (lane: Lane, kind: string | null, peekOptions: PeekOptions): void => {
    pauses.get(lane)?.cancel();
    const cancel = timers.after(retries[lane].nextMs(), () => {
      pauses.delete(lane);
      read(lane, peekOptions);
      if (pauses.has(lane)) return;
      retries[lane].reset();
      if (isTold && findTrouble() === null) {
        isTold = false;
        logger.info("the outbox can be read again");
      }
      announce(lane);
    });
    pauses.set(lane, { kind, after: peekOptions.after ?? 0, cancel });
  };

  /** Whoever sends looks again: there is one to tell of it. Gives whether it could be written. */
  const discard = (lane: Lane, damaged: StoredRecord): boolean => {
    const detail = `record ${damaged.sequence} of the lane ${lane} is not what was written`;
    const told: EventRecord = {
      kind: "event",
      timeMs: clock.nowMs(),
      name: "store.damaged",
      subject: "outbox",
      detail,
    };
    try {
      file.writes.time("records", () => file.use(() => writer.ledger!.discard(lane, damaged, told)));
    } catch (error) {
      timers.after(0, () => options.onUnwritable(error));
      return false;
    }
    logger.error("the disk has changed a record; it is not sent, and declared", { detail });
    timers.after(0, () => announce(laneOfKind.event));
    return true;
  };

  const read = (lane: Lane, peekOptions: PeekOptions): OutboxBatch | null => {
    try {
      for (;;) {
        const found = file.use(() => readBatch(writer.ledger!, lane, peekOptions));
        if (found === null || !("damaged" in found)) return found;
        if (discard(lane, found.damaged)) continue;
        pause(lane, null, peekOptions);
        return null;
      }
    } catch (error) {
      const kind = sqliteErrorKind(error) ?? "other";
      tell(kind, error);
      pause(lane, kind, peekOptions);
      return null;
    }
  };

  return {
    get trouble() {
      return findTrouble();
    },
    peek(lane, peekOptions) {
      if (writer.ledger === null) return null;
      const paused = pauses.get(lane);
      // What lies before the place that cannot be read may have to be sent again meanwhile.
      if (paused !== undefined && (peekOptions.after ?? 0) >= paused.after) return null;
      return read(lane, peekOptions);
    },
    holds(lane) {
      if (writer.ledger === null) return false;
      try {
        const found = file.use(() => readBatch(writer.ledger!, lane, { maxRecords: 1 }));
        return found !== null && !("damaged" in found);
      } catch {
        // What waits behind it would wait as long as the disk fails.
        return false;
      }
    },
    reset() {
      for (const { cancel } of pauses.values()) cancel();
      pauses.clear();
      for (const lane of lanes) retries[lane].reset();
      isTold = false;
    },
  };
}
