/**
 * Keeps a gateway's bundle current: looks at the update repository at jittered intervals and when nudged. The signed
 * metadata decides, never the nudge. Runs one look at a time; a look that fails is logged and the next one comes.
 */
import { hasErrorCode } from "../../core/contract/aurora-error.ts";
import { createBackoff } from "../../core/platform/backoff.ts";
import type { Timers } from "../../core/platform/clock.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import { createUpdateLook, type UpdateLookOptions } from "./update-look.ts";
import type { LookOutcome } from "./update-states.ts";

/** Everything that an updater is given. */
export interface UpdaterOptions extends UpdateLookOptions {
  readonly timers: Timers;
  /** Uniform in [0, 1): spreads the looks of a fleet. */
  readonly random: () => number;
  /** Time between two looks; each is up to a fifth earlier or later. */
  readonly pollIntervalMs: number;
}

/** A look that the source did not answer, one of a crowd perhaps, is repeated within this time, and later each time. */
const retryMs = 60_000;

export interface Updater {
  /** Begins to look: at once (within a tenth of the interval, at random), then at the interval. */
  start(): void;
  /** Look within this time, at random, so that a fleet does not come all at once. Costs the same as a poll, however often it is called. */
  nudge(spreadMs: number): void;
  /** Looks now and says what came of it; waits for a look under way first. */
  checkNow(): Promise<LookOutcome>;
  /** Stops: transfers break off (and are resumed another time), a prover is killed. */
  close(): Promise<void>;
}

/** Creates an updater; nothing happens before `start` or `checkNow`. */
export function createUpdater(options: UpdaterOptions): Updater {
  const { timers, random, logger, pollIntervalMs } = options;
  const look = createUpdateLook(options);
  const stopping = new AbortController();
  let cancelTimer = (): void => undefined;
  let dueMonotonicMs = Number.POSITIVE_INFINITY;
  const queue = createWorkQueue();
  const retries = createBackoff({
    firstMs: Math.min(retryMs, pollIntervalMs),
    maxMs: pollIntervalMs,
    random,
  });
  let started = false;
  let lastProblem: string | null = null;
  let lastTrouble: string | null = null;

  function schedule(delayMs: number): void {
    if (stopping.signal.aborted || !started) return;
    cancelTimer();
    dueMonotonicMs = options.clock.monotonicMs() + delayMs;
    cancelTimer = timers.after(delayMs, () => {
      dueMonotonicMs = Number.POSITIVE_INFINITY;
      checkNow().catch((error: unknown) => logger.error("look for updates failed", { error }));
    });
  }

  function note(outcome: LookOutcome): void {
    const problem = outcome.kind === "unreachable" ? outcome.reason : null;
    if (problem !== null && lastProblem === null)
      logger.warn("updates cannot be fetched", { reason: problem });
    if (problem === null && lastProblem !== null) logger.info("updates can be fetched again");
    lastProblem = problem;
  }

  /** Until the next look; null: this one broke off here. */
  function waitAfter(outcome: LookOutcome | null): number {
    if (outcome?.kind === "unreachable") return retries.nextMs();
    retries.reset();
    return pollIntervalMs * (0.8 + 0.4 * random());
  }

  function checkNow(): Promise<LookOutcome> {
    return queue.run(async () => {
      if (stopping.signal.aborted) return { kind: "unreachable", reason: "the gateway stops" };
      let outcome: LookOutcome | null = null;
      try {
        outcome = await look(stopping.signal);
        note(outcome);
        lastTrouble = null;
        return outcome;
      } catch (error) {
        // A full disk, for example: known, but not the source's fault and nobody's update yet.
        if (!hasErrorCode(error)) throw error;
        logger.warn("look for updates failed", { error });
        if (error.message !== lastTrouble) options.onEvent("update.failed", options.stateDir, error.message);
        lastTrouble = error.message;
        return { kind: "unreachable", reason: error.message };
      } finally {
        // A nudge that came meanwhile is nearer than the next poll and stays.
        if (dueMonotonicMs === Number.POSITIVE_INFINITY) schedule(waitAfter(outcome));
      }
    });
  }

  return {
    start() {
      if (started) return;
      started = true;
      schedule((pollIntervalMs / 10) * random());
    },
    nudge(spreadMs) {
      const delayMs = spreadMs * random();
      if (options.clock.monotonicMs() + delayMs < dueMonotonicMs) schedule(delayMs);
    },
    checkNow,
    async close() {
      stopping.abort();
      cancelTimer();
      await queue.idle();
    },
  };
}
