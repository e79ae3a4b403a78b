/**
 * Whether a machine vibrates as one in operation while its device says that the shaft hardly turns: it would be watched by nobody.
 * Reads no clock.
 */
import { inGravities } from "../../core/contract/acceleration-units.ts";
import type { DeviceChannel, RawWindowMessage } from "../../core/contract/device/device-message.ts";
import { minuteMs } from "../../core/maths/durations.ts";

export interface SpeedDoubt {
  /** Takes a block; does it vibrate so, at a speed below standby that were one of operation in Hz? */
  note(block: HeardBlock): boolean;
  /** It has vibrated so for ten minutes and more, in nine tenths of what was heard, at speeds below standby alone. */
  readonly isLasting: boolean;
}

interface HeardBlock {
  readonly message: Pick<RawWindowMessage, "counts" | "shaftRpm">;
  readonly channel: DeviceChannel;
  /** Root mean square of what alternates, in counts. */
  readonly rmsCounts: number;
  readonly arrivedMonotonicMs: number;
}

/** What alternates of a machine in operation, at the least; of one that hardly turns next to nothing is heard. */
const runningRmsG = 0.05;
/** Where it lies, by how fast it changes, at the least: a hum of the mains and the tower's sway are slower, … */
const leastHertz = 200;
/** … and what a standing converter alternates between is a step or two. */
const leastSteps = 2;
const lastingMs = 10 * minuteMs;
/** Of samples: a snapshot or two are an odd moment. */
const leastHeardS = 30;
/** A second that is quiet outweighs so many that are not, of which no more than these are remembered. */
const quietWeight = 9;
const mostLoudS = 60;

/** Creates the doubt of a device that was not heard yet; below `standbyBelowRpm` its turbine stands by. */
export function createSpeedDoubt(standbyBelowRpm: number): SpeedDoubt {
  return new Doubt(standbyBelowRpm);
}

class Doubt implements SpeedDoubt {
  readonly #standbyBelowRpm: number;
  #sinceMs = 0;
  #newestMs = 0;
  #heardS = 0;
  #loudS = 0;

  constructor(standbyBelowRpm: number) {
    this.#standbyBelowRpm = standbyBelowRpm;
  }

  note({ message: { counts, shaftRpm }, channel, rmsCounts, arrivedMonotonicMs }: HeardBlock): boolean {
    const rpm = Math.abs(shaftRpm);
    if (!(rpm < this.#standbyBelowRpm)) {
      this.#heardS = 0;
      return false;
    }
    const { unit, scale, sampleRateHz } = inGravities(channel);
    // Another quantity does not say how strongly a machine vibrates.
    if (unit !== "g") return false;
    const isLoud = rmsCounts * scale >= runningRmsG;
    const seconds = counts.length / sampleRateHz;
    if (this.#heardS === 0) {
      this.#sinceMs = arrivedMonotonicMs;
      this.#loudS = 0;
    }
    this.#newestMs = arrivedMonotonicMs;
    this.#heardS += seconds;
    const isRunning = isLoud && isVibration(counts, rmsCounts, sampleRateHz);
    this.#loudS = Math.min(mostLoudS, this.#loudS + (isRunning ? seconds : -quietWeight * seconds));
    if (this.#loudS < 0) this.#heardS = 0;
    return isLoud && rpm * 60 >= this.#standbyBelowRpm;
  }

  get isLasting(): boolean {
    return this.#heardS >= leastHeardS && this.#newestMs - this.#sinceMs >= lastingMs;
  }
}

function isVibration(counts: Int16Array, rmsCounts: number, sampleRateHz: number): boolean {
  let bits = 0;
  let squares = 0;
  for (let index = 1; index < counts.length; index++) {
    const change = counts[index]! - counts[index - 1]!;
    bits |= change;
    squares += change * change;
  }
  const changeRms = Math.sqrt(squares / Math.max(1, counts.length - 1));
  // All counts lie this far apart, or a multiple of it.
  const step = bits & -bits;
  return rmsCounts > leastSteps * step && (changeRms / rmsCounts) * sampleRateHz >= 2 * Math.PI * leastHertz;
}
