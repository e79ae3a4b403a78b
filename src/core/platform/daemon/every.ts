/** A daemon's periodic tasks. */
import { systemTimers } from "../clock.ts";
import type { Logger } from "../logger.ts";

/** Repeats a task, never two at once; returns the way out. */
export function every(periodMs: number, logger: Logger, task: () => Promise<unknown>): () => void {
  let cancel = systemTimers.after(periodMs, run);
  let stopped = false;
  function run(): void {
    task()
      .catch((error: unknown) => logger.error("a periodic task failed", { error }))
      .finally(() => {
        if (!stopped) cancel = systemTimers.after(periodMs, run);
      });
  }
  return () => {
    stopped = true;
    cancel();
  };
}
