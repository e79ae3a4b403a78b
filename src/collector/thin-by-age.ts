/**
 * Thins what the record has kept for long, step by step as the policy says (`record/retention-policy.ts`): asks before each step whether
 * this process still holds the work, and rests after it for as long as it took, so that ingest and pages have at least half of the time.
 */
import type { Clock, Timers } from "../core/platform/clock.ts";
import type { Logger } from "../core/platform/logger.ts";
import type { Metrics } from "../core/platform/metrics.ts";
import type { PredictionRecord } from "./record/prediction-record.ts";
import { type ClassPolicy, thinningTimes } from "./record/retention-policy.ts";

interface ThinByAgeOptions {
  readonly record: Pick<PredictionRecord, "thinPredictions">;
  readonly policy: ClassPolicy;
  /** Is the work this process's own for some time from now on? */
  readonly hold: () => Promise<boolean>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface ThinByAge {
  /** Does all that is due. */
  run(): Promise<void>;
  /** Ends a run after the step that is under way. */
  stop(): void;
}

export function createThinByAge(options: ThinByAgeOptions): ThinByAge {
  const { record, policy, hold, clock, timers, logger } = options;
  const thinned = options.metrics.counter({
    name: "predictions_thinned_total",
    help: "Rows of predictions that were summed up into longer rows by age",
  });
  let isStopped = false;
  /** Repeats a step until nothing is left; resolves with how many rows, or null when it may not go on. */
  const finish = async (step: () => ReturnType<typeof record.thinPredictions>): Promise<number | null> => {
    for (let total = 0; ; ) {
      if (isStopped || !(await hold())) return null;
      const startMs = clock.monotonicMs();
      const { rows, isDone } = await step();
      total += rows;
      thinned.add(rows);
      if (isDone) return total;
      await new Promise<void>((resolve) => timers.after(clock.monotonicMs() - startMs, resolve));
    }
  };
  return {
    run: async () => {
      for (const thinning of thinningTimes(policy, clock.nowMs())) {
        const rows = await finish(() => record.thinPredictions(thinning));
        if (rows === null) return;
        if (rows > 0)
          logger.info("predictions were thinned by age", { rows, rowSeconds: thinning.rowMs / 1_000 });
      }
    },
    stop: () => {
      isStopped = true;
    },
  };
}
