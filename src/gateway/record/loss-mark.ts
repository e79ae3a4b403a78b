/**
 * Says after a kill what was lost in it: one small file, overwritten in place, holds how much of each kind is in memory
 * only. In place, so that a full disk takes it; not synchronised, so that a kill finds it exact and flash is spared: after
 * a power cut it may be half a minute old. Holds counts and times, no records.
 */
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { z } from "zod";
import { type Lane, lanes } from "../../core/contract/topics.ts";
import type { GapRecord } from "../../core/contract/uplink-record.ts";
import { type Logger, silentLogger } from "../../core/platform/logger.ts";

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
export type Holder = Lane | "open-predictions" | "open-drift";

export interface LossMark {
  /** What the last run held when it ended without closing; empty after an orderly end. */
  readonly lost: readonly GapRecord[];
  /** Says what is held now; null: nothing. What the disk refuses is tried again with the next one. */
  note(holder: Holder, held: HeldInMemory | null): void;
  /** Closes the file; what was noted last stands. */
  close(): void;
}

/** Of a store that keeps no mark. */
export const noLossMark: LossMark = { lost: [], note: () => {}, close: () => {} };

const markBytes = 512;
const count = z.int().min(0);
const schema = z.record(z.string(), z.tuple([count, count, count, count]));

/** Reads what the last run left in the file at `path` and keeps it up to date from now on. */
export function openLossMark(path: string, logger: Logger = silentLogger): LossMark {
  const held = new Map<Holder, HeldInMemory>();
  const lost = readLost(path, logger);
  let file: number | null = null;
  let written = "";

  const write = (): void => {
    const entries = [...held].map(([holder, { records, windows, fromMs, toMs }]) => [
      holder,
      [records, windows, Math.round(fromMs), Math.round(toMs)],
    ]);
    const text = JSON.stringify(Object.fromEntries(entries)).padEnd(markBytes);
    if (text === written) return;
    try {
      file ??= openMark(path);
      writeSync(file, text, 0);
      written = text;
    } catch (error) {
      logger.debug("the mark of what is in memory cannot be written yet", { path, error });
    }
  };

  // What was lost stays noted until it is declared: that is the caller's first commit.
  if (lost.length === 0) write();
  return {
    lost,
    note(holder, now) {
      if (now === null) held.delete(holder);
      else held.set(holder, now);
      write();
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

/** Opens what is there without cutting it: on a full disk its block is all that there is. */
function openMark(path: string): number {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return openSync(path, "w+", 0o600);
  }
}

function readLost(path: string, logger: Logger): readonly GapRecord[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // A first start, or a disk that was full ever since.
    return [];
  }
  if (text.trim() === "") return [];
  try {
    const entries = schema.parse(JSON.parse(text.slice(0, markBytes)));
    return Object.entries(entries).flatMap(([holder, [records, windows, fromMs, toMs]]): GapRecord[] => {
      const lane = holder === "open-predictions" ? "prediction" : holder === "open-drift" ? "drift" : holder;
      if (!isLane(lane)) return [];
      const gap: GapRecord = { kind: "gap", lane, reason: "killed", records, fromMs, toMs };
      return [windows === 0 ? gap : { ...gap, windows }];
    });
  } catch (error) {
    logger.error("what the last run held in memory cannot be read", { path, error });
    return [];
  }
}

function isLane(name: string): name is Lane {
  return (lanes as readonly string[]).includes(name);
}
