/**
 * Sends evidence through the outbox's last lane, one piece at a time: the next one goes when the collector has said how
 * much it holds, so that the outbox holds one piece at most and a slow line is never full of them. Where the two disagree,
 * as after a restart of either, the collector's word counts. What it has stored, or will never take, leaves the disk. A
 * piece that never arrives while other records do (a broker drops what is large without a word) is sent again in smaller
 * ones; where the smallest do not arrive either, the evidence stays on the disk for a while, and others have their turn.
 */
import type { EvidenceReceipt } from "../../core/contract/evidence.ts";
import type { EvidencePiece } from "../../core/contract/uplink-record.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { EvidenceSpool } from "./evidence-spool.ts";
import { createLostTries, type LostTries } from "./lost-tries.ts";
import type { MadeEvidence } from "./make-evidence.ts";
import { createPieceSize } from "./piece-size.ts";

interface EvidenceSenderOptions {
  readonly spool: Pick<EvidenceSpool, "next" | "remove" | "has">;
  readonly budget: ByteBudget;
  readonly append: (piece: EvidencePiece) => void;
  /** How much of the last lane is still in the outbox, on its disk and in memory. */
  readonly lane: () => { readonly records: number; readonly pending: number };
  /** Takes out of the outbox what is in the last lane: it is sent otherwise. */
  readonly withdraw: () => void;
  /** Bytes that the last lane has put on the line since the start, repetitions included. */
  readonly laneBytesSent: () => number;
  /** Acknowledgements of the collector since the start, of any lane. */
  readonly acknowledgements: () => number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly logger: Logger;
  /** The collector will never take it, and said why. */
  onRefused(evidence: MadeEvidence, reason: string): void;
  /** It does not arrive and waits on the disk; told of each once. */
  onHeld(evidence: MadeEvidence, reason: string): void;
}

interface EvidenceSender {
  /** The collector said something. */
  receive(receipt: EvidenceReceipt): void;
  /** Sends what is due; call it about once a second, and when something was added. */
  tick(): void;
  readonly stored: number;
  readonly refused: number;
  /** Pieces that were given up since the start, to be sent as smaller ones or later. */
  readonly lostPieces: number;
  /** Bytes above which pieces do not arrive, or null. */
  readonly pieceLimitBytes: number | null;
  /** Evidence that waits on the disk since its smallest pieces do not arrive. */
  readonly held: number;
  /** The bytes of the day are used up, until when, epoch ms; null: the next piece may go, or there is none. */
  readonly pausedUntilMs: number | null;
  /** Resolves when nothing of its own is under way on the disk. */
  close(): Promise<void>;
}

interface EvidenceUnderWay {
  readonly evidence: MadeEvidence;
  /** Bytes that the collector holds, as far as is known. */
  have: number;
  /** When a piece was sent that is not answered yet; null: none is. */
  sentMs: number | null;
  /** The first piece asks how much there is. */
  isAsking: boolean;
  /** The collector has no room for it yet: what asks next is one byte of it. */
  isPutOff: boolean;
  /** Of the piece that is under way. */
  pieceBytes: number;
  tries: LostTries | null;
  /** The bytes of the day are used up, until when, epoch ms; null: it needs none, or there are some. */
  pausedUntilMs: number | null;
}

/** Evidence that does not arrive: how often it was put off, and until when. */
interface Held {
  readonly times: number;
  readonly untilMs: number;
}

/** Of one piece. Nobody is harmed by a smaller one too early. */
const mostLostTries = 3;
/** How long evidence is put off: twice as long each time, up to the most. */
const firstHoldMs = 3_600_000;
const mostHoldMs = 6 * firstHoldMs;
const heldReason =
  "its smallest pieces are sent again and again and not stored, while other records are: does the broker drop messages by their size, or refuse this login the lane `raw`; or can the collector keep none (its `/-/ready`)?";

/** A piece that the collector stored and did not answer for is sent again. */
const answerMs = 30_000;
/** A collector that has no room is asked again. */
const askAgainMs = 600_000;
/** Beside its bytes: envelope, topic, digest. */
const overheadBytes = 200;

export function createEvidenceSender(options: EvidenceSenderOptions): EvidenceSender {
  const { spool, budget, clock, logger } = options;
  let current: EvidenceUnderWay | null = null;
  let busy: Promise<void> | null = null;
  const pieceSize = createPieceSize();
  const held = new Map<string, Held>();
  let lostPieces = 0;
  let closed = false;
  let stored = 0;
  let refused = 0;
  /** Of what the lane put on the line, how much the budget knows of. */
  let accounted = options.laneBytesSent();

  const send = (under: EvidenceUnderWay): void => {
    const { evidence, have, isAsking, isPutOff } = under;
    const offset = isAsking ? 0 : have;
    const bytes = evidence.packed.subarray(offset, offset + (isPutOff ? 1 : pieceSize.bytes));
    const about = offset === 0 ? evidence.about : "";
    const cost = bytes.length + about.length + overheadBytes;
    if (!budget.spend(cost)) {
      if (under.pausedUntilMs === null) logger.warn("the bytes of a day for raw evidence are used up");
      under.pausedUntilMs = budget.renewsMs;
      return;
    }
    under.pausedUntilMs = null;
    accounted += cost;
    under.sentMs = clock.monotonicMs();
    under.pieceBytes = bytes.length;
    const { laneBytesSent, acknowledgements } = options;
    const least = bytes.length + about.length;
    under.tries = createLostTries({ bytes: least, laneBytesSent, acknowledgements });
    options.append({ kind: "evidence-piece", id: evidence.id, offset, about, bytes });
  };

  /** What was sent again, and what pieces took beside what they were thought to. */
  const account = (): void => {
    const excess = options.laneBytesSent() - accounted;
    if (excess <= 0) return;
    accounted += excess;
    budget.charge(excess);
  };

  const laneIsEmpty = (): boolean => {
    const { records, pending } = options.lane();
    return records + pending === 0;
  };

  const step = (): void => {
    if (closed || busy !== null) return;
    account();
    if (current === null) {
      load();
      return;
    }
    const { sentMs } = current;
    if (sentMs !== null && current.tries!.look() >= mostLostTries) {
      giveUpPiece(current);
      return;
    }
    const waitMs = current.isPutOff ? askAgainMs : answerMs;
    const isOverdue = sentMs !== null && clock.monotonicMs() - sentMs >= waitMs && laneIsEmpty();
    if (sentMs === null || isOverdue) send(current);
  };

  /** Of nothing that was given up is an answer waited for; what arrived nevertheless is known with the next. */
  const giveUpPiece = (under: EvidenceUnderWay): void => {
    const { evidence, pieceBytes } = under;
    const { id } = evidence;
    options.withdraw();
    lostPieces++;
    under.sentMs = null;
    const nowMs = clock.monotonicMs();
    if (pieceSize.lost(pieceBytes, nowMs)) {
      const { limitBytes } = pieceSize;
      logger.warn("a piece of evidence does not arrive and is sent in smaller ones", {
        id,
        pieceBytes,
        limitBytes,
      });
      send(under);
      return;
    }
    const times = held.get(id)?.times ?? 0;
    held.set(id, { times: times + 1, untilMs: nowMs + Math.min(mostHoldMs, firstHoldMs * 2 ** times) });
    current = null;
    if (times === 0) options.onHeld(evidence, heldReason);
  };

  const load = (): void => {
    const nowMs = clock.monotonicMs();
    for (const id of [...held.keys()]) if (!spool.has(id)) held.delete(id);
    const isHeld = (id: string): boolean => nowMs < (held.get(id)?.untilMs ?? 0);
    work(async () => {
      const evidence = await spool.next(isHeld);
      if (evidence === null) return;
      current = {
        evidence,
        have: 0,
        sentMs: null,
        isAsking: true,
        isPutOff: false,
        pieceBytes: 0,
        tries: null,
        pausedUntilMs: null,
      };
    });
  };

  const end = (): void => {
    const { id } = current!.evidence;
    current = null;
    held.delete(id);
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
      held.delete(id);
      // Nothing of it: there is no room yet, or a piece of before was not understood. The beginning is sent again in a while.
      if (have === 0 && current.isAsking) {
        current.isPutOff = true;
        return;
      }
      const { sentMs, isPutOff } = current;
      const nowMs = clock.monotonicMs();
      if (sentMs !== null && !isPutOff) pieceSize.answered(nowMs - sentMs, nowMs);
      current.have = have;
      current.isAsking = have === 0;
      current.isPutOff = false;
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
    get lostPieces() {
      return lostPieces;
    },
    get pieceLimitBytes() {
      return pieceSize.limitBytes;
    },
    get held() {
      return [...held.keys()].filter((id) => spool.has(id)).length;
    },
    get pausedUntilMs() {
      return current?.pausedUntilMs ?? null;
    },
    close: async () => {
      closed = true;
      await busy;
    },
  };
}
