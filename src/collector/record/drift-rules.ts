/** What every engine does alike with drift: names of days, the order of lists, and what one gateway may occupy. */
import type { DriftLevel } from "../../core/contract/drift-verdict.ts";
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { PeriodRange, ReferenceKey } from "./drift-record.ts";

/** What one gateway may occupy; a report beyond is set aside as `drift-bounds`. */
export const driftBounds = {
  /** Points times models within one period. */
  pointsPerPeriod: 1_024,
  /** Periods of points and models that wait to be assessed. */
  openPeriods: 20_000,
  /** Loads of one point within one slot. */
  loadsPerSlot: 16,
  /** Columns of a report: indices stay below. */
  columns: 512,
  /** Bins of a column. */
  bins: 64,
} as const;

/** A read of {@link DriftRecord.driftDays} never returns more columns than this: of ten thousand points they are a million levels. */
export const maxDriftDays = 100;

/** A report that a record does not take in, and by which reason it is set aside. */
export class DriftRefusedError extends RangeError {
  readonly reason: "drift-bins" | "drift-bounds" | "shape-invalid";

  constructor(reason: DriftRefusedError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** `YYYY-MM-DD` of a period of a day, `YYYY-MM-DDTHH:MMZ` (with seconds where it needs them) of a shorter one. */
export function nameDriftDay({ fromMs, toMs }: PeriodRange): string {
  const iso = new Date(fromMs).toISOString();
  if (toMs - fromMs >= dayMs) return iso.slice(0, 10);
  return fromMs % 60_000 === 0 ? `${iso.slice(0, 16)}Z` : `${iso.slice(0, 19)}Z`;
}

const dayPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/;

/** Starts of periods that a name covers: a whole day, or one moment. Null: it is no such name. */
export function readDriftDay(name: string): PeriodRange | null {
  if (!dayPattern.test(name)) return null;
  const fromMs = Date.parse(name);
  if (Number.isNaN(fromMs) || new Date(fromMs).toISOString().slice(0, 10) !== name.slice(0, 10)) return null;
  return { fromMs, toMs: fromMs + (name.length === 10 ? dayMs : 1) };
}

/** Where a list by site, turbine, component and model goes on after one of its entries. */
export function driftCursor({ site, turbine, component, modelDigest }: ReferenceKey): string {
  return Buffer.from(JSON.stringify([site, turbine, component, modelDigest])).toString("base64url");
}

/** Reads a {@link driftCursor}; null: it is none. */
export function readDriftCursor(cursor: string): readonly [string, string, string, string] | null {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length !== 4) return null;
  return parts.every((part) => typeof part === "string" && !part.includes("\u0000"))
    ? (parts as unknown as readonly [string, string, string, string])
    : null;
}

const severity: Readonly<Record<DriftLevel, number>> = {
  paused: 0,
  insufficient: 1,
  learning: 2,
  stable: 3,
  warning: 4,
  drift: 5,
};

/** The more serious of two levels; what was assessed counts more than what was not. */
export function worseDriftLevel(a: DriftLevel | null, b: DriftLevel): DriftLevel {
  return a === null || severity[b] > severity[a] ? b : a;
}

/** Somebody had a point's own reference renewed, after a repair for example. */
export interface DriftRenewal {
  readonly turbine: string;
  readonly component: string;
  readonly timeMs: number;
}

/** How far an event's time may lie before its arrival and still be believed. */
const longestOutboxMs = 30 * dayMs;

/** The renewal that an event of a gateway tells of, or null. A time that cannot be right is replaced by that of its arrival. */
export function readRenewal({ name, subject, timeMs }: EventRecord, receivedMs: number): DriftRenewal | null {
  const slash = subject.indexOf("/");
  if (name !== "baseline-renewed" || slash < 0) return null;
  const isLikely = timeMs <= receivedMs && timeMs >= receivedMs - longestOutboxMs;
  return {
    turbine: subject.slice(0, slash),
    component: subject.slice(slash + 1),
    timeMs: isLikely ? timeMs : receivedMs,
  };
}
