/**
 * Whose clock counts. A gateway's own is believed while it can be right; else what it dates counts by its arrival: nothing
 * sorts on top for ever, and nothing is removed because its clock says 1970. Every engine does this alike.
 */
import { earliestClockMs } from "../../core/contract/iso-time.ts";
import { maxStatusDifferenceMs } from "../../core/contract/turbine-state.ts";
import type { EventRecord } from "../../core/contract/uplink-record.ts";
import { dayMs, formatDuration, hourMs } from "../../core/maths/durations.ts";
import type { CheckedEnvelope, RecordFault, RecordSource, StorableRecord } from "./fleet-record.ts";

/** For how long an outbox may have waited: as long as a lane keeps, and drops a day at a time. What is older on arrival is of a wrong clock. */
export const longestWaitMs: number = 401 * dayMs;
/** The same where nothing waits, or where a gateway's clock is known to be far behind: what it dates is older than it is. */
const shortWaitMs = 30 * dayMs;
/** Of a clock that is behind by no more, a time longer than a short wait ago is still nearer to the truth than its arrival. */
const farBehindMs = shortWaitMs / 2;
/** How far a clock may be ahead. */
export const maxAheadMs: number = hourMs;
/** A gateway whose clock differs is told of once in so long. */
export const toldAgainMs: number = dayMs;
/** Name of the event. */
export const clockEventName = "clock.differs";

/** When something came, and what is known of the clock behind it. */
export type Receipt = Pick<RecordSource, "receivedMs" | "isBehind">;

/** The time by which something is sorted and shown: its own, or that of its arrival where its own cannot be right. */
export function believeTime(timeMs: number, receipt: Receipt): number {
  return canBeRight(timeMs, receipt.receivedMs, earliestOf(receipt)) ? timeMs : receipt.receivedMs;
}

function earliestOf({ receivedMs, isBehind = false }: Receipt): number {
  return receivedMs - (isBehind ? shortWaitMs : longestWaitMs);
}

/** Since when an alarm stands, for however long: only what an unset clock said, or one ahead, goes by when it was heard of. */
export function believeSince(sinceMs: number, heardMs: number): number {
  return canBeRight(sinceMs, heardMs, earliestClockMs) ? sinceMs : heardMs;
}

function canBeRight(timeMs: number, receivedMs: number, earliestMs: number): boolean {
  if (receivedMs < earliestClockMs) return true;
  return timeMs >= earliestMs && timeMs <= receivedMs + maxAheadMs;
}

/** The first thing to be told of the clock behind records; null: nothing. */
export function doubtRecords(records: CheckedEnvelope["records"], from: RecordSource): EventRecord | null {
  for (const record of records) {
    const doubt = doubtRecord(record.ok ? record.value : record.error, from);
    if (doubt !== null) return doubt;
  }
  return null;
}

/** What is to be told of the clock behind a record, stored or refused; null: nothing. */
function doubtRecord(record: StorableRecord | RecordFault, from: RecordSource): EventRecord | null {
  if ("reason" in record) {
    return record.reason === "drift-clock" ? createClockEvent(from, record.detail) : null;
  }
  const timeMs = timeOf(record);
  // 0: not known, as of the event that stands for a record of a later version.
  if (timeMs === null || timeMs === 0 || believeTime(timeMs, from) === timeMs) return null;
  const what = `${from.gateway} dates what it sends (${record.kind}) ${sayTime(timeMs)}`;
  return createClockEvent(from, `${what}, ${sayDifference(timeMs, from.receivedMs)}`);
}

/** Does it depend on its gateway's clock whether a record's time can be right? */
export function isInDoubt(record: StorableRecord, receivedMs: number): boolean {
  const timeMs = timeOf(record);
  return timeMs !== null && timeMs < receivedMs - shortWaitMs;
}

/**
 * Is a gateway's clock far behind, by its status? Null: that does not say. A retained one counts as heard at its own time; and what a
 * clock that was never set dates goes by its arrival anyhow, while it is set in a moment.
 */
export function isFarBehind(time: string | null, seenMs: number): boolean | null {
  const timeMs = time === null ? seenMs : Date.parse(time);
  if (timeMs === seenMs || timeMs < earliestClockMs) return null;
  return seenMs - timeMs > farBehindMs;
}

/** What is to be told of a clock that says its time at once; null: nothing. */
export function doubtStatus(
  time: string | null,
  from: { readonly gateway: string; readonly receivedMs: number },
): EventRecord | null {
  if (time === null || from.receivedMs < earliestClockMs) return null;
  const timeMs = Date.parse(time);
  if (Math.abs(timeMs - from.receivedMs) <= maxStatusDifferenceMs) return null;
  const what = `the clock of ${from.gateway} says ${sayTime(timeMs)}`;
  return createClockEvent(from, `${what}, ${sayDifference(timeMs, from.receivedMs)}`);
}

function createClockEvent(
  { gateway, receivedMs }: { readonly gateway: string; readonly receivedMs: number },
  detail: string,
): EventRecord {
  return { kind: "event", timeMs: receivedMs, name: clockEventName, subject: gateway, detail };
}

function timeOf(record: StorableRecord): number | null {
  switch (record.kind) {
    case "alert":
      return Date.parse(record.event.time);
    case "prediction-batch":
      return record.timesMs.at(-1) ?? null;
    case "gap":
      return record.toMs;
    case "drift-report":
      // Refused before it is stored, where its clock is wrong.
      return null;
    case "evidence-piece":
      // Bytes of a file, whose head dates it.
      return null;
    default:
      return record.timeMs;
  }
}

function sayTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function sayDifference(timeMs: number, nowMs: number): string {
  return `${formatDuration(Math.abs(timeMs - nowMs))} ${timeMs < nowMs ? "behind" : "ahead of"} the collector (${sayTime(nowMs)}); what it dates goes by its arrival where its time cannot be right`;
}
