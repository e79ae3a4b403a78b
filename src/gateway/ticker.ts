/** Ticks the parts of a gateway once a second. One that throws is logged, and costs neither the others their turn nor the process its life. */
import type { Clock } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";

/** What is ticked, in this order. */
export type TickedParts = readonly { tick(): void }[];

interface Ticker {
  /** The time since all parts were through. */
  sinceMs(): number;
  /** Resolves when all parts are through the next time. */
  next(): Promise<void>;
  stop(): void;
}

/** Once a second: silent points, due states, gathered records. */
const tickMs = 1000;

/** Begins; the first tick comes a second later. */
export function startTicker(
  parts: TickedParts,
  options: { readonly clock: Clock; readonly logger: Logger },
): Ticker {
  const { clock, logger } = options;
  let tickedMs = clock.monotonicMs();
  let onTicked: (() => void)[] = [];
  /** Said once, until they are through again. */
  const failing = new Set<TickedParts[number]>();
  const timer = setInterval(() => {
    for (const part of parts) {
      try {
        part.tick();
        failing.delete(part);
      } catch (error) {
        if (!failing.has(part))
          logger.error("a part of the gateway failed, and is tried again each second", { error });
        failing.add(part);
      }
    }
    if (failing.size > 0) return;
    tickedMs = clock.monotonicMs();
    for (const tell of onTicked) tell();
    onTicked = [];
  }, tickMs);
  return {
    sinceMs: () => clock.monotonicMs() - tickedMs,
    next: () => new Promise((resolve) => onTicked.push(resolve)),
    stop: () => clearInterval(timer),
  };
}
