/**
 * Which runs of samples are snapshots. A *snapshot* is a run too short for a window, of one revolution at least, that a
 * pause ends: a silence, or a gap no shorter than the run, which the loss of a few blocks from a continuous stream is not.
 * What came before the run counts, too. Holds no sample, and knows neither blocks nor windows.
 *
 *   before the run                                          the run may be a snapshot
 *   nothing, or another sampling rate                       yes
 *   a short run that a pause ended                          yes
 *   a run of any length, and a pause no shorter than it     yes: a stream that is interrupted goes on sooner
 *   a recording that is known to be whole                   yes
 *   a run that held a window, and a shorter pause           no: the run may be what an outage left of a stream
 *   a run that broke off otherwise                          no
 *
 * A loss does not take a snapshot away: what came of it before one is held as a *piece*, until the pause that ends the last
 * piece tells that all of them are a snapshot, or a whole window that they are none. Of a snapshot that lost more than came of it
 * nothing is heard: what took so much may have spoilt the rest. Nor of one without a piece of a revolution: it tells no orders apart.
 */
import type { Quarantine, QuarantineReason } from "../contract/stream.ts";
import type { WindowEnd } from "./window-sink.ts";

/** Revolutions of the shortest snapshot, of one in pieces of the longest of them, less what rounding takes. */
const fewestRevolutions = 1 - 1e-6;

/** Pieces that are held at most. */
const mostPieces = 32;

/** What came of a run before a loss. */
export interface SnapshotPiece {
  readonly end: WindowEnd;
  readonly revolutions: number;
  /** Samples that were lost after it. */
  readonly missing: number;
  /** What is said of it if it is heard in no snapshot. */
  readonly lost: Quarantine;
}

/** Follows the runs of one stream. */
interface SnapshotRule {
  /** Is the open run, which a pause ends and none of which was a window, a snapshot, with the pieces before it? */
  isSnapshot(run: Pick<SnapshotPiece, "end" | "revolutions">): boolean;
  /** Is what is missing after a run, with the pieces before it, a pause, both in samples? */
  isPause(missing: number, run: number): boolean;
  /** May the open run be a piece, if a loss ends it? */
  readonly isLet: boolean;
  /** Holds a piece. Returns those that are none any more, because what is held would be too many, or longer than `most` revolutions. */
  hold(piece: SnapshotPiece, most: number): readonly SnapshotPiece[];
  /** Epoch ms of the first sample that is held; Infinity: none is. */
  readonly heldFromMs: number;
  /** Lets go of all pieces. */
  drop(): readonly SnapshotPiece[];
  /** The snapshot whose last piece ends as `end`. Holds none of its pieces any more. */
  join(end: WindowEnd): WindowEnd;
  /** A pause ended the open run; `isShort`: it held no window. */
  notePause(isShort: boolean): void;
  /** All of a recording has come that is known to be whole. */
  noteRecordingEnd(): void;
  /** The open run broke off otherwise. */
  noteBreak(reason: QuarantineReason): void;
  /** Another run begins: so much was missing after the one before it, in samples as its length. */
  noteNext(missing: number, before: number): void;
}

/** Creates the rule of a stream of which nothing has come. */
export function createSnapshotRule(): SnapshotRule {
  return new Rule();
}

class Rule implements SnapshotRule {
  /** Whether what came before the open run lets it be a snapshot. */
  isLet = true;
  /** Whether a pause ended the last run. */
  #isPaused = false;
  #pieces: readonly SnapshotPiece[] = none;

  isSnapshot({ end, revolutions }: Pick<SnapshotPiece, "end" | "revolutions">): boolean {
    let longest = revolutions;
    let samples = end.samples;
    let missing = 0;
    for (const piece of this.#pieces) {
      longest = Math.max(longest, piece.revolutions);
      samples += piece.end.samples;
      missing += piece.missing;
    }
    return this.isLet && longest >= fewestRevolutions && samples >= missing;
  }

  isPause(missing: number, run: number): boolean {
    return missing >= this.#pieces.reduce((sum, { end }) => sum + end.samples, run);
  }

  hold(piece: SnapshotPiece, most: number): readonly SnapshotPiece[] {
    const all = [...this.#pieces, piece];
    let first = all.length;
    for (let sum = 0; first > 0 && all.length - first < mostPieces; first--) {
      sum += all[first - 1]!.revolutions;
      if (sum > most) break;
    }
    this.#pieces = all.slice(first);
    return all.slice(0, first);
  }

  get heldFromMs(): number {
    return this.#pieces[0]?.end.fromMs ?? Number.POSITIVE_INFINITY;
  }

  drop(): readonly SnapshotPiece[] {
    const pieces = this.#pieces;
    this.#pieces = none;
    return pieces;
  }

  join(end: WindowEnd): WindowEnd {
    const pieces = this.drop();
    if (pieces.length === 0) return end;
    const ends = [...pieces.map((piece) => piece.end), end];
    const samples = ends.reduce((sum, each) => sum + each.samples, 0);
    return {
      fromMs: ends[0]!.fromMs,
      toMs: end.toMs,
      samples,
      shaftRpm: ends.reduce((sum, each) => sum + each.shaftRpm * each.samples, 0) / samples,
      unbrokenMs: Math.max(...ends.map(({ fromMs, toMs }) => toMs - fromMs)),
    };
  }

  notePause(isShort: boolean): void {
    this.isLet = isShort;
    this.#isPaused = true;
  }

  noteRecordingEnd(): void {
    this.isLet = true;
  }

  noteBreak(reason: QuarantineReason): void {
    this.isLet = reason === "rate";
    this.#isPaused = false;
  }

  noteNext(missing: number, before: number): void {
    if (this.#isPaused && this.isPause(missing, before)) this.isLet = true;
  }
}

const none: readonly never[] = [];
