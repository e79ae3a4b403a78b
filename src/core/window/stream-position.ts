/**
 * The place that a stream has reached: which sample, when, and where the shaft stands. Counts from where the stream began or
 * was broken off. Holds no sample and knows no window.
 */
import type { RecordedBlock } from "../contract/stream.ts";
import { durationOf } from "../maths/durations.ts";

/** The sample clock is set anew when a block's own time stamp disagrees by more. */
const maxClockDriftMs = 1000;

/** Where a stream stands; one stream after the other. */
export class StreamPosition {
  rateHz = 0;
  rpm = 0;
  /** Samples since the stream (re)started. */
  sample = 0;
  /** The number that the device gave to the first of them. */
  #deviceOrigin = 0;
  /** Epoch ms of sample 0. */
  #originMs = 0;
  /** Position in revolutions: `anchorPosition` at `anchorSample`, on from there at the current speed. Anchors move
   * only with the speed, so that windows do not depend on how the samples came in blocks. */
  #anchorSample = 0;
  #anchorPosition = 0;
  #perSample = 0;

  /** Begins anew with the first sample of `block`. */
  restart(block: RecordedBlock): void {
    this.rateHz = block.sampleRateHz;
    this.rpm = block.shaftRpm;
    this.sample = 0;
    this.#deviceOrigin = block.firstSample;
    this.#originMs = block.timestampMs;
    this.#anchorSample = 0;
    this.#anchorPosition = 0;
    this.#perSample = this.rpm / 60 / this.rateHz;
  }

  /** Goes on with the clock and the speed of `block`, which is the next one. */
  follow(block: RecordedBlock): void {
    const { sample } = this;
    if (Math.abs(this.timeOf(sample) - block.timestampMs) > maxClockDriftMs) {
      this.#originMs = block.timestampMs - durationOf(sample, this.rateHz);
    }
    if (block.shaftRpm !== this.rpm) {
      this.#anchorPosition = this.positionAt(sample);
      this.#anchorSample = sample;
      this.rpm = block.shaftRpm;
      this.#perSample = this.rpm / 60 / this.rateHz;
    }
  }

  /** Revolutions since the beginning. */
  positionAt(index: number): number {
    return this.#anchorPosition + (index - this.#anchorSample) * this.#perSample;
  }

  /** First sample at or after a position. The slack takes up rounding, far below one sample. */
  sampleAt(position: number): number {
    return Math.ceil(this.#anchorSample + (position - this.#anchorPosition) / this.#perSample - 1e-6);
  }

  /** Epoch ms. */
  timeOf(index: number): number {
    return this.#originMs + durationOf(index, this.rateHz);
  }

  /** The number that the device should give to the next sample. */
  get expected(): number {
    return this.#deviceOrigin + this.sample;
  }

  /** Samples that are missing before the block. A device that counts anew tells it by its clock. */
  countMissing({ firstSample, timestampMs }: RecordedBlock): number {
    const missing = firstSample - this.expected;
    if (missing > 0) return missing;
    return ((timestampMs - this.timeOf(this.sample)) * this.rateHz) / 1000;
  }
}
