/**
 * The pieces of raw evidence in a batch of envelopes, taken before the batch is stored: what is acknowledged is a file
 * then. A refused piece becomes a fault of its record, which is set aside and counted under its sender's topic.
 */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { failed } from "../../core/contract/result.ts";
import type { CheckedEnvelope } from "../record/fleet-record.ts";
import type { EvidenceIntake } from "./evidence-intake.ts";

/** The same envelopes; without its records where a piece cannot be kept now, which is told: it is not acknowledged, and comes again. */
export async function takePieces(
  envelopes: readonly CheckedEnvelope[],
  {
    intake,
    onTaken,
  }: {
    readonly intake: Pick<EvidenceIntake, "take">;
    /** After each envelope with pieces: whose they are, and what keeps them from being kept, or null. */
    readonly onTaken: (gateway: string, fault: Error | null) => void;
  },
): Promise<readonly CheckedEnvelope[]> {
  if (!envelopes.some(holdsPiece)) return envelopes;
  const taken: CheckedEnvelope[] = [];
  for (const envelope of envelopes) {
    if (!holdsPiece(envelope)) {
      taken.push(envelope);
      continue;
    }
    try {
      taken.push(await takeOf(envelope, intake));
      onTaken(envelope.gateway, null);
    } catch (error) {
      if (!hasErrorCode(error, "STORE")) throw error;
      onTaken(envelope.gateway, error);
      taken.push({ ...envelope, records: [] });
    }
  }
  return taken;
}

function holdsPiece({ records }: CheckedEnvelope): boolean {
  return records.some((record) => record.ok && record.value.kind === "evidence-piece");
}

async function takeOf(
  envelope: CheckedEnvelope,
  intake: Pick<EvidenceIntake, "take">,
): Promise<CheckedEnvelope> {
  const records: CheckedEnvelope["records"][number][] = [];
  for (const record of envelope.records) {
    if (!record.ok || record.value.kind !== "evidence-piece") {
      records.push(record);
      continue;
    }
    const taken = await intake.take(envelope.gateway, record.value);
    records.push(taken.ok ? record : failed({ reason: "evidence-refused", detail: taken.error }));
  }
  return { ...envelope, records };
}
