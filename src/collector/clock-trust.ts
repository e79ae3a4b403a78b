/**
 * Whether the collector's own clock may be believed where that removes what is stored. One that is suddenly far ahead would
 * end the time of all there is: it is believed after a day, in which whoever is told can set it. What was believed last
 * stands in a file, so that a restart in between forgets nothing. Removes nothing itself.
 */
import { dayMs } from "../core/maths/durations.ts";
import type { Clock } from "../core/platform/clock.ts";
import type { FileSystem } from "../core/platform/files/file-system.ts";
import type { Logger } from "../core/platform/logger.ts";

export interface ClockTrustOptions {
  /** File that keeps the time that was believed last. */
  readonly path: string;
  readonly files: Pick<FileSystem, "read" | "writeAtomic">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** So far ahead of what passed a clock is not believed at once: a collector that was off for longer waits as well. */
const maxAheadMs = 30 * dayMs;
/** For so long it is not believed. */
const doubtMs = dayMs;
const maxFileBytes = 64;

/** Creates the question; ask it before each removal, some times a day. Rejects while its file cannot be read. */
export function createClockTrust({ path, files, clock, logger }: ClockTrustOptions): () => Promise<boolean> {
  let doubtedSinceMs: number | null = null;
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
    // What is removed makes room: a disk that is full is no reason to keep all.
    await files.writeAtomic(path, `${Math.trunc(nowMs)}\n`).catch((error: unknown) => {
      logger.debug("the time that was believed last cannot be written down", { path, error });
    });
    return true;
  };
}

/** Null: there is none, or none that can be read as one. */
async function readTime(path: string, files: Pick<FileSystem, "read">): Promise<number | null> {
  const bytes = await files.read(path, maxFileBytes);
  const timeMs = bytes === null ? 0 : Number(new TextDecoder().decode(bytes));
  return Number.isSafeInteger(timeMs) && timeMs > 0 ? timeMs : null;
}
