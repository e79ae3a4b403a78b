/**
 * Is there data of a measuring point, and does its turbine turn? Remembers when what came last, and finds out when
 * nothing is known any more. Reads no clock and tells nobody.
 */
import type { WindowSpec } from "../../core/contract/bundle/manifest.ts";
import type { FeatureWindow } from "../../core/contract/stream.ts";

/** When a point counts as silent or standing. */
export interface PresenceLimits {
  /** A slower turbine stands by. */
  readonly standbyBelowRpm: number;
  /** Data older than this says nothing of now. */
  readonly timeoutMs: number;
}

/** What a block says of the turbine: `stops` is the first one of a turbine that stands. */
export type Rotation = "turns" | "stops" | "stands";

/** The presence of one point. Monotonic times are NaN before the first event of their kind. */
export interface PointPresence {
  /** A trusted block came; a `shaftRpm` of NaN (unknown) counts as turning. */
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
  readonly fastestRpm: number;
}

/** Creates the presence of a point that was never heard of. */
export function createPointPresence({ standbyBelowRpm, timeoutMs }: PresenceLimits): PointPresence {
  let lastBlockMonotonicMs = Number.NaN;
  /** Arrival of the last whole window, or of the block since which one is due. */
  let lastUsefulMonotonicMs = Number.NaN;
  let lastDataMs = Number.NaN;
  let fastestRpm = 0;
  /** The silence has been told. */
  let isSilent = false;
  let isStanding = false;

  const whyNothing = (nowMonotonicMs: number, window: WindowSpec): string | null => {
    if (nowMonotonicMs - lastBlockMonotonicMs > timeoutMs) return "no data";
    if (isStanding) return null;
    const dueMs = timeoutMs + longestWindowMs(window, standbyBelowRpm);
    return nowMonotonicMs - lastUsefulMonotonicMs > dueMs ? "no window could be decided" : null;
  };

  return {
    noteBlock: (shaftRpm, timestampMs, arrivedMonotonicMs) => {
      lastBlockMonotonicMs = arrivedMonotonicMs;
      lastDataMs = timestampMs;
      const stood = isStanding;
      isStanding = shaftRpm < standbyBelowRpm;
      if (isStanding) {
        isSilent = false;
        return stood ? "stands" : "stops";
      }
      // From here on a window is due.
      if (stood || Number.isNaN(lastUsefulMonotonicMs)) lastUsefulMonotonicMs = arrivedMonotonicMs;
      if (shaftRpm > fastestRpm) fastestRpm = shaftRpm;
      return "turns";
    },
    noteWindow: (arrivedMonotonicMs) => {
      lastUsefulMonotonicMs = arrivedMonotonicMs;
      isSilent = false;
    },
    noteScore: ({ fromMs, shaftRpm, arrivedMonotonicMs }) => {
      lastBlockMonotonicMs = arrivedMonotonicMs;
      lastUsefulMonotonicMs = arrivedMonotonicMs;
      lastDataMs = fromMs;
      isSilent = false;
      isStanding = false;
      if (shaftRpm > fastestRpm) fastestRpm = shaftRpm;
    },
    findSilence: (nowMonotonicMs, window) => {
      const reason = isSilent ? null : whyNothing(nowMonotonicMs, window);
      if (reason !== null) isSilent = true;
      return reason;
    },
    get lastBlockMonotonicMs() {
      return lastBlockMonotonicMs;
    },
    get lastDataMs() {
      return lastDataMs;
    },
    get fastestRpm() {
      return fastestRpm;
    },
  };
}

/** How long a window takes at the slowest speed at which the turbine still operates. */
function longestWindowMs({ unit, length }: WindowSpec, standbyBelowRpm: number): number {
  return unit === "seconds" ? length * 1000 : (length * 60_000) / Math.max(standbyBelowRpm, 1);
}
