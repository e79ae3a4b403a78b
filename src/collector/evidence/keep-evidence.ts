/** How much raw evidence is kept: by age and by bytes, the oldest goes first; and what nobody went on with is given up. */
import { dayMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { EvidenceRecord } from "../record/evidence-record.ts";
import type { EvidenceStore } from "./evidence-store.ts";
import type { IncomingFiles } from "./incoming-files.ts";

export interface EvidenceBounds {
  readonly maxBytes: number;
  readonly days: number;
}

export interface KeepEvidenceOptions {
  readonly record: Pick<EvidenceRecord, "oldestEvidence" | "forgetEvidence">;
  readonly store: Pick<EvidenceStore, "remove">;
  readonly incoming: Pick<IncomingFiles, "sweep">;
  readonly bounds: EvidenceBounds;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
}

const batch = 100;

/** Removes what is too old or too much; resolves with how many. A failure leaves the rest for the next time. */
export async function keepEvidence(options: KeepEvidenceOptions): Promise<number> {
  const { record, store, bounds, logger } = options;
  const oldestMs = options.clock.nowMs() - bounds.days * dayMs;
  await options.incoming.sweep();
  let removed = 0;
  for (;;) {
    const { bytes, items } = await record.oldestEvidence(batch);
    let excess = bytes - bounds.maxBytes;
    const going: string[] = [];
    for (const { id, storedMs, bytes: own } of items) {
      if (storedMs >= oldestMs && excess <= 0) break;
      going.push(id);
      excess -= own;
    }
    // The file first: what is forgotten and still there would never be found again.
    for (const id of going) await store.remove(id);
    await record.forgetEvidence(going);
    removed += going.length;
    if (going.length < batch) break;
  }
  if (removed > 0) logger.info("old evidence was removed", { removed });
  return removed;
}
