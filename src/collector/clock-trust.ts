/**
 * Whether the collector's own clock may be believed. One that is suddenly far ahead would end the time of all that is stored, and one
 * that a board without a battery has set years back would let what arrives now be removed as old when it is right again: either is
 * believed after a day, in which whoever is told can set it. What was believed last stands in a file, so that a restart in
 * between forgets nothing. Removes nothing itself.
 */
import { join } from "node:path";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { dayMs, hourMs } from "../core/maths/durations.ts";
import { type Clock, findClockFault } from "../core/platform/clock.ts";
import type { FileSystem } from "../core/platform/files/file-system.ts";
import type { Logger } from "../core/platform/logger.ts";

interface ClockTrustOptions {
  /** File that keeps the time that was believed last. */
  readonly path: string;
  readonly files: Pick<FileSystem, "read" | "writeAtomic">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** So far ahead of what passed a clock is not believed at once: a collector that was off for longer waits as well. */
const maxAheadMs = 30 * dayMs;
/** So far behind what was believed last a clock has been set back. */
const maxBehindMs = hourMs;
/** For so long it is not believed. */
const doubtMs = dayMs;
const maxFileBytes = 64;

/** Where a collector keeps it. */
export function believedFile({ collector }: Pick<CollectorConfig, "collector">): string {
  return join(collector.stateDir, "clock.believed");
}

/** Creates the question; ask it before each removal, some times a day. Rejects while its file cannot be read. */
export function createClockTrust({ path, files, clock, logger }: ClockTrustOptions): () => Promise<boolean> {
  let doubtedSinceMs: number | null = null;
  let behindSinceMs: number | null = null;
  return async () => {
    const nowMs = clock.nowMs();
    const believedMs = await readTime(path, files);
    if (believedMs !== null && nowMs > believedMs + maxAheadMs) {
      if (doubtedSinceMs === null) {
        doubtedSinceMs = clock.monotonicMs();
        logger.error("the clock is far ahead of when it was read last; nothing stored is removed for a day", {
          now: new Date(nowMs).toISOString(),
          before: new Date(believedMs).toISOString(),
          hint: "Set this machine's clock, if it is wrong.",
        });
      }
      if (clock.monotonicMs() - doubtedSinceMs < doubtMs) return false;
    }
    doubtedSinceMs = null;
    if (believedMs !== null && nowMs < believedMs - maxBehindMs) {
      behindSinceMs ??= clock.monotonicMs();
      // It removes nothing too early; what was believed is still needed.
      if (clock.monotonicMs() - behindSinceMs < doubtMs) return true;
    }
    behindSinceMs = null;
    // What is removed makes room: a disk that is full is no reason to keep all.
    await files.writeAtomic(path, `${Math.trunc(nowMs)}\n`).catch((error: unknown) => {
      logger.debug("the time that was believed last cannot be written down", { path, error });
    });
    return true;
  };
}

/** Says when something arrives. */
interface ArrivalClock extends Clock {
  /** Is the machine's own clock behind what was believed before? */
  readonly isBehind: boolean;
}

/**
 * The machine's clock, or as long as that is behind what was believed last, but no longer than a day, the time that has passed since. Reads
 * the file once; one that cannot be read says nothing.
 */
export async function openArrivalClock({
  path,
  files,
  clock,
  logger,
}: ClockTrustOptions): Promise<ArrivalClock> {
  const read = await readTime(path, files).catch((error: unknown) => {
    logger.warn("the time that was believed last cannot be read", { path, error });
    return null;
  });
  const believedMs = read === null || findClockFault(read) !== null ? 0 : read;
  const startMs = clock.monotonicMs();
  const isBehind = (): boolean =>
    clock.nowMs() < believedMs - maxBehindMs && clock.monotonicMs() - startMs < doubtMs;
  if (isBehind()) {
    logger.error("the clock is behind when it was read last; for a day what arrives is dated after that", {
      now: new Date(clock.nowMs()).toISOString(),
      before: new Date(believedMs).toISOString(),
      hint: `Set this machine's clock; if it was wrong before and is right now, remove ${path} and start again.`,
    });
  }
  return {
    get isBehind() {
      return isBehind();
    },
    nowMs: () => (isBehind() ? believedMs + clock.monotonicMs() - startMs : clock.nowMs()),
    monotonicMs: () => clock.monotonicMs(),
  };
}

/** Null: there is none, or none that can be read as one. */
async function readTime(path: string, files: Pick<FileSystem, "read">): Promise<number | null> {
  const bytes = await files.read(path, maxFileBytes);
  const timeMs = bytes === null ? 0 : Number(new TextDecoder().decode(bytes));
  return Number.isSafeInteger(timeMs) && timeMs > 0 ? timeMs : null;
}
