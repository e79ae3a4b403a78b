/** What every engine does alike with drift: the order of lists, and what one gateway may occupy. */
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import { believeTime, type Receipt } from "./clock-rules.ts";
import type { ReferenceKey } from "./drift-record.ts";

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
  /** Renewals of points' references; the oldest make room. */
  renewals: 4_096,
} as const;

/** A point that was not heard of for so many periods is not waited for. */
export const awaitedPeriods = 14;

/** A read of `DriftRecord.driftDays` never returns more columns than this: of ten thousand points they are a million levels. */
export const maxDriftDays = 100;

/** A report that a record does not take in, and by which reason it is set aside. */
export class DriftRefusedError extends RangeError {
  readonly reason: "drift-bins" | "drift-bounds" | "shape-invalid";

  constructor(reason: DriftRefusedError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Where a list by site, turbine, component and model goes on after one of its entries. */
export function driftCursor({ site, turbine, component, modelDigest }: ReferenceKey): string {
  return Buffer.from(JSON.stringify([site, turbine, component, modelDigest])).toString("base64url");
}

/** Reads what {@link driftCursor} wrote; null: it is no cursor. */
export function readDriftCursor(cursor: string): readonly [string, string, string, string] | null {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
  if (!Array.isArray(parts) || parts.length !== 4) return null;
  return parts.every((part) => typeof part === "string" && !part.includes("\u0000"))
    ? (parts as [string, string, string, string])
    : null;
}

/** After which names a list goes on; before all of them where there is no cursor, or none that can be read. */
export function placeAfter(cursor: string | undefined): readonly [string, string, string, string] {
  return readDriftCursor(cursor ?? "") ?? ["", "", "", ""];
}

/** Somebody had a point's own reference renewed, after a repair for example. Its gateway names it without a site. */
export interface DriftRenewal {
  readonly turbine: string;
  readonly component: string;
  readonly timeMs: number;
}

/** The renewal that an event of a gateway tells of, or null. */
export function readRenewal({ name, subject, timeMs }: EventRecord, receipt: Receipt): DriftRenewal | null {
  const slash = subject.indexOf("/");
  if (name !== "baseline-renewed" || slash < 0) return null;
  return {
    turbine: subject.slice(0, slash),
    component: subject.slice(slash + 1),
    timeMs: believeTime(timeMs, receipt),
  };
}
