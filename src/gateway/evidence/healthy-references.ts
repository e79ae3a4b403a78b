/**
 * A healthy reference of each point a month: a recording while it runs, knows its own reference, and nothing has been
 * raised of it for a while, before and during the recording. One at a time; a point that does not get there is tried again
 * an hour later, and one whose recording is not kept a day later.
 */
import { z } from "zod";
import { onDemand } from "../../core/contract/on-demand.ts";
import type { Decision, ModelRef } from "../../core/contract/prediction.ts";
import { isOperating } from "../../core/decision/operating-state.ts";
import { dayMs, hourMs } from "../../core/maths/durations.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import type { Recording } from "../devices/recording.ts";
import { type KeptPlace, nameComponent, readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

interface HealthyReferencesOptions {
  readonly points: readonly KeptPlace[];
  /** Records a point; rejects when that does not work now. */
  record(point: KeptPlace): Promise<Recording>;
  /** Has the point an alarm, or may its decisions not be trusted? */
  isQuiet(point: KeptPlace): boolean;
  readonly state: Pick<StateStore, "get" | "set">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Resolves with whether it is kept. */
  onRecording(recording: Recording, point: KeptPlace, model: ModelRef): Promise<boolean>;
}

interface HealthyReferences {
  decision(decision: Decision): void;
  /** Call it about once a second. */
  tick(): void;
}

interface Standing {
  /** Since when its decisions are healthy, monotonic ms; null: they are not. */
  healthySinceMs: number | null;
  model: ModelRef;
}

const stateKey = "evidence/references";
const everyMs = 30 * dayMs;
/** How long a point must have been healthy before it is recorded: one quiet window is no reference. */
const settleMs = 600_000;
const keptSchema = onDemand(() => z.record(z.string(), z.number()));

export function createHealthyReferences(options: HealthyReferencesOptions): HealthyReferences {
  const { state, clock, logger } = options;
  const takenMs = { ...readKept(state, { key: stateKey, schema: keptSchema(), logger }) };
  const standings = new Map<string, Standing>();
  const notBeforeMs = new Map<string, number>();
  let isRecording = false;

  const isHealthy = (point: KeptPlace, name: string): boolean => {
    const sinceMs = standings.get(name)?.healthySinceMs ?? null;
    return sinceMs !== null && clock.monotonicMs() - sinceMs >= settleMs && options.isQuiet(point);
  };
  const isDue = (point: KeptPlace): boolean => {
    const name = nameComponent(point);
    const taken = takenMs[name];
    // A clock that was set back would else put the next one off for as long.
    if (taken !== undefined && Math.abs(clock.nowMs() - taken) < everyMs) return false;
    return clock.monotonicMs() >= (notBeforeMs.get(name) ?? 0) && isHealthy(point, name);
  };
  const take = async (point: KeptPlace): Promise<void> => {
    const name = nameComponent(point);
    notBeforeMs.set(name, clock.monotonicMs() + hourMs);
    const { model } = standings.get(name)!;
    const recording = await options.record(point);
    if (!isHealthy(point, name)) return;
    if (!(await options.onRecording(recording, point, model))) {
      notBeforeMs.set(name, clock.monotonicMs() + dayMs);
      return;
    }
    takenMs[name] = clock.nowMs();
    state.set(stateKey, JSON.stringify(takenMs));
  };

  return {
    decision: ({ point, operatingState, isLearning, modes, model }) => {
      const name = nameComponent(point);
      const isQuiet = modes.length > 0 && modes.every(({ active }) => !active);
      const isGood = isOperating(operatingState) && isLearning === false && isQuiet;
      const before = standings.get(name)?.healthySinceMs ?? null;
      standings.set(name, { healthySinceMs: isGood ? (before ?? clock.monotonicMs()) : null, model });
    },
    tick: () => {
      if (isRecording) return;
      const due = options.points.find(isDue);
      if (due === undefined) return;
      isRecording = true;
      take(due)
        .catch((error: unknown) => logger.info("no healthy reference was recorded", { ...due, error }))
        .finally(() => {
          isRecording = false;
        });
    },
  };
}
