/**
 * Whether a machine vibrates, or makes power, as one in operation while its shaft is said to hardly turn: it would be watched by
 * nobody. Whether its shaft may be a slow one, all of whose speeds are below standby. And whether its device and SCADA say two speeds.
 * Reads no clock.
 */
import { inGravities } from "../../core/contract/acceleration-units.ts";
import type { GatewayConfig } from "../../core/contract/config/gateway-config.ts";
import type { DeviceChannel } from "../../core/contract/device/device-message.ts";
import { hourMs, minuteMs } from "../../core/maths/durations.ts";
import { noMaximum, noteMaximum, readMaximum } from "../../core/maths/weekly-maximum.ts";
import type { ToldSpeeds } from "./device-facts.ts";

export interface SpeedDoubt {
  /** Takes a block; does it vibrate so, at a speed below standby that were one of operation in Hz? */
  note(block: HeardBlock): boolean;
  /** It has vibrated so for ten minutes and more, in nine tenths of what was heard, at speeds below standby alone. */
  readonly isLasting: boolean;
  /** Its turbine has made power for as long, at speeds below standby alone. */
  readonly isPowered: boolean;
  /** At which it has turned for an hour and more, below standby and never faster, rpm; NaN: there is no such speed, nobody has said one for a while, or its turbine makes no power. */
  readonly steadyRpm: number;
  /** Its device and SCADA have said two speeds, one of them of operation, for longer than one of them may be late. */
  readonly isContradicted: boolean;
}

interface HeardBlock {
  readonly counts: Int16Array;
  /** As the device says; NaN: it does not. */
  readonly shaftRpm: number;
  /** What its turbine is told. */
  readonly told: ToldSpeeds;
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
/** More than a turbine that stands needs for itself, where its power is counted as what it takes. */
export const runningKw = 50;
/** A value that counts for a while was told before the turbine started or stopped: so many times as long it counts says that it did not. */
const toldHolds = 3;
/** Of the fastest that was heard of late: what were more than that in Hz is no speed in Hz. */
const plausibleShare = 1.5;
/** What nobody says for less is a value that comes late. */
const lateMs = 2 * minuteMs;
/** Of the faster one: tachometers, and values that are rounded or a mean of seconds, differ by less. */
const sameSpeedShare = 0.1;
/** A speed that stays for as long within that share is no wind's with a rotor that idles. */
const steadyMs = hourMs;
/** A slower one may be a standing turbine's, whose sensor is a little off. */
const leastSteadyRpm = 1;
/** Snapshots come every ten minutes and more often: nobody knows what moments further apart had between them. */
const keptGapMs = 15 * minuteMs;

/** Creates the doubt of a device that was not heard yet; below `standbyBelowRpm` its turbine stands by. */
export function createSpeedDoubt(
  operation: Pick<GatewayConfig["operation"], "standbyBelowRpm" | "dataTimeoutSeconds">,
): SpeedDoubt {
  return new Doubt(operation.standbyBelowRpm, operation.dataTimeoutSeconds * 1000);
}

class Doubt implements SpeedDoubt {
  readonly #standbyBelowRpm: number;
  readonly #heldMs: number;
  readonly #lastingMs: number;
  /** Of speeds in operation, rpm. */
  #fastest = noMaximum;
  #sinceMs = 0;
  #newestMs = 0;
  #heardS = 0;
  #loudS = 0;
  /** NaN: it makes none. */
  #powerSinceMs = Number.NaN;
  #powerNewestMs = Number.NaN;
  /** The speed below standby that it came to last, and has kept since. */
  #keptRpm = Number.NaN;
  #keptSinceMs = Number.NaN;
  #keptNewestMs = Number.NaN;
  #keptS = 0;
  /** NaN: the two are one speed. */
  #contradictedSinceMs = Number.NaN;
  #contradictedNewestMs = Number.NaN;

  constructor(standbyBelowRpm: number, holdMs: number) {
    this.#standbyBelowRpm = standbyBelowRpm;
    this.#heldMs = toldHolds * holdMs;
    this.#lastingMs = Math.max(lastingMs, this.#heldMs);
  }

  note(block: HeardBlock): boolean {
    this.#noteContradiction(block);
    const { counts, shaftRpm, told, channel, rmsCounts, arrivedMonotonicMs } = block;
    if (!(arrivedMonotonicMs - this.#keptNewestMs < keptGapMs)) this.#keptRpm = Number.NaN;
    const isTold = Number.isNaN(shaftRpm);
    const rpm = Math.abs(isTold ? told.toldRpm : shaftRpm);
    if (Number.isNaN(rpm) && arrivedMonotonicMs - this.#newestMs < lateMs) return false;
    if (!(rpm < this.#standbyBelowRpm)) {
      this.#heardS = 0;
      this.#powerSinceMs = Number.NaN;
      if (rpm >= this.#standbyBelowRpm) this.#fastest = noteMaximum(this.#fastest, rpm, arrivedMonotonicMs);
      return false;
    }
    this.#newestMs = arrivedMonotonicMs;
    this.#notePower(block);
    const { unit, scale, sampleRateHz } = inGravities(channel);
    const seconds = counts.length / sampleRateHz;
    this.#noteKept(rpm, block, seconds);
    // Another quantity does not say how strongly a machine vibrates.
    if (unit !== "g") return false;
    const isLoud = rmsCounts * scale >= runningRmsG;
    if (this.#heardS === 0) {
      this.#sinceMs = arrivedMonotonicMs;
      this.#loudS = 0;
    }
    this.#heardS += seconds;
    const isRunning = isLoud && isVibration(counts, rmsCounts, sampleRateHz);
    this.#loudS = Math.min(mostLoudS, this.#loudS + (isRunning ? seconds : -quietWeight * seconds));
    if (this.#loudS < 0) this.#heardS = 0;
    const hertzRpm = rpm * 60;
    if (!isLoud || hertzRpm < this.#standbyBelowRpm || hertzRpm > this.#plausibleRpm) return false;
    return !isTold || (this.#heardS > 0 && arrivedMonotonicMs - this.#sinceMs >= this.#heldMs);
  }

  /** The fastest that it may run; of one that was never heard in operation nobody knows. */
  get #plausibleRpm(): number {
    return plausibleShare * (readMaximum(this.#fastest) || Number.POSITIVE_INFINITY);
  }

  #noteContradiction({ shaftRpm, told, arrivedMonotonicMs }: HeardBlock): void {
    const ownRpm = Math.abs(Number.isNaN(shaftRpm) ? told.readingRpm : shaftRpm);
    const scadaRpm = Math.abs(told.scadaRpm);
    const fasterRpm = Math.max(ownRpm, scadaRpm);
    if (Number.isNaN(fasterRpm) && arrivedMonotonicMs - this.#contradictedNewestMs < lateMs) return;
    const isTwo =
      fasterRpm >= this.#standbyBelowRpm && Math.abs(ownRpm - scadaRpm) > sameSpeedShare * fasterRpm;
    if (isTwo) {
      // Nobody knows what two moments far apart had between them.
      if (!(arrivedMonotonicMs - this.#contradictedNewestMs < lateMs))
        this.#contradictedSinceMs = arrivedMonotonicMs;
      this.#contradictedNewestMs = arrivedMonotonicMs;
    } else if (fasterRpm < this.#standbyBelowRpm && this.isContradicted) {
      // A stop says nothing of which is right.
      this.#contradictedNewestMs = arrivedMonotonicMs;
    } else {
      this.#contradictedSinceMs = Number.NaN;
      this.#contradictedNewestMs = Number.NaN;
    }
  }

  #notePower({ told: { toldKw }, arrivedMonotonicMs }: HeardBlock): void {
    if (toldKw >= runningKw) {
      if (Number.isNaN(this.#powerSinceMs)) this.#powerSinceMs = arrivedMonotonicMs;
      this.#powerNewestMs = arrivedMonotonicMs;
    } else if (!(Number.isNaN(toldKw) && arrivedMonotonicMs - this.#powerNewestMs < lateMs))
      this.#powerSinceMs = Number.NaN;
  }

  #noteKept(rpm: number, { told, arrivedMonotonicMs }: HeardBlock, seconds: number): void {
    // Where power is known and none is made, a speed below standby is what it should be.
    const isIdle = told.toldKw < runningKw;
    if (isIdle || !(Math.abs(rpm - this.#keptRpm) <= sameSpeedShare * this.#keptRpm)) {
      this.#keptRpm = rpm >= leastSteadyRpm && !isIdle ? rpm : Number.NaN;
      this.#keptSinceMs = arrivedMonotonicMs;
      this.#keptS = 0;
    }
    this.#keptNewestMs = arrivedMonotonicMs;
    this.#keptS += seconds;
  }

  get steadyRpm(): number {
    const hasRun = readMaximum(this.#fastest) > 0;
    const isSteady = this.#keptNewestMs - this.#keptSinceMs >= steadyMs && this.#keptS >= leastHeardS;
    return isSteady && !hasRun ? this.#keptRpm : Number.NaN;
  }

  get isLasting(): boolean {
    return this.#heardS >= leastHeardS && this.#newestMs - this.#sinceMs >= this.#lastingMs;
  }

  get isPowered(): boolean {
    return this.#powerNewestMs - this.#powerSinceMs >= this.#lastingMs;
  }

  get isContradicted(): boolean {
    return this.#contradictedNewestMs - this.#contradictedSinceMs >= this.#heldMs;
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
