/** What a record is given to store: envelopes whose records were checked. */
import type {
  CheckedEnvelope,
  FleetRecord,
  RecordFault,
  StorableRecord,
  StoredEnvelope,
} from "../../src/collector/record/fleet-record.ts";
import { failed, ok } from "../../src/core/contract/result.ts";

/** An envelope of these records, or of what was wrong with them. */
export function envelopeOf(
  records: readonly (StorableRecord | RecordFault)[],
  changes: Partial<Omit<CheckedEnvelope, "records">> = {},
): CheckedEnvelope {
  const { gateway = "gw-1", lane = "update" } = changes;
  return {
    gateway,
    bootId: "b",
    lane,
    firstSequence: 1,
    oldestSequence: 1,
    topic: `aurora/v1/gateway/${gateway}/up/${lane}`,
    payload: new Uint8Array(2_000).fill(7),
    records: records.map((record) => ("kind" in record ? ok(record) : failed(record))),
    ...changes,
  };
}

/** Stores records in a lane, each call what follows. @param of how its envelopes are, and when they arrive where a call does not say it */
export function createLane(
  record: Pick<FleetRecord, "storeEnvelopes">,
  of: Partial<Omit<CheckedEnvelope, "records" | "firstSequence">> & { readonly nowMs: number },
): (records: readonly StorableRecord[], nowMs?: number) => Promise<StoredEnvelope> {
  const { nowMs: usualMs, ...changes } = of;
  let firstSequence = 1;
  return async (records, nowMs = usualMs) => {
    const envelope = envelopeOf(records, { ...changes, firstSequence });
    firstSequence += records.length;
    const [stored] = await record.storeEnvelopes({ nowMs, envelopes: [envelope], setAside: [] });
    return stored!;
  };
}
