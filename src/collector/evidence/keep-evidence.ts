/**
 * How much raw evidence is kept: by age and by bytes. What is too much goes first from a gateway that has more than its
 * share, so that one that sends without end takes nothing from its neighbours; then references before requests before
 * alarms, the oldest first. What nobody went on with is given up. Does not ask whether the clock can be believed.
 */
import type { EvidenceKind } from "../../core/contract/evidence.ts";
import type { RecordedEvidence } from "../../core/contract/evidence-list.ts";
import { dayMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { EvidenceRecord } from "../record/evidence-record.ts";
import type { EvidenceStore } from "./evidence-store.ts";
import type { IncomingFiles } from "./incoming-files.ts";

interface EvidenceBounds {
  readonly maxBytes: number;
  readonly days: number;
}

interface KeepEvidenceOptions {
  readonly record: Pick<EvidenceRecord, "oldestEvidence" | "evidenceShares" | "forgetEvidence">;
  readonly store: Pick<EvidenceStore, "remove">;
  readonly incoming: Pick<IncomingFiles, "sweep">;
  readonly bounds: EvidenceBounds;
  /** Whose time ends that of evidence; null: none that can be believed, and nothing goes for its age. */
  readonly clock: Pick<Clock, "nowMs"> | null;
  readonly logger: Logger;
}

/** What goes first in front. */
const order: readonly EvidenceKind[] = ["reference", "request", "alarm"];
/** Of all bytes: beyond an equal share, and this, a gateway's own goes first when there is too much. */
const leastShare = 0.1;
/** Its two files take whole blocks of the disk, and a row: many small ones are not for nothing. */
const blockBytes = 8_192;
const batch = 100;

/** Removes what is too old or too much; resolves with how many. A failure leaves the rest for the next time. */
export async function keepEvidence(options: KeepEvidenceOptions): Promise<number> {
  const { record, bounds, logger } = options;
  let removed = 0;
  const remove = async (items: readonly RecordedEvidence[]): Promise<void> => {
    // The file first: what is forgotten and still there would never be found again.
    for (const { id } of items) await options.store.remove(id);
    await record.forgetEvidence(items.map(({ id }) => id));
    removed += items.length;
  };
  /** Resolves with the bytes that it made room for: at least so many, unless there are not so many. */
  const makeRoom = async (wanted: number, gateway?: string): Promise<number> => {
    let made = 0;
    for (const kind of order) {
      while (made < wanted) {
        const oldest = await record.oldestEvidence({ kind, gateway, limit: batch });
        const going = oldest.slice(0, countUntil(oldest, wanted - made));
        if (going.length === 0) break;
        await remove(going);
        for (const { bytes } of going) made += bytes + blockBytes;
      }
    }
    return made;
  };

  if (options.clock !== null) {
    await options.incoming.sweep();
    const oldestMs = options.clock.nowMs() - bounds.days * dayMs;
    for (;;) {
      const oldest = await record.oldestEvidence({ limit: batch });
      const going = oldest.filter(({ storedMs }) => storedMs < oldestMs);
      await remove(going);
      if (going.length < batch) break;
    }
  }
  const shares = (await record.evidenceShares())
    .map(({ gateway, count, bytes }) => ({ gateway, bytes: bytes + blockBytes * count }))
    .sort((one, other) => other.bytes - one.bytes);
  let excess = shares.reduce((sum, { bytes }) => sum + bytes, 0) - bounds.maxBytes;
  const share = Math.max(leastShare, 1 / shares.length) * bounds.maxBytes;
  for (const { gateway, bytes } of shares) {
    const above = bytes - share;
    if (excess <= 0 || above <= 0) break;
    excess -= await makeRoom(Math.min(above, excess), gateway);
  }
  if (excess > 0) await makeRoom(excess);
  if (removed > 0) logger.info("old evidence was removed", { removed });
  return removed;
}

/** How many of them, from the first, make room for so many bytes; all, where that is not enough. */
function countUntil(items: readonly RecordedEvidence[], wanted: number): number {
  let bytes = 0;
  const last = items.findIndex((item) => {
    bytes += item.bytes + blockBytes;
    return bytes >= wanted;
  });
  return last === -1 ? items.length : last + 1;
}
