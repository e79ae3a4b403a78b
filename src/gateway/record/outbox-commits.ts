/**
 * When the outbox commits: in groups, the further apart the longer the disk takes, at once for an alert, and again and again after a
 * failure. While the reserve is given up it looks whether it can be held again. Says a trouble once, and once that it is over.
 */
import type { Lane } from "../../core/contract/topics.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { sqliteErrorKind } from "../../core/platform/sqlite/sqlite-error.ts";
import type { OutboxWriter } from "./outbox-writer.ts";
import type { StoreFile } from "./store-file.ts";

interface OutboxCommits {
  /** The kind of error that keeps anything from being committed now, or null. */
  readonly trouble: string | null;
  /** The file was removed, or another put in its place: what is committed is lost with the process. */
  readonly isGone: boolean;
  readonly closed: boolean;
  /** Time that commits have taken since the start. */
  readonly commitMs: number;
  /** Does a group wait longer than usual, for a disk that takes its time? */
  readonly isStretched: boolean;
  /** Plans the commit of what may wait, unless one is planned already. */
  scheduleGroup(): void;
  /** Commits after `delayMs`, or at the commit that is planned already, unless that is of a group that waits longer than usual. */
  schedule(delayMs: number): void;
  flush(): void;
  /** Something failed: told once a trouble, not once a try; what is not expendable is rescued, and it is tried again. */
  suffer(error: unknown): void;
  /** Commits a last time. */
  close(): void;
}

interface OutboxCommitsOptions {
  readonly writer: OutboxWriter;
  readonly file: Pick<StoreFile, "reserve" | "writes" | "isGone">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly announce: (lane: Lane) => void;
  /** What could not be written is numbered, to be sent from memory. */
  readonly onUnwritten: () => void;
}

/** How often to look whether the disk has room for the reserve again, and whether the file is where it was. */
const lookEveryMs = 10_000;
/** A group is committed after this long, or … */
export const groupMs = 100;
/** … this many times as long as the last commit took, since nothing else is done meanwhile … */
const restTimes = 10;
/** … but not later than this. */
const maxGroupMs = 30_000;

export function createOutboxCommits(options: OutboxCommitsOptions): OutboxCommits {
  const { writer, clock, timers, logger, announce, file } = options;
  const { reserve } = file;
  const retry = createBackoff();
  let trouble: string | null = null;
  let isTold = !reserve.isHeld;
  let closing = false;
  let closed = false;
  let lookedMs = clock.monotonicMs();
  let isGone = false;
  let cancelTimer: (() => void) | null = null;
  let lastCommitMs = 0;
  /** What is planned is the commit of a group that waits longer than usual. */
  let mayHasten = false;
  let commitMs = 0;
  let cancelTelling = (): void => {};

  /** Times what keeps the one thread from reading devices. */
  const timed = <T>(work: () => T): T => {
    const beganMs = clock.monotonicMs();
    try {
      return work();
    } finally {
      lastCommitMs = clock.monotonicMs() - beganMs;
      commitMs += lastCommitMs;
    }
  };

  /** From a timer: what is being written now is not added to meanwhile. */
  file.writes.onSlow((detail) => {
    if (closing) return;
    cancelTelling = timers.after(0, () => {
      writer.pushEvent("store.slow", "outbox", detail);
      commits.schedule(groupMs);
    });
  });

  const tell = (kind: string, error: unknown): void => {
    if (isTold) return;
    isTold = true;
    logger.error("the outbox cannot be written; records wait in memory", { reason: kind, error });
    writer.pushEvent(`store.${kind}`, "outbox", error instanceof Error ? error.message : String(error));
  };

  const recover = (): void => {
    const before = trouble;
    trouble = null;
    if (before !== null) retry.reset();
    if (!isTold || !reserve.isHeld) return;
    isTold = false;
    logger.info("the outbox can be written again", { after: before ?? "full" });
  };

  const look = (): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - lookedMs < lookEveryMs) return;
    lookedMs = nowMs;
    if (!reserve.isHeld) reserve.restore();
    if (file.isGone() === isGone) return;
    isGone = !isGone;
    if (!isGone) {
      logger.info("the store is in its place again");
      return;
    }
    const detail = "the store was removed or replaced while it is in use: what is written is lost at the end";
    const hint = "Let the collector have what waits, then restart: the folder is made anew.";
    logger.error(detail, { hint });
    writer.pushEvent("store.gone", "outbox", detail);
  };

  const commits: OutboxCommits = {
    get trouble() {
      return trouble;
    },
    get isGone() {
      return isGone;
    },
    get closed() {
      return closed;
    },
    get commitMs() {
      return commitMs;
    },
    get isStretched() {
      return restTimes * lastCommitMs > groupMs;
    },
    scheduleGroup() {
      if (cancelTimer !== null) return;
      commits.schedule(Math.max(groupMs, Math.min(maxGroupMs, restTimes * lastCommitMs)));
      mayHasten = commits.isStretched;
    },
    schedule(delayMs) {
      if (closed || (cancelTimer !== null && !mayHasten)) return;
      cancelTimer?.();
      mayHasten = false;
      cancelTimer = timers.after(delayMs, () => {
        cancelTimer = null;
        commits.flush();
      });
    },
    flush() {
      if (closed) return;
      cancelTimer?.();
      cancelTimer = null;
      look();
      if (!writer.hasWork) return;
      const before = writer.pendingRecords;
      try {
        const changed = timed(() => file.writes.time("records", writer.commit));
        recover();
        // What had no room within the file waits until some is made, or the disk has it.
        if (writer.pendingRecords > 0) {
          writer.trim();
          commits.schedule(writer.pendingRecords < before ? 0 : retry.nextMs());
        }
        for (const lane of changed) announce(lane);
      } catch (error) {
        commits.suffer(error);
      }
    },
    suffer(error) {
      const kind = sqliteErrorKind(error) ?? "other";
      tell(kind, error);
      trouble = kind;
      if (kind === "full") file.writes.time("records", writer.rescue);
      else writer.buffer.number();
      writer.trim();
      writer.noteHeld();
      options.onUnwritten();
      commits.schedule(retry.nextMs());
    },
    close() {
      closing = true;
      commits.flush();
      closed = true;
      cancelTimer?.();
      cancelTelling();
    },
  };
  return commits;
}
