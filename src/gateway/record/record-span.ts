/** The time that a record tells of, which is not the time at which it was told; and of gaps, which are of such times, two as one. */
import type { GapRecord, UplinkRecord } from "../../core/contract/uplink-record.ts";

/** Epoch ms, from 0. */
export interface RecordSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Of what tells of no time of its own, from `fromMs`, if given, to `nowMs`. When a batch's first window began, it does not say:
 * where `fromMs` is absent, its first row begins where one before it would have ended.
 */
export function spanOfRecord(record: UplinkRecord, nowMs: number, fromMs?: number): RecordSpan {
  switch (record.kind) {
    case "prediction-batch": {
      const [first = nowMs, second = first] = record.timesMs;
      return toSpan(fromMs ?? first - Math.max(0, second - first), record.timesMs.at(-1) ?? nowMs);
    }
    case "drift-report":
      return toSpan(record.fromMs, record.toMs);
    default:
      return toSpan(fromMs ?? nowMs, nowMs);
  }
}

/** The span from the earlier beginning to the later end. */
export function joinSpans(one: RecordSpan, other: RecordSpan): RecordSpan {
  return { fromMs: Math.min(one.fromMs, other.fromMs), toMs: Math.max(one.toMs, other.toMs) };
}

function toSpan(fromMs: number, toMs: number): RecordSpan {
  const from = Math.max(0, fromMs);
  return { fromMs: from, toMs: Math.max(from, toMs) };
}

/** Two gaps of one lane and reason as one. */
export function joinGaps(left: GapRecord, right: GapRecord): GapRecord {
  const sum = (name: "windows" | "samples"): Partial<GapRecord> =>
    left[name] === undefined && right[name] === undefined
      ? {}
      : { [name]: (left[name] ?? 0) + (right[name] ?? 0) };
  return {
    ...left,
    records: left.records + right.records,
    ...joinSpans(left, right),
    ...sum("windows"),
    ...sum("samples"),
  };
}
