/**
 * Whether the collector's own clock may be believed. One that is suddenly far ahead would end the time of all that is stored, and one
 * that a board without a battery has set years back would let what arrives now be removed as old when it is right again: either is
 * believed after a day, in which whoever is told can set it. What was believed last stands in a file, and beside it how long it has been
 * doubted since, so that a restart in between forgets nothing. Removes nothing itself.
 */
import { dirname, join } from "node:path";
import type { CollectorConfig } from "../core/contract/config/collector-config.ts";
import { collectorState } from "../core/contract/config/state-names.ts";
import { dayMs, hourMs } from "../core/maths/durations.ts";
import { type Clock, findClockFault } from "../core/platform/clock.ts";
import type { FileSystem } from "../core/platform/files/file-system.ts";
import type { Logger } from "../core/platform/logger.ts";

interface ClockTrustOptions {
  /** File that keeps the time that was believed last; beside it is one of how long that has been doubted. */
  readonly path: string;
  readonly files: Pick<FileSystem, "read" | "writeAtomic" | "remove">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** So far ahead of what passed a clock is not believed at once: a collector that was off for longer waits as well. */
const maxAheadMs = 30 * dayMs;
/** So far behind what was believed last a clock has been set back. */
const maxBehindMs = hourMs;
/** For so long it is not believed, of the time that a collector ran. */
const doubtMs = dayMs;
const maxFileBytes = 64;

/** Where a collector keeps it. */
export function believedFile({ collector }: Pick<CollectorConfig, "collector">): string {
  return join(collector.stateDir, collectorState.believed);
}

/** Creates the question; ask it before each removal, some times a day. Rejects while its file cannot be read. */
export function createClockTrust(options: ClockTrustOptions): () => Promise<boolean> {
  const { path, files, clock, logger } = options;
  const note = (error: unknown): void => {
    logger.debug("what is believed of the time cannot be written down", { path, error });
  };
  /** How long the clock has been doubted in all: ahead, or less than 0: behind. Null: not read yet. */
  let doubtedMs: number | null = null;
  let countedMonotonicMs: number | null = clock.monotonicMs();
  let isTold = false;
  /** Counts on what stands in the file. Resolves with whether it is a day. */
  const doubt = async (sign: 1 | -1): Promise<boolean> => {
    const beforeMs = Math.max(0, sign * (doubtedMs ?? 0));
    const monotonicMs = clock.monotonicMs();
    const sumMs = beforeMs + monotonicMs - (countedMonotonicMs ?? monotonicMs);
    doubtedMs = sign * sumMs;
    countedMonotonicMs = monotonicMs;
    if (sumMs >= doubtMs) return true;
    await files.writeAtomic(doubtedFile(path), `${Math.trunc(doubtedMs)}\n`).catch(note);
    return false;
  };
  return async () => {
    const nowMs = clock.nowMs();
    const believedMs = await readTime(path, files);
    const readMs = doubtedMs ?? (await readDoubt(path, files));
    doubtedMs ??= readMs;
    if (believedMs !== null && nowMs > believedMs + maxAheadMs) {
      if (!isTold) {
        isTold = true;
        logger.error("the clock is far ahead of when it was read last; nothing stored is removed for a day", {
          now: new Date(nowMs).toISOString(),
          before: new Date(believedMs).toISOString(),
          hint: "Set this machine's clock, if it is wrong.",
        });
      }
      if (!(await doubt(1))) return false;
    } else if (believedMs !== null && nowMs < believedMs - maxBehindMs) {
      // It removes nothing too early; what was believed is still needed.
      if (!(await doubt(-1))) return true;
    }
    countedMonotonicMs = null;
    try {
      await files.writeAtomic(path, `${Math.trunc(nowMs)}\n`);
      if (doubtedMs !== 0) await files.remove(doubtedFile(path));
      [doubtedMs, isTold] = [0, false];
    } catch (error) {
      // What is removed makes room: a disk that is full is no reason to keep all.
      note(error);
    }
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
  const { believedMs, behindBeforeMs } = await readBelief({ path, files, logger });
  const startMs = clock.monotonicMs();
  const behindMs = (): number => behindBeforeMs + clock.monotonicMs() - startMs;
  const isBehind = (): boolean => clock.nowMs() < believedMs - maxBehindMs && behindMs() < doubtMs;
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
    nowMs: () => (isBehind() ? believedMs + behindMs() : clock.nowMs()),
    monotonicMs: () => clock.monotonicMs(),
  };
}

/**
 * Is the clock behind what was believed last, for less than a day yet? As the files are now, which {@link createClockTrust} keeps: for
 * who asks seldom.
 */
export async function isClockBehind(options: ClockTrustOptions): Promise<boolean> {
  const { believedMs, behindBeforeMs } = await readBelief(options);
  return options.clock.nowMs() < believedMs - maxBehindMs && behindBeforeMs < doubtMs;
}

/** What was believed last, 0: nothing, and for how long the clock has been doubted for being behind it. */
async function readBelief({ path, files, logger }: Omit<ClockTrustOptions, "clock">): Promise<{
  readonly believedMs: number;
  readonly behindBeforeMs: number;
}> {
  const read = await readTime(path, files).catch((error: unknown) => {
    logger.warn("the time that was believed last cannot be read", { path, error });
    return null;
  });
  const believedMs = read === null || findClockFault(read) !== null ? 0 : read;
  return { believedMs, behindBeforeMs: Math.max(0, -(await readDoubt(path, files).catch(() => 0))) };
}

/** Null: there is none, or none that can be read as one. */
async function readTime(path: string, files: Pick<FileSystem, "read">): Promise<number | null> {
  const timeMs = await readNumber(path, files);
  return timeMs > 0 ? timeMs : null;
}

const doubtedFile = (path: string): string => join(dirname(path), collectorState.doubted);

function readDoubt(path: string, files: Pick<FileSystem, "read">): Promise<number> {
  return readNumber(doubtedFile(path), files);
}

/** 0 where there is none. */
async function readNumber(path: string, files: Pick<FileSystem, "read">): Promise<number> {
  const bytes = await files.read(path, maxFileBytes);
  const value = bytes === null ? 0 : Number(new TextDecoder().decode(bytes));
  return Number.isSafeInteger(value) ? value : 0;
}
