/** Lets fresh records of a lane wait for company, so that a few large envelopes go instead of many small ones. Sends nothing. */
import type { Lane } from "../../core/contract/topics.ts";

/** How long records of a lane wait after their commit. */
const gatherMs: Readonly<Record<Lane, number>> = {
  alert: 0,
  update: 500,
  drift: 2_000,
  prediction: 10_000,
  // Its sender waits for the answer to each piece.
  raw: 0,
};

/** Which lanes' fresh records wait for company, and until when (monotonic ms). */
interface LaneGathering {
  /** Records of the lane were committed at `nowMs`: they wait, unless older ones do already. */
  begin(lane: Lane, nowMs: number): void;
  /** Whether the lane still waits; when its time is over it no longer does. */
  isUnderWay(lane: Lane, nowMs: number): boolean;
  /** Null when nothing of the lane waits. */
  endsAtMs(lane: Lane): number | null;
  endAll(): void;
}

export function createLaneGathering(): LaneGathering {
  const ends = new Map<Lane, number>();
  return {
    begin(lane, nowMs) {
      const waitMs = gatherMs[lane];
      if (waitMs > 0 && !ends.has(lane)) ends.set(lane, nowMs + waitMs);
    },
    isUnderWay(lane, nowMs) {
      if ((ends.get(lane) ?? 0) > nowMs) return true;
      ends.delete(lane);
      return false;
    },
    endsAtMs: (lane) => ends.get(lane) ?? null,
    endAll: () => ends.clear(),
  };
}
