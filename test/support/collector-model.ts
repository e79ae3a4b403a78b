import type { Lane } from "../../src/core/contract/topics.ts";
import type { UplinkAck, UplinkRecord } from "../../src/core/contract/uplink-record.ts";
import { decodeUplinkEnvelope } from "../../src/core/wire/envelope-codec.ts";
import { stepWatermark } from "../../src/core/wire/uplink-ack.ts";

/** The collector's half of the protocol over a store in memory, as its real counterpart keeps it in a database. */
export interface CollectorModel {
  /** Everything stored, in the order of storing. */
  readonly stored: { readonly lane: Lane; readonly sequence: number; readonly record: UplinkRecord }[];
  /** Takes a payload; answers what to acknowledge, or null for bytes that are no envelope. */
  take(payload: Uint8Array): UplinkAck | null;
}

export function createCollectorModel(): CollectorModel {
  const watermarks = new Map<string, number>();
  const stored: CollectorModel["stored"] = [];
  return {
    stored,
    take(payload) {
      const decoded = decodeUplinkEnvelope(payload);
      if (!decoded.ok) return null;
      const { gateway, bootId, lane, firstSequence, records } = decoded.value;
      const key = `${gateway}/${bootId}/${lane}`;
      const step = stepWatermark(watermarks.get(key) ?? 0, decoded.value);
      for (const [index, record] of records.slice(step.duplicates, step.duplicates + step.fresh).entries()) {
        stored.push({ lane, sequence: firstSequence + step.duplicates + index, record });
      }
      watermarks.set(key, step.watermark);
      return { bootId, lane, sequence: step.watermark };
    },
  };
}
