/** Baselines that points have heard enough for, fitted between other work: those that begin together are due together. */
import type { Steps } from "../../core/maths/steps.ts";

/** Whose baseline can be fitted. */
interface DueWatch {
  settle(): void;
}

export interface DueFits {
  /** False: nobody works on them. */
  readonly areLater: boolean;
  /** To be fitted, before its point's next window at the latest. */
  add(watch: DueWatch): void;
}

/** Creates an empty list; `run` goes through steps of a few milliseconds each, between other work. */
export function createDueFits(run: ((work: Steps<void>) => void) | undefined): DueFits {
  const due = new Set<DueWatch>();
  let isRunning = false;
  const work = function* (): Steps<void> {
    try {
      for (const watch of due) {
        due.delete(watch);
        watch.settle();
        yield;
      }
    } finally {
      isRunning = false;
    }
  };
  return {
    areLater: run !== undefined,
    add: (watch) => {
      due.add(watch);
      if (isRunning) return;
      isRunning = true;
      run?.(work());
    },
  };
}
