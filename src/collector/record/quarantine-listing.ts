/** What is told of messages that could not be understood: an entry a topic and reason. */
import type { RecordRow } from "./record-rules.ts";

/** Messages of one topic that were set aside for one reason. */
export interface QuarantineEntry {
  readonly topic: string;
  readonly reason: string;
  readonly messages: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Why, in words, of the last one. */
  readonly detail: string;
  /** First bytes of the last one. */
  readonly sample: Uint8Array;
}

/** Entries, of which there are `total`. */
export interface QuarantineListing {
  readonly total: number;
  /** Of all entries together. */
  readonly messages: number;
  readonly items: readonly QuarantineEntry[];
}

export function fromQuarantineRow(row: RecordRow): QuarantineEntry {
  return {
    topic: String(row.topic),
    reason: String(row.reason),
    messages: Number(row.messages),
    firstMs: Number(row.first_ms),
    lastMs: Number(row.last_ms),
    detail: String(row.detail),
    sample: row.sample as Uint8Array,
  };
}
