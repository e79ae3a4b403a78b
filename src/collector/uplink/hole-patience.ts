/** How long, and how many of a gateway, messages may wait for another worker to fill the hole that they follow. Holds none of them. */
import type { Clock } from "../../core/platform/clock.ts";

/** For how long what follows a hole waits for another worker to fill it; its gateway sends again, after that or later (`src/gateway/record/lane-sender.ts`). */
const holeWaitMs = 10_000;
/** Of a gateway: more than it has under way by itself. What waits takes a place among those that the broker gives out before they are stored. */
const mostEarlyPerGateway = 32;

interface HolePatience {
  /** Counts a message of a gateway that begins to wait. */
  add(gateway: string): void;
  /** One does not wait any more. */
  remove(gateway: string): void;
  /** May one of a gateway that follows a hole since then wait on? */
  allows(gateway: string, earlySinceMs: number): boolean;
}

/** Creates it with nobody that waits. */
export function createHolePatience(clock: Pick<Clock, "monotonicMs">): HolePatience {
  /** Of each gateway how many wait. */
  const counts = new Map<string, number>();
  return {
    add: (gateway) => void counts.set(gateway, (counts.get(gateway) ?? 0) + 1),
    remove: (gateway) => {
      const many = (counts.get(gateway) ?? 0) - 1;
      if (many > 0) counts.set(gateway, many);
      else counts.delete(gateway);
    },
    allows: (gateway, earlySinceMs) =>
      clock.monotonicMs() - earlySinceMs < holeWaitMs && (counts.get(gateway) ?? 0) < mostEarlyPerGateway,
  };
}
