/** How a machine's levels lie against the healthy machines of its bundle: a wrong unit moves all bands alike, a fault does not. */
import type { LevelStatistics } from "../../core/contract/bundle/baseline-spec.ts";
import { makeDoubles } from "../../core/maths/shared-room.ts";

/** In decibels; positive: louder than healthy machines. */
export interface LevelDifference {
  /** Mean over the bands. */
  readonly meanDb: number;
  /** What all bands have in common: the least rise of any, or the least fall; 0 when some rise and others fall. */
  readonly commonDb: number;
}

interface LevelWatch {
  /** Levels of one window, dB, NaN where not heard. */
  note(levels: Float32Array, reference: readonly (LevelStatistics | null)[], shaftRpm: number): void;
  /** Medians of the last windows; null before there are enough. */
  readonly difference: LevelDifference | null;
}

const windows = 16;
/** Machines of training ran at 1,700 rpm and more; levels fall by about 10 dB an octave below. */
const leastRpm = 900;

/** Creates the watch of a machine that was not heard yet. */
export function createLevelWatch(): LevelWatch {
  return new RecentLevels();
}

class RecentLevels implements LevelWatch {
  /** Means, and behind them what is common; null: no window was heard. */
  #kept: Float64Array | null = null;
  #noted = 0;

  get difference(): LevelDifference | null {
    if (this.#kept === null || this.#noted < windows) return null;
    return {
      meanDb: medianOf(this.#kept.subarray(0, windows)),
      commonDb: medianOf(this.#kept.subarray(windows)),
    };
  }

  note(levels: Float32Array, reference: readonly (LevelStatistics | null)[], shaftRpm: number): void {
    if (!(shaftRpm >= leastRpm)) return;
    let sum = 0;
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    let heard = 0;
    for (let index = 0; index < levels.length; index++) {
      const healthy = reference[index];
      const difference = healthy == null ? Number.NaN : levels[index]! - healthy.locationDb;
      if (!Number.isFinite(difference)) continue;
      sum += difference;
      least = Math.min(least, difference);
      most = Math.max(most, difference);
      heard++;
    }
    // One band alone may be a fault's.
    if (heard < 3) return;
    const place = this.#noted % windows;
    this.#kept ??= makeDoubles(2 * windows);
    this.#kept[place] = sum / heard;
    this.#kept[windows + place] = least > 0 ? least : Math.min(0, most);
    this.#noted++;
  }
}

const medianOf = (values: Float64Array): number => values.toSorted()[windows >> 1]!;
