/** Reads the next records of a lane, bounded, for one envelope. Changes nothing. */
import type { Lane } from "../../core/contract/topics.ts";
import type { OutboxLedger } from "./outbox-ledger.ts";

/** Records of one lane, consecutive, encoded. */
export interface OutboxBatch {
  readonly bootId: string;
  readonly firstSequence: number;
  /** The oldest that the lane still holds. */
  readonly oldestSequence: number;
  readonly records: readonly Uint8Array[];
}

/** Which records of a lane to read. */
export interface PeekOptions {
  /** Only those after this sequence; default 0. */
  readonly after?: number;
  /** Default 200. */
  readonly maxRecords?: number;
  /** Stop before the bodies exceed this; at least one record comes. Default 128 KiB. */
  readonly maxBytes?: number;
}

/** The oldest records of a lane that are not acknowledged, or null. */
export function readBatch(ledger: OutboxLedger, lane: Lane, options: PeekOptions): OutboxBatch | null {
  const { table, acknowledged } = ledger;
  const rows = table.read(lane, Math.max(options.after ?? 0, acknowledged[lane]), options.maxRecords ?? 200);
  const first = rows[0];
  if (first === undefined) return null;
  const maxBytes = options.maxBytes ?? 128 * 1024;
  const records: Uint8Array[] = [];
  let bytes = 0;
  for (const { body } of rows) {
    bytes += body.length;
    if (records.length > 0 && bytes > maxBytes) break;
    records.push(body);
  }
  const oldestSequence = Math.max(table.oldest(lane) ?? first.sequence, acknowledged[lane] + 1);
  return { bootId: table.bootId, firstSequence: first.sequence, oldestSequence, records };
}
