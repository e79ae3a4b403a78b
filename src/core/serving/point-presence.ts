/** Whether there is data of a measuring point. */
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { FeatureWindow } from "../contract/stream.ts";
import { noMaximum, noteMaximum, readMaximum, type WeeklyMaximum } from "../maths/weekly-maximum.ts";

/** When a point counts as silent or standing. */
interface PresenceLimits {
  /** A slower turbine stands by; of the shaft whose speed is told. */
  readonly standbyBelowRpm: number;
  /** The same of the shaft whose revolutions make a window. */
  readonly slowestRpm: number;
  /** Data older than this says nothing of now. */
  readonly timeoutMs: number;
}

/** What a block says of the turbine: `stops` is the first one of a turbine that stands, or that stands still after a silence. */
type Rotation = "turns" | "stops" | "stands";

/**
 * Is there data of a point, and does its turbine turn? Remembers when what came last, and finds out when nothing is known
 * any more. Reads no clock and tells nobody. Monotonic times are NaN before the first event of their kind.
 */
export interface PointPresence {
  /** A trusted block came; a `shaftRpm` (as it is told) of NaN (unknown) counts as turning. */
  noteBlock(shaftRpm: number, timestampMs: number, arrivedMonotonicMs: number): Rotation;
  /** A whole window was cut from what came. */
  noteWindow(arrivedMonotonicMs: number): void;
  /** A device sent the score of a window that it cut itself: its data and a whole window in one. */
  noteScore(window: Pick<FeatureWindow, "fromMs" | "shaftRpm" | "arrivedMonotonicMs">): void;
  /**
   * Why nothing is known of the point any more, once a silence; else null. Data without a single good `window` says no
   * more than none.
   */
  findSilence(nowMonotonicMs: number, window: WindowSpec): string | null;
  /** Arrival of the last trusted block. */
  readonly lastBlockMonotonicMs: number;
  /** Time of the last block by its own clock, epoch ms; NaN before the first. */
  readonly lastDataMs: number;
  /** Of the last one to two weeks. */
  readonly fastestRpm: number;
  snapshot(): PresenceSnapshot;
}

/** The state of a presence, to go on with while the process lives: its times are monotonic ones. */
export interface PresenceSnapshot {
  readonly lastBlockMonotonicMs: number;
  /** Arrival of the last whole window, or of the block since which one is due. */
  readonly lastUsefulMonotonicMs: number;
  readonly lastDataMs: number;
  /** Of speeds in operation, rpm. */
  readonly fastest: WeeklyMaximum;
  /** The silence has been told. */
  readonly isSilent: boolean;
  readonly isStanding: boolean;
}

const neverHeard: PresenceSnapshot = {
  lastBlockMonotonicMs: Number.NaN,
  lastUsefulMonotonicMs: Number.NaN,
  lastDataMs: Number.NaN,
  fastest: noMaximum,
  isSilent: false,
  isStanding: false,
};

/** The state, and a block that came since which nobody has told of; of one that came before it nothing changes. */
export function noteArrival(
  snapshot: PresenceSnapshot = neverHeard,
  { timestampMs, arrivedMonotonicMs }: { readonly timestampMs: number; readonly arrivedMonotonicMs: number },
): PresenceSnapshot {
  if (arrivedMonotonicMs <= snapshot.lastBlockMonotonicMs) return snapshot;
  const { lastUsefulMonotonicMs } = snapshot;
  return {
    ...snapshot,
    lastBlockMonotonicMs: arrivedMonotonicMs,
    lastUsefulMonotonicMs: Number.isNaN(lastUsefulMonotonicMs) ? arrivedMonotonicMs : lastUsefulMonotonicMs,
    lastDataMs: timestampMs,
  };
}

/** Creates the presence of a point that was never heard of, or goes on with one. */
export function createPointPresence(
  limits: PresenceLimits,
  snapshot: PresenceSnapshot = neverHeard,
): PointPresence {
  return new Presence(limits, snapshot);
}

class Presence implements PointPresence {
  readonly #limits: PresenceLimits;
  lastBlockMonotonicMs: number;
  lastDataMs: number;
  #fastest: WeeklyMaximum;
  #lastUsefulMonotonicMs: number;
  #isSilent: boolean;
  #isStanding: boolean;

  constructor(limits: PresenceLimits, snapshot: PresenceSnapshot) {
    this.#limits = limits;
    this.lastBlockMonotonicMs = snapshot.lastBlockMonotonicMs;
    this.lastDataMs = snapshot.lastDataMs;
    this.#fastest = snapshot.fastest;
    this.#lastUsefulMonotonicMs = snapshot.lastUsefulMonotonicMs;
    this.#isSilent = snapshot.isSilent;
    this.#isStanding = snapshot.isStanding;
  }

  get fastestRpm(): number {
    return readMaximum(this.#fastest);
  }

  noteBlock(shaftRpm: number, timestampMs: number, arrivedMonotonicMs: number): Rotation {
    this.lastBlockMonotonicMs = arrivedMonotonicMs;
    this.lastDataMs = timestampMs;
    const stood = this.#isStanding;
    this.#isStanding = shaftRpm < this.#limits.standbyBelowRpm;
    if (this.#isStanding) {
      const isTold = stood && !this.#isSilent;
      this.#isSilent = false;
      return isTold ? "stands" : "stops";
    }
    // From here on a window is due.
    if (stood || Number.isNaN(this.#lastUsefulMonotonicMs)) this.#lastUsefulMonotonicMs = arrivedMonotonicMs;
    this.#fastest = noteMaximum(this.#fastest, shaftRpm, arrivedMonotonicMs);
    return "turns";
  }

  noteWindow(arrivedMonotonicMs: number): void {
    this.#lastUsefulMonotonicMs = arrivedMonotonicMs;
    this.#isSilent = false;
  }

  noteScore(window: Pick<FeatureWindow, "fromMs" | "shaftRpm" | "arrivedMonotonicMs">): void {
    const { fromMs, shaftRpm, arrivedMonotonicMs } = window;
    this.lastBlockMonotonicMs = arrivedMonotonicMs;
    this.#lastUsefulMonotonicMs = arrivedMonotonicMs;
    this.lastDataMs = fromMs;
    this.#isSilent = false;
    this.#isStanding = false;
    this.#fastest = noteMaximum(this.#fastest, shaftRpm, arrivedMonotonicMs);
  }

  findSilence(nowMonotonicMs: number, window: WindowSpec): string | null {
    const reason = this.#isSilent ? null : this.#whyNothing(nowMonotonicMs, window);
    if (reason !== null) this.#isSilent = true;
    return reason;
  }

  snapshot(): PresenceSnapshot {
    return {
      lastBlockMonotonicMs: this.lastBlockMonotonicMs,
      lastUsefulMonotonicMs: this.#lastUsefulMonotonicMs,
      lastDataMs: this.lastDataMs,
      fastest: this.#fastest,
      isSilent: this.#isSilent,
      isStanding: this.#isStanding,
    };
  }

  #whyNothing(nowMonotonicMs: number, window: WindowSpec): string | null {
    const { slowestRpm, timeoutMs } = this.#limits;
    if (nowMonotonicMs - this.lastBlockMonotonicMs > timeoutMs) return "no data";
    if (this.#isStanding) return null;
    const dueMs = timeoutMs + longestWindowMs(window, slowestRpm);
    return nowMonotonicMs - this.#lastUsefulMonotonicMs > dueMs ? "no window could be decided" : null;
  }
}

/** How long a window takes at the slowest speed at which the turbine still operates. */
function longestWindowMs({ unit, length }: WindowSpec, slowestRpm: number): number {
  return unit === "seconds" ? length * 1000 : (length * 60_000) / Math.max(slowestRpm, 1);
}
