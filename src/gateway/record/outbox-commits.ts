/**
 * When the outbox commits: in groups, at once for an alert, and again and again after a failure. While the reserve is given
 * up it looks whether it can be held again. Says a trouble once, and once that it is over.
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
  /** Commits after `delayMs`, or at the commit that is planned already. */
  schedule(delayMs: number): void;
  flush(): void;
  /** Something failed: told once a trouble, not once a try; what is not expendable is rescued, and it is tried again. */
  suffer(error: unknown): void;
  /** Commits a last time. */
  close(): void;
}

interface OutboxCommitsOptions {
  readonly writer: OutboxWriter;
  readonly file: Pick<StoreFile, "reserve" | "isGone">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly announce: (lane: Lane) => void;
  /** What could not be written is numbered, to be sent from memory. */
  readonly onUnwritten: () => void;
}

/** How often to look whether the disk has room for the reserve again, and whether the file is where it was. */
const lookEveryMs = 10_000;

export function createOutboxCommits(options: OutboxCommitsOptions): OutboxCommits {
  const { writer, clock, timers, logger, announce, file } = options;
  const { reserve } = file;
  const retry = createBackoff();
  let trouble: string | null = null;
  let isTold = !reserve.isHeld;
  let closed = false;
  let lookedMs = clock.monotonicMs();
  let isGone = false;
  let cancelTimer: (() => void) | null = null;

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
    schedule(delayMs) {
      if (cancelTimer !== null || closed) return;
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
        const changed = writer.commit();
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
      if (kind === "full") writer.rescue();
      else writer.buffer.number();
      writer.trim();
      writer.noteHeld();
      options.onUnwritten();
      commits.schedule(retry.nextMs());
    },
    close() {
      commits.flush();
      closed = true;
      cancelTimer?.();
    },
  };
  return commits;
}
