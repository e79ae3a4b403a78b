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

export interface SilenceWatch {
  /** Begins to watch, or forgets how long it has been silent. */
  restart(): void;
  stop(): void;
}

/** So many looks in a deadline. */
const looks = 4;

/**
 * Notices that no good packet came on a connection for too long. Looks every quarter of the deadline, so it notices at
 * most that much late; does not run yet.
 */
export function createSilenceWatch(options: SilenceWatchOptions): SilenceWatch {
  return new Silence(options);
}

class Silence implements SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #cancel: (() => void) | null = null;
  #heard = 0;
  #silentLooks = 0;
  readonly #look = (): void => {
    this.#schedule();
    const now = this.#options.packetsHeard();
    this.#silentLooks = now === this.#heard ? this.#silentLooks + 1 : 0;
    this.#heard = now;
    if (this.#silentLooks < looks) return;
    this.#silentLooks = 0;
    this.#options.onSilence();
  };

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  restart(): void {
    this.stop();
    this.#heard = this.#options.packetsHeard();
    this.#silentLooks = 0;
    this.#schedule();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #schedule(): void {
    this.#cancel = this.#options.timers.after(this.#options.silenceMs / looks, this.#look);
  }
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
