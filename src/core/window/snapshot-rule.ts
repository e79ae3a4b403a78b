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
 */
import type { QuarantineReason } from "../contract/stream.ts";

/** Revolutions of the shortest snapshot, less what rounding takes. */
const fewestRevolutions = 1 - 1e-6;

/** Follows the runs of one stream. */
interface SnapshotRule {
  /** Is the open run of so many `revolutions`, which a pause ends and none of which was a window, a snapshot? */
  isSnapshot(revolutions: number): boolean;
  /** Is what is missing after a run a pause, both in samples? */
  isPause(missing: number, run: number): boolean;
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
  #isLet = true;
  /** Whether a pause ended the last run. */
  #isPaused = false;

  isSnapshot(revolutions: number): boolean {
    return this.#isLet && revolutions >= fewestRevolutions;
  }

  isPause(missing: number, run: number): boolean {
    return missing >= run;
  }

  notePause(isShort: boolean): void {
    this.#isLet = isShort;
    this.#isPaused = true;
  }

  noteRecordingEnd(): void {
    this.#isLet = true;
  }

  noteBreak(reason: QuarantineReason): void {
    this.#isLet = reason === "rate";
    this.#isPaused = false;
  }

  noteNext(missing: number, before: number): void {
    if (this.#isPaused && this.isPause(missing, before)) this.#isLet = true;
  }
}
