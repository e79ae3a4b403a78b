/** What a file's windows say together: means, and what was set aside. */
import type { OutputClass } from "../../contract/manifest.ts";
import type { Quarantine } from "../../contract/stream.ts";

/** One file in `aurora score --json`. */
export interface FileSummary {
  readonly file: string;
  /** Windows that were scored. */
  readonly windows: number;
  /** Mean over the windows of the calibrated probability, by {@link probabilityKey}; null without a window. */
  readonly probabilities: Readonly<Record<string, number | null>>;
  /** Mean over the windows of the highest of a window's probabilities; null without a window. */
  readonly faultProbability: number | null;
  /** Null: no bundle of this format gives one. */
  readonly severity: null;
  /** Windows that were lost to bad data, and samples by the reason that they were set aside for. */
  readonly setAside: { readonly windows: number; readonly samples: Readonly<Record<string, number>> };
}

/** Sums up one file. */
export interface SummaryBuilder {
  update(probabilities: readonly number[]): void;
  setAside(quarantine: Quarantine, windows: 0 | 1): void;
  summarise(): FileSummary;
}

/** The failure mode without `-race`: `inner`, `outer`, `ball`. */
export function probabilityKey(failureMode: string): string {
  return failureMode.replace(/-race$/, "");
}

/** Starts the summary of `file`. */
export function createSummary(file: string, outputs: readonly OutputClass[]): SummaryBuilder {
  const sums = outputs.map(() => 0);
  const samples: Record<string, number> = {};
  let faultSum = 0;
  let windows = 0;
  let lost = 0;
  const mean = (sum: number): number | null => (windows === 0 ? null : sum / windows);
  return {
    update: (probabilities) => {
      windows++;
      for (const [index, probability] of probabilities.entries()) sums[index]! += probability;
      faultSum += Math.max(...probabilities);
    },
    setAside: (quarantine, lostWindows) => {
      lost += lostWindows;
      // The samples of a lost window are mostly good ones: they are not counted as bad.
      if (lostWindows === 0) {
        samples[quarantine.reason] = (samples[quarantine.reason] ?? 0) + quarantine.samples;
      }
    },
    summarise: () => ({
      file,
      windows,
      probabilities: Object.fromEntries(
        outputs.map(({ failureMode }, index) => [probabilityKey(failureMode), mean(sums[index]!)]),
      ),
      faultProbability: mean(faultSum),
      severity: null,
      setAside: { windows: lost, samples },
    }),
  };
}
