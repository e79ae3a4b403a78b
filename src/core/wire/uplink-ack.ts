/** The collector's acknowledgement as JSON. Bounded, and bad bytes are a value. */
import { z } from "zod";
import { failed, ok, type Result } from "../contract/result.ts";
import { lanes } from "../contract/topics.ts";
import type { UplinkAck } from "../contract/uplink-record.ts";

const maxAckBytes = 1024;

const ackSchema: z.ZodType<UplinkAck> = z.object({
  bootId: z.string().min(1).max(64),
  lane: z.enum(lanes),
  sequence: z.int().min(0),
});

/** The payload to publish on the acknowledgement topic. */
export function encodeUplinkAck(ack: UplinkAck): Uint8Array {
  const { bootId, lane, sequence } = ack;
  return new TextEncoder().encode(JSON.stringify({ bootId, lane, sequence }));
}

/** The acknowledgement in a payload, or what is wrong with it. Unknown fields are accepted and dropped. */
export function decodeUplinkAck(payload: Uint8Array): Result<UplinkAck, string> {
  if (payload.length > maxAckBytes) return failed(`${payload.length} bytes, at most ${maxAckBytes} allowed`);
  try {
    const parsed = ackSchema.safeParse(JSON.parse(new TextDecoder().decode(payload)));
    return parsed.success ? ok(parsed.data) : failed(z.prettifyError(parsed.error));
  } catch {
    return failed("not JSON");
  }
}
