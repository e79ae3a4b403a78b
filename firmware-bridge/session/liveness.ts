/** Who is still there: notices the other side's silence (either side), and shows a sign of life (a device). */
import type { Timers } from "../../src/core/platform/clock.ts";

interface SilenceWatchOptions {
  readonly silenceMs: number;
  readonly timers: Timers;
  /** Good packets heard so far. */
  packetsHeard(): number;
  /** Called when no good packet came for `silenceMs`; the watch goes on. */
  onSilence(): void;
}

interface SilenceWatch {
  /** Begins to watch, or forgets how long it has been silent. */
  restart(): void;
  stop(): void;
}

/**
 * Notices that no good packet came on a connection for too long. Looks every quarter of the deadline, so it notices at
 * most that much late; does not run yet.
 */
export function createSilenceWatch(options: SilenceWatchOptions): SilenceWatch {
  const looks = 4;
  let cancel = (): void => {};
  let heard = 0;
  let silentLooks = 0;

  function look(): void {
    cancel = options.timers.after(options.silenceMs / looks, look);
    const now = options.packetsHeard();
    silentLooks = now === heard ? silentLooks + 1 : 0;
    heard = now;
    if (silentLooks < looks) return;
    silentLooks = 0;
    options.onSilence();
  }

  return {
    restart: () => {
      cancel();
      heard = options.packetsHeard();
      silentLooks = 0;
      cancel = options.timers.after(options.silenceMs / looks, look);
    },
    stop: () => cancel(),
  };
}

interface SignOfLifeOptions {
  readonly timers: Timers;
  readonly everyMs: number;
  /** It is time for a sign. */
  show(uptimeMs: number): void;
}

interface SignOfLife {
  start(): void;
  stop(): void;
}

/** Calls for a sign of life at even intervals, with the uptime that it counts; not started yet. */
export function createSignOfLife({ timers, everyMs, show }: SignOfLifeOptions): SignOfLife {
  let uptimeMs = 0;
  let cancel = (): void => {};

  function schedule(): void {
    cancel = timers.after(everyMs, () => {
      uptimeMs += everyMs;
      show(uptimeMs);
      schedule();
    });
  }

  return { start: schedule, stop: () => cancel() };
}
