/**
 * Reads the outbox's file for whoever sends. What cannot be read is said once and tried again after a pause, a lane at a time:
 * until then that lane gives nothing out. A record that the disk has changed is not given out, but declared.
 */
import { type Lane, lanes } from "../../core/contract/topics.ts";
import { type EventRecord, laneOfKind } from "../../core/contract/uplink-record.ts";
import { type Backoff, createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";
import { type OutboxBatch, type PeekOptions, readBatch } from "./outbox-ledger.ts";
import type { StoredRecord } from "./outbox-table.ts";
import type { OutboxWriter } from "./outbox-writer.ts";
import type { StoreFile } from "./store-file.ts";

interface OutboxReads {
  /** The kind of error that keeps a lane from being read now, or null. */
  readonly trouble: string | null;
  /** The oldest records of a lane, or null when there are none or they cannot be read. */
  peek(lane: Lane, options: PeekOptions): OutboxBatch | null;
  close(): void;
}

interface OutboxReadsOptions {
  readonly writer: OutboxWriter;
  readonly file: Pick<StoreFile, "use">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** There may be something to read of the lane. */
  readonly announce: (lane: Lane) => void;
  /** A record that tells of the trouble waits for its commit. */
  readonly onTold: () => void;
}

/** Of a lane whose last read failed. */
interface LaneTrouble {
  readonly kind: string;
  readonly retry: Backoff;
  /** Null: it may be read again. */
  cancelPause: (() => void) | null;
}

export function createOutboxReads(options: OutboxReadsOptions): OutboxReads {
  const { writer, file, clock, timers, logger, announce } = options;
  const troubles = new Map<Lane, LaneTrouble>();

  const tell = (kind: string, error: unknown): void => {
    logger.error("the outbox cannot be read; what it holds is sent later", { reason: kind, error });
    writer.pushEvent(`store.${kind}`, "outbox", error instanceof Error ? error.message : String(error));
    options.onTold();
  };

  /** Whoever sends asks for a lane whenever one may have grown: it hears of this one from a timer. */
  const pause = (lane: Lane, error: unknown): void => {
    const kind = sqliteErrorKind(error) ?? "other";
    const trouble: LaneTrouble = {
      kind,
      retry: troubles.get(lane)?.retry ?? createBackoff(),
      cancelPause: null,
    };
    if (troubles.size === 0) tell(kind, error);
    troubles.set(lane, trouble);
    trouble.cancelPause = timers.after(trouble.retry.nextMs(), () => {
      trouble.cancelPause = null;
      announce(lane);
    });
  };

  const recover = (lane: Lane): void => {
    if (troubles.delete(lane) && troubles.size === 0) logger.info("the outbox can be read again");
  };

  /** Whoever sends looks again: there is one to tell of it. */
  const discard = (lane: Lane, damaged: StoredRecord): void => {
    const detail = `record ${damaged.sequence} of the lane ${lane} is not what was written`;
    logger.error("the disk has changed a record; it is not sent, and declared", { detail });
    const told: EventRecord = {
      kind: "event",
      timeMs: clock.nowMs(),
      name: "store.damaged",
      subject: "outbox",
      detail,
    };
    file.use(() => writer.ledger!.discard(lane, damaged, told));
    timers.after(0, () => announce(laneOfKind.event));
  };

  return {
    get trouble() {
      for (const lane of lanes) {
        const trouble = troubles.get(lane);
        if (trouble !== undefined) return trouble.kind;
      }
      return null;
    },
    peek(lane, peekOptions) {
      if (writer.ledger === null || (troubles.get(lane)?.cancelPause ?? null) !== null) return null;
      try {
        for (;;) {
          const read = file.use(() => readBatch(writer.ledger!, lane, peekOptions));
          if (read === null || !("damaged" in read)) {
            recover(lane);
            return read;
          }
          discard(lane, read.damaged);
        }
      } catch (error) {
        pause(lane, error);
        return null;
      }
    },
    close() {
      for (const { cancelPause } of troubles.values()) cancelPause?.();
    },
  };
}
