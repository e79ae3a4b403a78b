/**
 * The runs of samples of one channel, and what lies between them: samples that were lost, or the pause of a device that sends
 * snapshots, as a second every minute. A pause is longer than the run before it (`src/core/window/snapshot-rule.ts`), and its run is
 * as long as the one before. It shows in the samples' count, which jumps over it, or, where that goes on, in the
 * silence. Works a block at a time.
 */
import { durationOf, hourMs, minuteMs } from "../../core/maths/durations.ts";
import { makeDoubles } from "../../core/maths/shared-room.ts";

/** A block, as it follows the one before it. */
interface RunPiece {
  /** Samples that its index jumps over; less than 0 where it goes back. */
  readonly jump: number;
  readonly samples: number;
  readonly sampleRateHz: number;
  readonly arrivedMonotonicMs: number;
  /** It is the first over another connection: what lies before it went with the one that ended. */
  readonly isRejoined: boolean;
}

/** What was lost of the last snapshots, in samples; of nothing where the device sends none. */
export interface SnapshotLoss {
  readonly samples: number;
  readonly missing: number;
  /** It happened in more than one of them. */
  readonly isHabit: boolean;
}

export interface SampleRuns {
  /** Takes a block. */
  note(piece: RunPiece): void;
  /** Of the newest block: samples that were lost before it, and whether it is the first after a pause. */
  readonly lost: number;
  readonly isAfterPause: boolean;
  /** How long its pauses are, ms: the longest of the last ones; 0 for a stream. */
  readonly pauseMs: number;
  readonly loss: SnapshotLoss;
}

/** A link that hesitates, and a device that sends as much as a slow line takes, are silent for less. */
const leastPauseMs = 2_000;
/** Where only silence shows it: a device that sends what it measured every few seconds is silent for as long as it measures. */
const silentRuns = 2;
/** A pause that was longer is no habit: it does not say when the next snapshot is due. */
const longestPauseMs = hourMs;
/** Whoever measures for longer at once streams. */
const longestSnapshotMs = minuteMs;
/** Runs are alike that differ by this share of the longer one: snapshots are counted in samples or in revolutions. */
const alikeShare = 0.25;
/** What came first is so short that it may be a snapshot, of a device whose pause is not known yet … */
const shortRunMs = 8_000;
/** … and is taken for this. Most monitors measure every ten minutes or more often. */
const assumedPauseMs = 5 * minuteMs;
const remembered = 8;

/** Creates the runs of a channel of which nothing has come. */
export function createSampleRuns(): SampleRuns {
  return new Runs();
}

const nothingKept = new Float64Array(remembered);

class Runs implements SampleRuns {
  /** In rows: samples that came in each of the last snapshots, those that were missing in it, and the pause after it in ms; null: no snapshot is remembered. */
  #kept: Float64Array | null = null;
  #snapshots = 0;
  #came = 0;
  #missing = 0;
  #runMs = 0;
  #lastRunMs = Number.NaN;
  #lastAtMs = Number.NaN;
  #rateHz = Number.NaN;
  lost = 0;
  isAfterPause = false;

  get pauseMs(): number {
    if (this.#snapshots > 0) return this.#rowOf(2).reduce((longest, each) => Math.max(longest, each), 0);
    const isFirst = Number.isNaN(this.#lastRunMs);
    return isFirst && this.#runMs > 0 && this.#runMs <= shortRunMs ? assumedPauseMs : 0;
  }

  get loss(): SnapshotLoss {
    const missing = this.#rowOf(1);
    return {
      samples: sumOf(this.#rowOf(0)),
      missing: sumOf(missing),
      isHabit: missing.filter((each) => each > 0).length > 1,
    };
  }

  note({ jump, samples, sampleRateHz, arrivedMonotonicMs: atMs, isRejoined }: RunPiece): void {
    // A count or a rate that begins anew says nothing of what lies between.
    if (jump < 0 || sampleRateHz !== this.#rateHz) this.#begin(sampleRateHz);
    const jumpMs = durationOf(Math.max(0, jump), sampleRateHz);
    const pieceMs = durationOf(samples, sampleRateHz);
    const silenceMs = atMs - this.#lastAtMs - pieceMs;
    this.#lastAtMs = atMs;
    this.lost = isRejoined ? 0 : Math.max(0, jump);
    this.isAfterPause = false;
    const isCounted = jumpMs >= leastPauseMs;
    const pauseMs = isCounted ? jumpMs : silenceMs;
    const leastMs = isCounted ? this.#runMs : silentRuns * this.#runMs;
    if (this.#runMs > 0 && pauseMs >= Math.max(leastPauseMs, leastMs)) this.#pause(pauseMs, jumpMs);
    // What a pause took was no part of this run, expected or not.
    const isInside = jumpMs < leastPauseMs || this.#runMs > 0;
    if (isInside) this.#missing += this.lost;
    this.#came += samples;
    this.#runMs += isInside ? pieceMs + jumpMs : pieceMs;
    if (this.#runMs > longestSnapshotMs) this.#forget();
  }

  #begin(rateHz: number): void {
    this.#rateHz = rateHz;
    this.#lastAtMs = Number.NaN;
    this.#came = 0;
    this.#missing = 0;
    this.#runMs = 0;
  }

  #pause(pauseMs: number, jumpMs: number): void {
    this.isAfterPause = this.#runMs <= longestSnapshotMs && isAlike(this.#runMs, this.#lastRunMs);
    this.#lastRunMs = this.#runMs;
    if (this.isAfterPause) {
      const place = this.#snapshots++ % remembered;
      this.#kept ??= makeDoubles(3 * remembered);
      this.#kept[place] = this.#came;
      this.#kept[remembered + place] = this.#missing;
      this.#kept[2 * remembered + place] = Math.min(pauseMs, longestPauseMs);
      if (jumpMs >= leastPauseMs) this.lost = 0;
    }
    this.#came = 0;
    this.#missing = 0;
    this.#runMs = 0;
  }

  /** It streams. */
  #forget(): void {
    this.#lastRunMs = Number.POSITIVE_INFINITY;
    if (this.#snapshots === 0) return;
    this.#snapshots = 0;
    this.#kept = null;
  }

  #rowOf(row: number): Float64Array {
    return this.#kept?.subarray(row * remembered, (row + 1) * remembered) ?? nothingKept;
  }
}

/** @param before NaN: there was none */
function isAlike(runMs: number, before: number): boolean {
  return !(Math.min(runMs, before) < (1 - alikeShare) * Math.max(runMs, before));
}

const sumOf = (values: Float64Array): number => values.reduce((sum, each) => sum + each, 0);
