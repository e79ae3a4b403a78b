/** Keeps the points' baselines over restarts: one entry a point, so that a kill costs one point's progress at most. */
import { type BaselineSnapshot, baselineSnapshotSchema } from "../../core/decision/baseline-snapshot.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";

/** The kept baselines. */
export interface BaselineStore {
  /** Undefined at a point's first start, or when what was kept cannot be read: it is then learnt anew. */
  read(point: string): BaselineSnapshot | undefined;
  write(point: string, snapshot: BaselineSnapshot): void;
}

/** Creates the store; `point` is `<turbine>/<component>`. `onLost` is told of what cannot be read. */
export function createBaselineStore(
  state: StateStore,
  logger: Logger,
  onLost: (point: string) => void,
): BaselineStore {
  const keyOf = (point: string): string => `baseline/${point}`;
  return {
    read(point) {
      return readKept(state, keyOf(point), baselineSnapshotSchema, (error) => {
        logger.error("a kept baseline cannot be read; it is learnt anew", { point, error });
        onLost(point);
      });
    },
    write(point, snapshot) {
      state.set(keyOf(point), JSON.stringify(snapshot));
    },
  };
}
