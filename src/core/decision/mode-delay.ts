/**
 * On and off delay with hysteresis of one failure mode: raised by M of the last N windows, or by evidence that has
 * gathered for longer; cleared by a run of windows below a lower threshold, once no such evidence is left. Reads no clock.
 *
 * Another rule is another step of the state here. Its parameters are a mode's `Threshold` in the bundle's manifest; what it
 * remembers is kept over restarts by `decider-snapshot.ts`, where a new field must be optional.
 */
import type { Threshold } from "../contract/bundle/manifest.ts";

/** What is remembered of a failure mode between windows; plain data that can be stored. */
export interface ModeState {
  readonly active: boolean;
  /** Start of the first window of the current streak at or above the threshold, or null. */
  readonly sinceMs: number | null;
  /** Whether the last windows counted for an alarm, oldest first, at most `onWindows`. */
  readonly recent: readonly boolean[];
  /** Windows in a row below the clear threshold. */
  readonly belowClear: number;
}

/** What one window says of a mode. */
interface ModeEvidence {
  /** Epoch ms of the window's start. */
  readonly fromMs: number;
  readonly probability: number;
  /** Does this window count for an alarm? At or above the raise threshold, and not another mode's evidence. */
  readonly counts: boolean;
  /** What has gathered against the site's own baseline; absent without one. */
  readonly gathered?: GatheredEvidence;
}

/** Evidence of many windows, beside the delay's own count. */
export interface GatheredEvidence {
  /** Enough to raise the alarm by itself. */
  readonly raises: boolean;
  /** Still enough to hold it. */
  readonly holds: boolean;
  /** Start of the first window that it rests on, epoch ms; null: none. */
  readonly sinceMs: number | null;
}

/** A mode of which nothing is known yet. */
export const quietMode: ModeState = { active: false, sinceMs: null, recent: [], belowClear: 0 };

/**
 * One window further. While inactive, `sinceMs` is the start of the first counting window of a streak; a streak ends
 * when none of the last N windows counted. While active it stays as it was when the alarm was raised.
 */
export function updateMode(state: ModeState, evidence: ModeEvidence, threshold: Threshold): ModeState {
  const recent = [...state.recent, evidence.counts].slice(-threshold.onWindows);
  const { gathered, probability } = evidence;
  // A machine may hover above the clear threshold while healthy: as when it was learnt is below it as well.
  const isAsLearnt = gathered !== undefined && !gathered.holds && probability < threshold.raise;
  const belowClear = probability < threshold.clear || isAsLearnt ? state.belowClear + 1 : 0;
  if (state.active) {
    const isOver = belowClear >= threshold.offWindows && gathered?.holds !== true;
    return isOver ? quietMode : { ...state, recent, belowClear };
  }
  if (gathered?.raises === true) {
    const sinceMs = state.sinceMs ?? gathered.sinceMs ?? evidence.fromMs;
    return { active: true, sinceMs, recent, belowClear };
  }
  const count = recent.reduce((sum, counts) => sum + (counts ? 1 : 0), 0);
  if (count === 0) return { ...quietMode, recent };
  const sinceMs = state.sinceMs ?? evidence.fromMs;
  return { active: count >= threshold.onCount, sinceMs, recent, belowClear };
}

/**
 * After a gap, a clock jump or a change of model what was counted before no longer counts. An alarm stays
 * active with its `sinceMs`; only evidence can clear it.
 */
export function forgetStreaks(state: ModeState): ModeState {
  return state.active ? { active: true, sinceMs: state.sinceMs, recent: [], belowClear: 0 } : quietMode;
}
