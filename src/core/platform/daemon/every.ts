/** A daemon's periodic tasks. */
import { systemTimers } from "../clock.ts";
import type { Logger } from "../logger.ts";

/** Repeats a task, never two at once; returns the way out, which resolves when one that is under way has ended. */
export function every(periodMs: number, logger: Logger, task: () => Promise<unknown>): () => Promise<void> {
  let cancel = systemTimers.after(periodMs, run);
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  function run(): void {
    running = task()
      .then(() => {})
      .catch((error: unknown) => logger.error("a periodic task failed", { error }))
      .finally(() => {
        if (!stopped) cancel = systemTimers.after(periodMs, run);
      });
  }
  return () => {
    stopped = true;
    cancel();
    return running;
  };
}
