/**
 * The acknowledgement protocol of the uplink: which records of an envelope are new, up to where a lane is stored
 * without a hole, and the JSON that says so. Whoever steps a watermark stores the records and the new watermark in one
 * transaction and only then acknowledges.
 *
 * Rules, for one (gateway, boot id, lane):
 * 1. The watermark is the highest sequence up to which everything is stored, dropped by the gateway, or older than what
 *    it holds. It never goes back.
 * 2. What the gateway no longer holds (below `oldestSequence`) is not waited for.
 * 3. Sequences up to the watermark are duplicates and are passed over.
 * 4. An envelope that begins after watermark + 1 leaves a hole: nothing of it is stored, the old watermark is said again
 *    and the gateway sends once more.
 */
import { z } from "zod";
import { sha256Pattern } from "../contract/bundle/plain-name.ts";
import { onDemand } from "../contract/on-demand.ts";
import { failed, ok, type Result } from "../contract/result.ts";
import { lanes } from "../contract/topics.ts";
import type { UplinkAck, UplinkEnvelope } from "../contract/uplink-record.ts";

const maxAckBytes = 1024;

/** What to do with an envelope. */
interface WatermarkStep {
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
  envelope: Pick<UplinkEnvelope, "firstSequence" | "oldestSequence"> & {
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

const ackSchema: () => z.ZodType<UplinkAck> = onDemand(() =>
  z.object({
    bootId: z.string().min(1).max(64),
    lane: z.enum(lanes),
    sequence: z.int().min(0),
    mac: z.string().regex(sha256Pattern).optional(),
    timeMs: z.int().min(0).optional(),
  }),
);

/** The payload to publish on the acknowledgement topic. */
export function encodeUplinkAck(ack: UplinkAck): Uint8Array {
  const { bootId, lane, sequence, mac, timeMs } = ack;
  return new TextEncoder().encode(JSON.stringify({ bootId, lane, sequence, mac, timeMs }));
}

/** The acknowledgement in a payload, or what is wrong with it. Unknown fields are accepted and dropped. */
export function decodeUplinkAck(payload: Uint8Array): Result<UplinkAck, string> {
  if (payload.length > maxAckBytes) return failed(`${payload.length} bytes, at most ${maxAckBytes} allowed`);
  try {
    const parsed = ackSchema().safeParse(JSON.parse(new TextDecoder().decode(payload)));
    return parsed.success ? ok(parsed.data) : failed(z.prettifyError(parsed.error));
  } catch {
    return failed("not JSON");
  }
}
