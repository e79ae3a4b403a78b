/**
 * Sends evidence through the outbox's last lane, one piece at a time: the next one goes when the collector has said how
 * much it holds, so that the outbox holds one piece at most and a slow line is never full of them. Where the two disagree,
 * as after a restart of either, the collector's word counts. What it has stored, or will never take, leaves the disk.
 */
import type { EvidenceReceipt } from "../../core/contract/evidence.ts";
import type { EvidencePiece } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { EvidenceSpool } from "./evidence-spool.ts";
import type { MadeEvidence } from "./make-evidence.ts";

export interface EvidenceSenderOptions {
  readonly spool: Pick<EvidenceSpool, "next" | "remove">;
  readonly budget: ByteBudget;
  readonly append: (piece: EvidencePiece) => void;
  /** Is anything of the last lane still in the outbox? */
  readonly laneIsEmpty: () => boolean;
  /** Bytes that the last lane has put on the line since the start, repetitions included. */
  readonly laneBytesSent: () => number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
  /** The collector will never take it, and said why. */
  onRefused(evidence: MadeEvidence, reason: string): void;
}

export interface EvidenceSender {
  /** The collector said something. */
  receive(receipt: EvidenceReceipt): void;
  /** Sends what is due; call it about once a second, and when something was added. */
  tick(): void;
  readonly stored: number;
  readonly refused: number;
  /** Resolves when nothing of its own is under way on the disk. */
  close(): Promise<void>;
}

interface UnderWay {
  readonly evidence: MadeEvidence;
  /** Bytes that the collector holds, as far as is known. */
  have: number;
  /** When a piece was sent that is not answered yet; null: none is. */
  sentMs: number | null;
  /** The first piece asks how much there is. */
  isAsking: boolean;
}

/** Bytes of a piece: the smallest takes a second of a line of 64 kbit/s, the largest spares the disks of both sides. */
const smallestPiece = 8_192;
const largestPiece = 32_768;
/** A piece that is answered within this time may be larger: an alert would not have waited for it. */
const promptMs = 500;

/** A piece that the collector stored and did not answer for is sent again. */
const answerMs = 30_000;
/** Beside its bytes: envelope, topic, digest. */
const overheadBytes = 200;

export function createEvidenceSender(options: EvidenceSenderOptions): EvidenceSender {
  const { spool, budget, clock, logger } = options;
  let current: UnderWay | null = null;
  let busy: Promise<void> | null = null;
  let pieceBytes = smallestPiece;
  let closed = false;
  let stored = 0;
  let refused = 0;
  /** Of what the lane put on the line, how much the budget knows of. */
  let accounted = options.laneBytesSent();

  const send = (under: UnderWay): void => {
    const { evidence, have, isAsking } = under;
    const offset = isAsking ? 0 : have;
    const bytes = evidence.packed.subarray(offset, offset + pieceBytes);
    const about = offset === 0 ? evidence.about : "";
    const cost = bytes.length + about.length + overheadBytes;
    if (!budget.spend(cost)) return;
    accounted += cost;
    under.sentMs = clock.monotonicMs();
    options.append({ kind: "evidence-piece", id: evidence.id, offset, about, bytes });
  };

  /** What was sent again, and what pieces took beside what they were thought to. */
  const account = (): void => {
    const excess = options.laneBytesSent() - accounted;
    if (excess <= 0) return;
    accounted += excess;
    budget.charge(excess);
  };

  const step = (): void => {
    if (closed || busy !== null) return;
    account();
    if (current === null) {
      load();
      return;
    }
    const { sentMs } = current;
    const isOverdue = sentMs !== null && clock.monotonicMs() - sentMs >= answerMs && options.laneIsEmpty();
    if (sentMs === null || isOverdue) send(current);
  };

  const load = (): void => {
    work(async () => {
      const evidence = await spool.next();
      if (evidence !== null) current = { evidence, have: 0, sentMs: null, isAsking: true };
    });
  };

  const end = (): void => {
    const { id } = current!.evidence;
    current = null;
    work(() => spool.remove(id));
  };

  const work = (task: () => Promise<void>): void => {
    busy = task()
      .catch((error: unknown) => logger.warn("evidence cannot be read or removed", { error }))
      .finally(() => {
        busy = null;
        if (current !== null) step();
      });
  };

  return {
    receive: ({ id, state, have, reason }) => {
      if (current === null || current.evidence.id !== id || busy !== null) return;
      if (state === "stored") {
        stored++;
        logger.info("the collector stored evidence", { id });
        end();
        return;
      }
      if (state === "refused") {
        refused++;
        options.onRefused(current.evidence, reason);
        end();
        return;
      }
      if (have > current.evidence.packed.length) return;
      // Nothing of it: there is no room yet, or a piece of before was not understood. The beginning is sent again in a while.
      const { sentMs } = current;
      if (sentMs !== null) pieceBytes = sizeNext(pieceBytes, clock.monotonicMs() - sentMs);
      const isPutOff = have === 0 && current.isAsking;
      current.have = have;
      current.isAsking = have === 0;
      if (isPutOff) return;
      current.sentMs = null;
      step();
    },
    tick: step,
    get stored() {
      return stored;
    },
    get refused() {
      return refused;
    },
    close: async () => {
      closed = true;
      await busy;
    },
  };
}

function sizeNext(pieceBytes: number, answeredMs: number): number {
  return answeredMs <= promptMs
    ? Math.min(largestPiece, 2 * pieceBytes)
    : Math.max(smallestPiece, pieceBytes / 2);
}
