/** Counts what of a file was lost to bad data. */
import type { Quarantine } from "../../../core/contract/stream.ts";

/** Windows (of a table: rows) that were lost, and samples (readings) by the reason that they were set aside for. */
export interface Losses {
  readonly windows: number;
  readonly samples: Readonly<Record<string, number>>;
}

/** Counts. */
export interface LossCounter {
  update(quarantine: Pick<Quarantine, "reason" | "samples">, windows: 0 | 1): void;
  /** So far. */
  readonly losses: Losses;
}

/** Creates a counter of nothing. */
export function createLossCounter(): LossCounter {
  const samples: Record<string, number> = {};
  let lost = 0;
  return {
    update: ({ reason, samples: count }, windows) => {
      lost += windows;
      // The samples of a lost window are mostly good ones: they are not counted as bad.
      if (windows === 0) samples[reason] = (samples[reason] ?? 0) + count;
    },
    get losses() {
      return { windows: lost, samples };
    },
  };
}
