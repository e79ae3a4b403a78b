/** Goes through long work on a thread that others share. Knows nothing of the work. */
import type { Clock, Timers } from "./clock.ts";
import type { Logger } from "./logger.ts";

export interface TurnOptions {
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/** How long steps are taken before others have their turn. */
const sliceMs = 5;

/** Resolves with what the work comes to; rejects with what it throws. */
export async function takeTurns<T>(steps: Iterator<undefined, T>, { pause, clock }: TurnOptions): Promise<T> {
  for (let sinceMs = clock.monotonicMs(); ; ) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (clock.monotonicMs() - sinceMs < sliceMs) continue;
    await pause();
    sinceMs = clock.monotonicMs();
  }
}

/** Between two slices of what has no hurry: signal comes all the while. */
const pauseMs = 20;

/** Begins at once, and goes on while the event loop has other work; what it throws is logged with `failure`. */
export function workInSpareTime(
  steps: Iterator<undefined, void>,
  failure: string,
  { clock, timers, logger }: { readonly clock: Clock; readonly timers: Timers; readonly logger: Logger },
): void {
  const pause = (): Promise<void> => new Promise((resolve) => timers.after(pauseMs, resolve));
  takeTurns(steps, { pause, clock }).catch((error: unknown) => logger.error(failure, { error }));
}
