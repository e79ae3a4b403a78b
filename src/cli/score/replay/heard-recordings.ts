/**
 * Of which recordings of a point nothing, or too little, was heard: how the machine was then is not known. A short one
 * may have been heard together with those before it. Decides nothing.
 */
import type { WindowSpec } from "../../../core/contract/bundle/manifest.ts";
import { enoughRevolutions } from "../../../core/features/spectrum-pool.ts";
import { countFitting } from "../recordings/other-windows.ts";

/** A recording that was played, as far as is asked. */
interface PlayedRecording {
  readonly endMs: number;
  /** Of the shaft. */
  readonly revolutions: number;
  readonly samples: number;
  /** Was its turbine too slow to be one that operates? */
  readonly isStandby: boolean;
}

/** Numbers of recordings. */
export interface UnheardCounts {
  /** All of which how the machine was then is not known. */
  readonly unheard: number;
  /** Those of them of which about half of the samples or more were set aside. */
  readonly mostlyLost: number;
  /** Those of them of which nothing was set aside. */
  readonly tooShort: number;
  /** Those of them in which the turbine stood by for a moment at least, and of which nothing was set aside. */
  readonly slowed: number;
  /** How much of the samples of all others of them was set aside, 0 to 1. */
  readonly lostShare: number;
  /** A turbine that stands by is not unheard. */
  readonly standby: number;
}

interface HeardRecordings {
  begin(startMs: number): void;
  /** Of the recording that began last: so many of its samples, or a window, were set aside. */
  noteLoss(samples: number): void;
  /** Of the recording that began last: its turbine stood by from then on. */
  noteStandby(): void;
  end(recording: PlayedRecording): void;
  /** A window was decided. They come in order of time, the last ones of a recording after the next one began. */
  noteWindow(window: { readonly fromMs: number; readonly toMs: number; readonly shaftRpm: number }): void;
  count(): UnheardCounts;
  /** Windows that would fit into all that was played; infinite where nobody says how long one is. */
  readonly fitting: number;
}

/** Recordings that followed one another without a gap: a window may go over their edges. */
interface Stretch {
  readonly fromMs: number;
  /** Infinity while it is played. */
  toMs: number;
  /** But for those that were mostly lost, or of a turbine that stands by. */
  recordings: number;
  revolutions: number;
  samples: number;
  lostSamples: number;
  hasLoss: boolean;
  /** Recordings in which its turbine stood by for a moment. */
  slowed: number;
  /** Revolutions of all, but for those of a turbine that stands by. */
  turned: number;
}

/** A recording that follows this soon upon the one before goes on where that ended. */
export const seamlessMs = 2;
/** A recording of which more than this share was set aside was hardly heard. Below a half: where the speed ends half-way, its last run stands for one more. */
const mostLostShare = 0.45;
/** Times of windows are whole milliseconds. */
const roundingMs = 1;

/** Creates it for a point of which nothing was played. */
export function createHeardRecordings(window: WindowSpec | null = null): HeardRecordings {
  let [mostlyLost, standby] = [0, 0];
  /** Of the recording that is played. */
  let [lostSamples, isSlowed] = [0, false];
  let last: Stretch | null = null;
  /** Those of which no window was decided yet, in order of time. */
  let pending: Stretch[] = [];
  /** Those of which none was decided although a later one was. */
  const passed: Stretch[] = [];
  /** Of the stretches before the last one. */
  let fitted = 0;
  const fitsLast = (): number => {
    if (last === null) return 0;
    return window === null ? Number.POSITIVE_INFINITY : countFitting(last.turned, window);
  };
  return {
    get fitting() {
      return fitted + fitsLast();
    },
    begin: (startMs) => {
      if (last === null || startMs - last.toMs > seamlessMs) {
        fitted += fitsLast();
        const nothing = {
          recordings: 0,
          revolutions: 0,
          samples: 0,
          lostSamples: 0,
          hasLoss: false,
          slowed: 0,
          turned: 0,
        };
        last = { fromMs: startMs, toMs: startMs, ...nothing };
        pending.push(last);
      }
      [lostSamples, isSlowed] = [0, false];
      last.recordings++;
      last.toMs = Number.POSITIVE_INFINITY;
    },
    noteLoss: (samples) => {
      lostSamples += samples;
      if (last !== null) last.hasLoss = true;
    },
    noteStandby: () => {
      isSlowed = true;
    },
    end: ({ endMs, revolutions, samples, isStandby }) => {
      if (last === null) return;
      last.toMs = endMs;
      last.revolutions += revolutions;
      if (!isStandby) last.turned += revolutions;
      if (lostSamples <= mostLostShare * samples && !isStandby) {
        last.samples += samples;
        last.lostSamples += lostSamples;
        if (isSlowed) last.slowed++;
        return;
      }
      last.recordings--;
      if (isStandby) standby++;
      else mostlyLost++;
    },
    noteWindow: ({ fromMs, toMs, shaftRpm }) => {
      const isPooled = ((toMs - fromMs) * shaftRpm) / 60_000 < enoughRevolutions;
      const isLater = (stretch: Stretch): boolean => stretch.fromMs >= toMs - roundingMs;
      for (const stretch of pending) {
        if (isLater(stretch)) continue;
        const isHeard = stretch.toMs > fromMs + roundingMs || (isPooled && canPool(stretch));
        if (!isHeard) passed.push(stretch);
      }
      pending = pending.filter(isLater);
    },
    count: () => {
      const unheard = [...passed, ...pending];
      const isSlow = (stretch: Stretch): boolean => stretch.slowed > 0 && stretch.lostSamples === 0;
      const slowed = sum(unheard.filter(isSlow), "slowed");
      const lossy = unheard.filter((stretch) => stretch.hasLoss && !isSlow(stretch));
      const recordings = sum(unheard, "recordings");
      return {
        unheard: mostlyLost + recordings,
        mostlyLost,
        tooShort: recordings - slowed - sum(lossy, "recordings"),
        slowed,
        lostShare: sum(lossy, "lostSamples") / Math.max(1, sum(lossy, "samples")),
        standby,
      };
    },
  };
}

function sum(
  stretches: readonly Stretch[],
  what: "recordings" | "slowed" | "samples" | "lostSamples",
): number {
  return stretches.reduce((total, stretch) => total + stretch[what], 0);
}

/** Is it a snapshot that the next ones were heard together with? */
function canPool({ revolutions, hasLoss }: Stretch): boolean {
  return !hasLoss && revolutions >= 1 && revolutions < enoughRevolutions;
}
