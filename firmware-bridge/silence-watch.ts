/** Notices that nothing good came for too long; the same for both sides. */
import type { Timers } from "../src/core/platform/clock.ts";

/** What a watch needs. */
export interface SilenceWatchOptions {
  readonly silenceMs: number;
  readonly timers: Timers;
  /** Good packets heard so far. */
  packetsHeard(): number;
  /** Called when no good packet came for `silenceMs`; the watch goes on. */
  onSilence(): void;
}

/** Watches one connection. */
export interface SilenceWatch {
  /** Begins to watch, or forgets how long it has been silent. */
  restart(): void;
  stop(): void;
}

/** Creates a watch that does not run yet. It looks every quarter of the deadline, so it notices at most that much late. */
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
