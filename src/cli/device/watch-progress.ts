/** Notices a simulated device whose samples nobody takes: one that is to end by itself must end without a gateway, too. */
import type { Timers } from "../../core/platform/clock.ts";

/** What moves while somebody takes samples. */
interface Progress {
  readonly sentSamples: number;
  readonly droppedSamples: number;
}

interface ProgressWatch {
  /** Resolves when nothing has moved for `maxMs`; never once it is stopped. */
  readonly stalled: Promise<void>;
  stop(): void;
}

export function watchProgress(device: Progress, maxMs: number, timers: Timers): ProgressWatch {
  let cancel = (): void => {};
  const stalled = new Promise<void>((resolve) => {
    let before = -1;
    const look = (): void => {
      const now = device.sentSamples + device.droppedSamples;
      if (now === before) {
        resolve();
        return;
      }
      before = now;
      cancel = timers.after(maxMs, look);
    };
    look();
  });
  return { stalled, stop: () => cancel() };
}
