/** Goes through long work on a thread that others share. Knows nothing of the work. */
import type { Clock } from "./clock.ts";

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
