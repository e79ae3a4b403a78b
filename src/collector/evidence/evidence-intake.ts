/**
 * Pieces of raw evidence → files under way → evidence in the store. Every piece is on the disk when it is answered, so
 * that its sender may forget it; a kill costs nothing but a piece that was not answered. Nothing is parsed whose digest
 * was not found to be right, and what cannot be what it says is refused with a reason, which names its sender by where it
 * is counted.
 */

import type { EvidenceReceipt } from "../../core/contract/evidence.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import type { EvidencePiece } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { EvidenceRecord, RecordedEvidence } from "../record/evidence-record.ts";
import { readAbout, unpackEvidence } from "./check-evidence.ts";
import type { EvidenceStore } from "./evidence-store.ts";
import type { IncomingFiles } from "./incoming-files.ts";

export interface EvidenceIntakeOptions {
  readonly incoming: IncomingFiles;
  readonly store: EvidenceStore;
  readonly record: Pick<EvidenceRecord, "putEvidence" | "findEvidence">;
  /** Site whose turbines a gateway may speak of; one that is not in it may speak of any. */
  readonly sites: ReadonlyMap<string, string>;
  readonly clock: Pick<Clock, "nowMs">;
  readonly logger: Logger;
  /** Tells the sender; may reject, it is said again when the gateway sends again. */
  readonly tell: (gateway: string, receipt: EvidenceReceipt) => Promise<void>;
}

export interface EvidenceIntake {
  /**
   * Takes a piece that `gateway` sent: durable when it resolves, or refused with why.
   * @throws AuroraError STORE when nothing can be stored now: the piece must not be acknowledged.
   */
  take(gateway: string, piece: EvidencePiece): Promise<Result<null, string>>;
  /** Of the files that were stored since the start. */
  readonly storedBytes: number;
}

export function createEvidenceIntake(options: EvidenceIntakeOptions): EvidenceIntake {
  const { incoming, store, record, clock, logger } = options;
  let storedBytes = 0;

  const tell = (gateway: string, receipt: Omit<EvidenceReceipt, "type">): void => {
    options.tell(gateway, { type: "receipt", ...receipt }).catch((error: unknown) => {
      logger.debug("a receipt was not sent; the gateway will ask again", { gateway, error });
    });
  };
  const refuse = (gateway: string, id: string, reason: string): Result<null, string> => {
    tell(gateway, { id, state: "refused", have: 0, reason: reason.slice(0, 512) });
    return failed(`${gateway}: ${reason}`);
  };

  const finish = async (gateway: string, id: string): Promise<Result<null, string>> => {
    const { about, text, packed } = await incoming.read(id);
    const unpacked = await unpackEvidence(about, packed);
    if (!unpacked.ok) {
      await incoming.remove(id);
      return refuse(gateway, id, unpacked.error);
    }
    const npy = unpacked.value;
    await store.put(id, "npy", npy);
    await store.put(id, "json", text);
    const { alert = null, evidence } = about;
    const { site, turbine, component, kind, samples, npySha256, model, said, request = null } = evidence;
    const row: RecordedEvidence = {
      id,
      kind,
      gateway,
      site,
      turbine,
      component,
      fromMs: Date.parse(about.from),
      toMs: Date.parse(evidence.to),
      storedMs: clock.nowMs(),
      samples,
      bytes: npy.length + text.length,
      npySha256,
      model,
      said,
      alert,
      request,
    };
    await record.putEvidence(row);
    storedBytes += row.bytes;
    await incoming.remove(id);
    logger.info("raw evidence was stored", { gateway, id, kind, turbine, component, samples });
    tell(gateway, { id, state: "stored", have: packed.length, reason: "" });
    return ok(null);
  };

  return {
    get storedBytes() {
      return storedBytes;
    },
    take: async (gateway, piece) => {
      const { id, offset } = piece;
      const known = await record.findEvidence(id);
      if (known !== null) {
        if (known.gateway !== gateway) return refuse(gateway, id, "another gateway's evidence");
        tell(gateway, { id, state: "stored", have: offset + piece.bytes.length, reason: "" });
        return ok(null);
      }
      let open = await incoming.find(id);
      if (open === null && piece.about !== "") {
        const about = readAbout(piece, { gateway, site: options.sites.get(gateway) ?? null });
        if (!about.ok) return refuse(gateway, id, about.error);
        const begun = await incoming.begin(id, about.value, piece.about);
        if (!begun.ok) {
          tell(gateway, { id, state: "partial", have: 0, reason: begun.error });
          return failed(`${gateway}: ${begun.error}`);
        }
        open = begun.value;
      }
      if (open === null) {
        // Its beginning is not here any more, or never was: from the start, please.
        tell(gateway, { id, state: "partial", have: 0, reason: "its beginning is not here" });
        return failed(`${gateway}: a piece of evidence that was not begun`);
      }
      const { gateway: owner, packed } = open.about.evidence;
      if (owner !== gateway) return refuse(gateway, id, "another gateway's evidence");
      if (offset > open.have) {
        tell(gateway, {
          id,
          state: "partial",
          have: open.have,
          reason: "a piece before this one is missing",
        });
        return failed(`${gateway}: a piece at ${offset} where ${open.have} bytes are there`);
      }
      const end = offset + piece.bytes.length;
      if (end > packed.bytes) return refuse(gateway, id, `${end} bytes, ${packed.bytes} were announced`);
      // The last bytes are written again: a power cut may have left their length and not them.
      if (end >= open.have) await incoming.write(id, offset, piece.bytes);
      const have = Math.max(open.have, end);
      if (have === packed.bytes) return finish(gateway, id);
      tell(gateway, { id, state: "partial", have, reason: "" });
      return ok(null);
    },
  };
}
