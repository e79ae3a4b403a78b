/**
 * The collector's half of the acknowledgement protocol: which records of an envelope are new, and up to where a lane
 * is stored without a hole. Pure; whoever calls it stores the records and the new watermark in one transaction and only
 * then acknowledges.
 *
 * Rules, for one (gateway, boot id, lane):
 * 1. The watermark is the highest sequence up to which everything is stored, dropped by the gateway, or older than what
 *    it holds. It never goes back.
 * 2. What the gateway no longer holds (below `oldestSequence`) is not waited for.
 * 3. Sequences up to the watermark are duplicates and are passed over.
 * 4. An envelope that begins after watermark + 1 leaves a hole: nothing of it is stored, the old watermark is said again
 *    and the gateway sends once more.
 */
import type { Envelope } from "../contract/uplink-record.ts";

/** What to do with an envelope. */
export interface WatermarkStep {
  /** How many records at the front to pass over as duplicates. */
  readonly duplicates: number;
  /** How many records after them to store; their first sequence is `firstSequence + duplicates`. */
  readonly fresh: number;
  /** Records that nobody will ever send, by rule 2. */
  readonly missing: number;
  /** True when the envelope came too early (rule 4). */
  readonly hole: boolean;
  /** To store with the records, and to acknowledge afterwards in every case. */
  readonly watermark: number;
}

/** Computes the step of one envelope; `watermark` is the stored one, 0 when nothing is. */
export function stepWatermark(
  watermark: number,
  envelope: Pick<Envelope, "firstSequence" | "oldestSequence"> & {
    readonly records: { readonly length: number };
  },
): WatermarkStep {
  const { firstSequence, oldestSequence } = envelope;
  const count = envelope.records.length;
  const floor = Math.max(watermark, oldestSequence - 1);
  const missing = floor - watermark;
  if (firstSequence > floor + 1) return { duplicates: 0, fresh: 0, missing, hole: true, watermark: floor };
  const duplicates = Math.min(count, floor + 1 - firstSequence);
  const fresh = count - duplicates;
  return { duplicates, fresh, missing, hole: false, watermark: floor + fresh };
}
