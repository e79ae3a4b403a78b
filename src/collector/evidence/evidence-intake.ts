/**
 * Pieces of raw evidence → files under way → evidence in the store. Every piece is on the disk when it is answered; a kill
 * costs nothing but a piece that was not answered. Nothing is parsed whose digest was not found to be right, and what
 * cannot be what it says is refused with a reason, which names its sender by where it is counted. A store elsewhere is not waited
 * for: what is whole waits its turn, and its sender, which keeps the samples, is told that they are stored when they are.
 */

import type { EvidenceAbout, EvidenceReceipt } from "../../core/contract/evidence.ts";
import type { RecordedEvidence } from "../../core/contract/evidence-list.ts";
import { failed, ok, type Result } from "../../core/contract/result.ts";
import type { EvidencePiece } from "../../core/contract/uplink-record.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { EvidenceRecord } from "../record/evidence-record.ts";
import { readAbout, unpackEvidence } from "./check-evidence.ts";
import type { EvidenceStore } from "./evidence-store.ts";
import type { IncomingFiles } from "./incoming-files.ts";
import { createUploadQueue } from "./upload-queue.ts";

interface EvidenceIntakeOptions {
  readonly incoming: IncomingFiles;
  readonly store: EvidenceStore;
  readonly record: Pick<EvidenceRecord, "putEvidence" | "findEvidence">;
  /** Site whose turbines a gateway may speak of; undefined: of any, null: of none. */
  readonly sites: Pick<ReadonlyMap<string, string | null>, "get">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly timers: Timers;
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
  /** Whole evidence that waits for a store elsewhere. */
  readonly waiting: number;
  /** Attempts to store it there that failed since the start. */
  readonly failures: number;
  /** Begins nothing more; resolves when nothing is under way. */
  close(): Promise<void>;
}

/** Evidence that is what it says. */
interface WholeEvidence {
  readonly id: string;
  readonly about: EvidenceAbout;
  readonly text: Uint8Array;
  readonly npy: Uint8Array;
}

/** Why a whole is none. */
interface NotWhole {
  readonly reason: string;
  /** Are its bytes others than those that were announced? */
  readonly isChanged: boolean;
}

/** That are remembered: beyond, what comes once more is taken once more. */
const mostSentBack = 1_000;

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

  /** What arrived and was not what it had been announced to be. */
  const sentBack = new Set<string>();
  /** A disk here may have changed its bytes, and its gateway has them still: it is taken from its beginning once more. */
  const sendBack = (gateway: string, id: string, { reason, isChanged }: NotWhole): Result<null, string> => {
    if (!isChanged || sentBack.has(id)) return refuse(gateway, id, reason);
    if (sentBack.size >= mostSentBack) sentBack.clear();
    sentBack.add(id);
    logger.warn("raw evidence is not what was announced, and is asked for once more", {
      gateway,
      id,
      reason,
    });
    tell(gateway, { id, state: "partial", have: 0, reason: reason.slice(0, 512) });
    return failed(`${gateway}: ${reason}`);
  };

  /** All of it; what is not as its digests say is removed, with why. */
  const readWhole = async (id: string): Promise<Result<WholeEvidence, NotWhole>> => {
    const { about, text, packed } = await incoming.read(id);
    const npy = await unpackEvidence(about, packed);
    if (npy.ok) return ok({ id, about, text, npy: npy.value });
    await incoming.remove(id);
    return failed({ reason: npy.error, isChanged: sha256Hex(packed) !== about.evidence.packed.sha256 });
  };

  const keep = async ({ id, about, text, npy }: WholeEvidence): Promise<void> => {
    await store.put(id, "npy", npy);
    await store.put(id, "json", text);
    const row = describeEvidence({ id, about, storedMs: clock.nowMs(), bytes: npy.length + text.length });
    await record.putEvidence(row);
    storedBytes += row.bytes;
    await incoming.remove(id);
    const { gateway, kind, turbine, component, samples } = row;
    logger.info("raw evidence was stored", { gateway, id, kind, turbine, component, samples });
    tell(gateway, { id, state: "stored", have: about.evidence.packed.bytes, reason: "" });
  };

  /** Of what was given up meanwhile, nothing. */
  const upload = async (id: string): Promise<void> => {
    const open = await incoming.find(id);
    if (open === null) return;
    const { gateway, packed } = open.about.evidence;
    if (open.have < packed.bytes) return;
    if ((await record.findEvidence(id)) !== null) return incoming.remove(id);
    const whole = await readWhole(id);
    if (whole.ok) await keep(whole.value);
    else sendBack(gateway, id, whole.error);
  };
  const uploads = store.isRemote ? createUploadQueue({ upload, timers: options.timers, logger }) : null;
  /** What an earlier process had put together; asked for with the first piece, by whoever takes pieces. */
  let isResumed = uploads === null;
  const resume = async (): Promise<void> => {
    for (const id of await incoming.listWhole()) uploads?.add(id);
    isResumed = true;
  };

  /** All pieces are there. */
  const finish = async (gateway: string, id: string): Promise<Result<null, string>> => {
    const whole = await readWhole(id);
    if (!whole.ok) return sendBack(gateway, id, whole.error);
    if (uploads === null) await keep(whole.value);
    else uploads.add(id);
    return ok(null);
  };

  return {
    get storedBytes() {
      return storedBytes;
    },
    get waiting() {
      return uploads?.waiting ?? 0;
    },
    get failures() {
      return uploads?.failures ?? 0;
    },
    close: async () => {
      await uploads?.close();
    },
    take: async (gateway, piece) => {
      const { id, offset } = piece;
      if (!isResumed) await resume();
      const known = await record.findEvidence(id);
      if (known !== null) {
        if (known.gateway !== gateway) return refuse(gateway, id, "another gateway's evidence");
        tell(gateway, { id, state: "stored", have: offset + piece.bytes.length, reason: "" });
        return ok(null);
      }
      // Asked first: what is whole may be stored, and its file gone, at any moment from now on.
      const isWhole = uploads?.has(id) === true;
      let open = await incoming.find(id);
      if (open === null && piece.about !== "") {
        const site = options.sites.get(gateway);
        if (site === null) return refuse(gateway, id, "it is not an enrolled gateway");
        const about = readAbout(piece, { gateway, site: site ?? null });
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
      const have = Math.max(open.have, end);
      if (!isWhole) {
        // The last bytes are written again: a power cut may have left their length and not them.
        if (end >= open.have) await incoming.write(id, offset, piece.bytes);
        if (have === packed.bytes) {
          const finished = await finish(gateway, id);
          if (!finished.ok || uploads === null) return finished;
        }
      }
      // With a piece of no bytes it asks whether it is stored: it is told when it is.
      const isAsking = piece.bytes.length === 0 && have === packed.bytes;
      if (!isAsking) tell(gateway, { id, state: "partial", have, reason: "" });
      return ok(null);
    },
  };
}

function describeEvidence({
  id,
  about,
  storedMs,
  bytes,
}: Pick<WholeEvidence, "id" | "about"> & Pick<RecordedEvidence, "storedMs" | "bytes">): RecordedEvidence {
  const { alert = null, from, evidence } = about;
  const { to, packed: _packed, version: _version, speed: _speed, request = null, ...facts } = evidence;
  return { ...facts, id, fromMs: Date.parse(from), toMs: Date.parse(to), storedMs, bytes, alert, request };
}
