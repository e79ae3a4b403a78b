/** A wait that can be cut short, by news or by whoever closes. */
import type { Timers } from "../../core/platform/clock.ts";

interface Pause {
  /** Resolves after `delayMs`, or when it is woken or ended. */
  wait(delayMs: number): Promise<void>;
  /** Ends the present wait. */
  wake(): void;
  /** Ends the present wait and every later one. */
  end(): void;
}

export function createPause(timers: Timers): Pause {
  let ended = false;
  let release = (): void => {};
  return {
    wait: (delayMs) =>
      ended
        ? Promise.resolve()
        : new Promise((resolve) => {
            const cancel = timers.after(delayMs, resolve);
            release = () => {
              cancel();
              resolve();
            };
          }),
    wake: () => release(),
    end: () => {
      ended = true;
      release();
    },
  };
}
