/** A daemon's periodic tasks. */
import { systemTimers } from "../clock.ts";
import type { Logger } from "../logger.ts";

const minuteMs = 60_000;

/** Repeats a task, never two at once; returns the way out, which resolves when one that is under way has ended. */
export function every(periodMs: number, logger: Logger, task: () => Promise<unknown>): () => Promise<void> {
  return repeat({ firstMs: periodMs, periodMs }, logger, task);
}

/**
 * As {@link every} hour, but the first time one to five minutes after the start: a process that is started again within each hour comes
 * to it too. By chance, so that not all tasks and all processes begin together.
 */
export function hourly(logger: Logger, task: () => Promise<unknown>): () => Promise<void> {
  return repeat({ firstMs: (1 + 4 * Math.random()) * minuteMs, periodMs: 60 * minuteMs }, logger, task);
}

function repeat(
  { firstMs, periodMs }: { readonly firstMs: number; readonly periodMs: number },
  logger: Logger,
  task: () => Promise<unknown>,
): () => Promise<void> {
  let cancel = systemTimers.after(firstMs, run);
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
