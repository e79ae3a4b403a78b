/**
 * Says after a kill what was lost in it: one small file, overwritten in place, holds how much of each kind is in memory
 * only. In place, so that a full disk takes it; not synchronised, so that a kill finds it exact and flash is spared: after
 * a power cut it may be half a minute old. One that could never be written is empty: then something may have been lost
 * since it was made, and nobody knows how much. Holds counts and times, no records.
 */

import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { z } from "zod";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import { onDemand } from "../../core/contract/on-demand.ts";
import { type Lane, lanes } from "../../core/contract/topics.ts";
import { type GapRecord, laneOfKind } from "../../core/contract/uplink-record.ts";
import { dayMs } from "../../core/maths/durations.ts";
import { type Clock, systemClock } from "../../core/platform/clock.ts";
import { isMissing } from "../../core/platform/files/file-system.ts";
import { openRegularFileSync } from "../../core/platform/files/regular-file.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";
import { joinSpans } from "./record-span.ts";

/** What is held in memory only. */
export interface HeldInMemory {
  /** Records that wait for the outbox's file. */
  readonly records: number;
  /** Windows gathered for a record that is still open. */
  readonly windows: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Whoever holds something: the outbox, a lane each, and whoever gathers windows. */
type Holder = Lane | "open-predictions" | "open-drift";

export interface LossMark {
  /**
   * What the last run held when it ended without closing; empty after an orderly end. A gap of 0 records and no windows:
   * how much, is not known; without a reason: nor how the last run ended.
   */
  readonly lost: readonly GapRecord[];
  /** Says what these hold now, in one write; null: nothing. What the disk refuses is tried again with the next one. */
  note(now: Readonly<Partial<Record<Holder, HeldInMemory | null>>>): void;
  /** An orderly end: closes the file. What was noted last stands; without anything noted, none is left that says less. */
  close(): void;
}

interface LossMarkOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly logger?: Logger;
}

/** Of a store that keeps no mark. */
export const noLossMark: LossMark = {
  lost: [],
  note: () => {},
  close: () => {},
};

const markBytes = 512;
const count = z.int().min(0);
const schema = onDemand(() => z.record(z.string(), z.tuple([count, count, count, count])));

/** So far back what was in memory may have been lost where nothing tells since when. */
const unknownSinceMs = 30 * dayMs;

/** Reads what the last run left in the file at `path` and keeps it up to date from now on. */
export function openLossMark(path: string, options: LossMarkOptions = {}): LossMark {
  const logger = options.logger ?? silentLogger;
  const held = new Map<string, HeldInMemory>();
  const last = readLost(path, logger);
  const isKnown = typeof last !== "string";
  const lost = isKnown ? last : describeUnknown(path, last, (options.clock ?? systemClock).nowMs());
  // What was lost stays noted until it is declared: until no record of the lane of gaps waits any more.
  let undeclared = lost.length > 0;
  let file: number | null = null;
  let written = "";

  const describeNow = (): string => {
    const entries = new Map(held);
    for (const { lane, windows = 0, ...gap } of undeclared ? lost : []) {
      const now = entries.get(lane) ?? { ...gap, records: 0, windows: 0 };
      entries.set(lane, {
        records: now.records + gap.records,
        windows: now.windows + windows,
        ...joinSpans(now, gap),
      });
    }
    const counts = [...entries].map(([holder, { records, windows, fromMs, toMs }]) => [
      holder,
      [records, windows, Math.round(fromMs), Math.round(toMs)],
    ]);
    return JSON.stringify(Object.fromEntries(counts)).padEnd(markBytes);
  };

  const write = (): void => {
    // A mark that says that nobody knows covers what is held now, too.
    if (last === "unreadable" || (undeclared && !isKnown)) return;
    const text = describeNow();
    if (text === written) return;
    try {
      file ??= openMark(path);
      if (writeSync(file, text, 0) === text.length) written = text;
    } catch (error) {
      logger.debug("the mark of what is in memory cannot be written yet", { path, error });
    }
  };

  if (!undeclared) write();
  return {
    lost,
    note(now) {
      for (const [holder, what] of Object.entries(now)) {
        if (what === null) held.delete(holder);
        else held.set(holder, what);
      }
      if (now[laneOfKind.gap] === null) undeclared = false;
      write();
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
      if (last === "unreadable") return;
      if (!undeclared && held.size === 0 && written !== describeNow()) rmSync(path, { force: true });
    },
  };
}

/** Opens what is there without cutting it: on a full disk its block is all that there is. */
function openMark(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if (!isMissing(error)) throw error;
    return openSync(path, "w+", 0o600);
  }
}

/** Damaged, as a mark is that could never be written: it was a kill that left it. Unreadable: who knows; it is left alone. */
type UnknownLoss = "damaged" | "unreadable";

function readLost(path: string, logger: Logger): readonly GapRecord[] | UnknownLoss {
  const message = "what the last run held in memory is not known";
  let text: string;
  try {
    text = readMark(path);
  } catch (cause) {
    // A first start, or an orderly end on a full disk.
    if (isMissing(cause)) return [];
    const error = new AuroraError("STORE", `cannot read ${path}: ${String((cause as Error).message)}`, {
      op: "read what was lost",
      subject: path,
      hint: "Stop the gateway and remove it: until then each start declares a loss that may be none.",
      cause,
    });
    logger.error(message, { path, error });
    return "unreadable";
  }
  try {
    return Object.entries(schema().parse(JSON.parse(text))).flatMap(
      ([holder, [records, windows, fromMs, toMs]]): GapRecord[] => {
        const lane =
          holder === "open-predictions" ? "prediction" : holder === "open-drift" ? "drift" : holder;
        if (!isLane(lane)) return [];
        const gap: GapRecord = { kind: "gap", lane, reason: "killed", records, fromMs, toMs };
        return [windows === 0 ? gap : { ...gap, windows }];
      },
    );
  } catch (error) {
    logger.error(message, { path, error });
    return "damaged";
  }
}

function readMark(path: string): string {
  const file = openRegularFileSync(path);
  try {
    const bytes = Buffer.alloc(markBytes);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, markBytes, 0));
  } finally {
    closeSync(file);
  }
}

/** Of every lane something may be lost, since the mark was made. */
function describeUnknown(path: string, why: UnknownLoss, nowMs: number): readonly GapRecord[] {
  const fromMs = dateLoss(timeOfFile(path), nowMs, unknownSinceMs);
  return lanes.map((lane) => {
    const gap: GapRecord = { kind: "gap", lane, records: 0, fromMs, toMs: nowMs };
    return why === "damaged" ? { ...gap, reason: "killed" } : gap;
  });
}

/** The earliest that the file system tells of it, whole epoch ms; null: nothing. */
function timeOfFile(path: string): number | null {
  try {
    const { birthtimeMs, mtimeMs } = statSync(path);
    // Some file systems keep no time of birth and say 0.
    return Math.floor(birthtimeMs > 0 ? Math.min(birthtimeMs, mtimeMs) : mtimeMs);
  } catch {
    return null;
  }
}

/**
 * Since when something may be lost, epoch ms: since `sinceMs`, if a clock can have been right that said so (null: nothing does); else as
 * far back as `reachMs`.
 */
export function dateLoss(sinceMs: number | null, nowMs: number, reachMs: number): number {
  const canBeRight =
    sinceMs !== null && sinceMs <= nowMs && (sinceMs >= earliestClockMs || nowMs < earliestClockMs);
  return Math.max(0, canBeRight ? sinceMs : nowMs - reachMs);
}

function isLane(name: string): name is Lane {
  return (lanes as readonly string[]).includes(name);
}
