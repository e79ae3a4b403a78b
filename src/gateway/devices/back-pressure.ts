/**
 * Makes devices wait while too many windows do, so that a gateway that cannot follow drops nothing: it reads of none for a
 * moment, since one turn of the event loop may bring more than a model takes at once, and takes its word of room back
 * (protocol 1.1) or goes on not to read (1.0). Never for longer than a bound: a model that hangs is seen by what is then
 * refused and counted, not by devices that are silent for ever.
 */
import { linkTiming } from "../../../firmware-bridge/link-timing.ts";
import type { Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { WorkGauge } from "../points/work-gauge.ts";

/** A way to make a device wait. */
interface PausableLink {
  pause(): void;
  resume(): void;
  /** Reads nothing, at once … */
  hold(): void;
  /** … until this. */
  letGo(): void;
}

/** What waits is decided in much less, unless the model hangs; then health and introductions are to be read again. */
const holdMaxMs = 1_000;

/** What is needed to make devices wait. */
interface BackPressureOptions {
  readonly gauge: WorkGauge;
  readonly links: readonly PausableLink[];
  readonly timers: Timers;
  readonly logger: Logger;
}

/** How often devices had to wait. */
export interface BackPressure {
  readonly isPaused: boolean;
  readonly pauses: number;
  /** Pauses that were ended by the bound, with the work still waiting. */
  readonly forcedEnds: number;
  close(): void;
}

/** Follows the gauge from now on. */
export function startBackPressure(options: BackPressureOptions): BackPressure {
  const { gauge, links, timers, logger } = options;
  const counts = { isPaused: false, pauses: 0, forcedEnds: 0 };
  let isHeld = false;
  let cancelHold = (): void => {};
  let cancelPause = (): void => {};

  function letGo(): void {
    cancelHold();
    if (!isHeld) return;
    isHeld = false;
    for (const link of links) link.letGo();
  }
  function resume(): void {
    cancelPause();
    if (!counts.isPaused) return;
    counts.isPaused = false;
    for (const link of links) link.resume();
    letGo();
  }

  gauge.watch({
    onHigh: () => {
      if (counts.pauses++ % 100 === 0)
        logger.warn("more windows wait than can be decided; devices are told to wait", {
          waiting: gauge.waiting,
          pauses: counts.pauses,
        });
      counts.isPaused = true;
      isHeld = true;
      for (const link of links) {
        link.hold();
        link.pause();
      }
      cancelHold = timers.after(holdMaxMs, letGo);
      cancelPause = timers.after(linkTiming.pauseMaxMs, () => {
        counts.forcedEnds++;
        logger.error("windows are not decided; devices go on, and what is too much is dropped", {
          waiting: gauge.waiting,
        });
        resume();
      });
    },
    onLow: resume,
  });
  return Object.assign(counts, {
    close: () => {
      cancelHold();
      cancelPause();
    },
  });
}
