/**
 * Cuts a stream of sample blocks into windows of a fixed number of shaft revolutions. Holds no sample: it only says
 * where windows begin and end. The same code cuts recordings in training and streams on the gateway.
 *
 * A gap, another sampling rate, a speed that is unknown or moves by more than half inside a window abandons what is
 * open and starts afresh; nothing is interpolated over. What is open when a pause comes may be a snapshot, a window of
 * what there is: snapshot-rule.ts says when.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { QuarantineReason, RecordedBlock, Reused, SampleRun } from "../contract/stream.ts";
import { durationOf } from "../maths/durations.ts";
import { createSnapshotRule } from "./snapshot-rule.ts";
import { countWindowSlots, type OpenWindows, type WindowEnd, type WindowSink } from "./window-sink.ts";

/** One stream (one channel of one device). */
export interface RevolutionWindower {
  accept(block: RecordedBlock): void;
  /** No block has come for long: what is open ends here, as a snapshot or abandoned. */
  pause(detail: string): void;
  /** All of a recording has come that is known to be whole: what is open ends here, and the next block begins another. */
  endRecording(detail: string): void;
  /** Abandons what is open, for example because the stream ended. */
  reset(reason: QuarantineReason, detail: string): void;
  /** Widens `span` by the time of the samples in the oldest open window. */
  coverOpen(span: Reused<OpenWindows>): void;
}

/** Largest relative change of speed inside a window. */
const maxSpeedChange = 0.5;
/** The sample clock is set anew when a block's own time stamp disagrees by more. */
const maxClockDriftMs = 1000;

/** A revolution of fewer samples is no plausible shaft speed: 72,000 rpm at 12 kHz. */
const fewestSamplesPerRevolution = 10;
/** Overlap beyond this is a mistake of the specification, and would cost as many extractors. */
const maxSlots = 64;

/** Creates a windower. @throws AuroraError BUNDLE_FORMAT unless unit is revolutions and 0 < hop ≤ length. */
export function createRevolutionWindower(spec: WindowSpec, sink: WindowSink): RevolutionWindower {
  const refuse = (why: string): never => {
    throw new AuroraError("BUNDLE_FORMAT", why, { op: "create windower" });
  };
  if (spec.unit !== "revolutions" || !(spec.hop > 0 && spec.hop <= spec.length))
    refuse("a revolution windower needs revolutions with 0 < hop ≤ length");
  const slots = countWindowSlots(spec);
  if (slots > maxSlots) refuse(`${slots} windows would overlap, at most ${maxSlots} may`);
  return new Windower(spec, slots, sink);
}

/** Of a slot's open window: when, at which sample, speed and position it began. */
const startFields = { ms: 0, sample: 1, rpm: 2, position: 3, count: 4 } as const;

/** One for all pushes, so that none of them allocates. */
const run: Reused<SampleRun> = { counts: new Int16Array(0), scale: 0, shaftRpm: 0, from: 0, to: 0 };

class Windower implements RevolutionWindower {
  readonly #spec: WindowSpec;
  readonly #slots: number;
  readonly #sink: WindowSink;
  /** {@link startFields} of each slot. */
  readonly #starts: Float64Array;
  #running = false;
  #rateHz = 0;
  #rpm = 0;
  /** Samples since the stream (re)started, and the number the device gave to the first of them. */
  #sample = 0;
  #deviceOrigin = 0;
  /** Epoch ms of sample 0. */
  #originMs = 0;
  /** Position in revolutions: `anchorPosition` at `anchorSample`, on from there at the current speed. Anchors move
   * only with the speed, so that windows do not depend on how the samples came in blocks. */
  #anchorSample = 0;
  #anchorPosition = 0;
  #perSample = 0;
  /** Windows opened and ended since the restart; those between are open, each in slot number mod slots. */
  #opened = 0;
  #ended = 0;
  readonly #snapshots = createSnapshotRule();
  #deviceId = "";
  #channel = "";

  constructor(spec: WindowSpec, slots: number, sink: WindowSink) {
    this.#spec = spec;
    this.#slots = slots;
    this.#sink = sink;
    this.#starts = new Float64Array(slots * startFields.count);
  }

  accept(block: RecordedBlock): void {
    this.#deviceId = block.deviceId;
    this.#channel = block.channel;
    const highestRpm = (60 * block.sampleRateHz) / fewestSamplesPerRevolution;
    if (!(block.shaftRpm > 0 && block.shaftRpm <= highestRpm)) {
      this.#refuse(block);
      return;
    }
    this.#prepare(block);
    run.counts = block.counts;
    run.scale = block.scale;
    run.shaftRpm = block.shaftRpm;
    const base = this.#sample;
    const blockEnd = base + block.counts.length;
    while (this.#sample < blockEnd) this.#step(base, blockEnd);
    // A window that ends with the block's last sample ends now, not when the next block comes.
    while (this.#ended < this.#opened && this.#nextEnd() <= this.#sample) this.#endWindow();
  }

  pause(detail: string): void {
    if (!this.#running) return;
    const isShort = this.#ended === 0;
    const isOne = isShort && this.#opened === 1 && this.#slots === 1;
    const isSnapshot = isOne && this.#snapshots.isSnapshot(this.#positionAt(this.#sample));
    if (isSnapshot && this.#sink.snapshot !== undefined) {
      this.#ended++;
      this.#sink.snapshot(0, this.#describeWindow(0));
    }
    this.reset("gap", detail);
    this.#snapshots.notePause(isShort);
  }

  endRecording(detail: string): void {
    this.pause(detail);
    this.#snapshots.noteRecordingEnd();
  }

  reset(reason: QuarantineReason, detail: string): void {
    for (; this.#ended < this.#opened; this.#ended++) {
      const slot = this.#ended % this.#slots;
      const at = slot * startFields.count;
      this.#sink.abandon(slot, {
        reason,
        deviceId: this.#deviceId,
        channel: this.#channel,
        timestampMs: this.#starts[at + startFields.ms]!,
        endMs: Math.max(this.#describeWindow(slot).toMs, this.#timeOf(this.#sample)),
        detail,
        samples: this.#sample - this.#starts[at + startFields.sample]!,
      });
    }
    if (this.#running) this.#snapshots.noteBreak(reason);
    this.#running = false;
  }

  coverOpen(span: Reused<OpenWindows>): void {
    if (this.#ended === this.#opened) return;
    const { fromMs, toMs } = this.#describeWindow(this.#ended % this.#slots);
    const endMs = this.#timeOf(this.#sample);
    // By both clocks: it may have been set anew inside the window.
    span.fromMs = Math.min(span.fromMs, fromMs, fromMs + endMs - toMs);
    span.toMs = Math.max(span.toMs, toMs, endMs);
  }

  /** Takes samples up to where the next window begins or ends, or begins or ends it. */
  #step(base: number, blockEnd: number): void {
    const sample = this.#sample;
    const nextEnd = this.#ended < this.#opened ? this.#nextEnd() : Number.POSITIVE_INFINITY;
    if (nextEnd <= sample) {
      this.#endWindow();
      return;
    }
    const nextStart = this.#sampleAt(this.#opened * this.#spec.hop);
    if (nextStart <= sample) {
      this.#beginWindow();
      return;
    }
    const stop = Math.min(blockEnd, nextStart, nextEnd);
    run.from = sample - base;
    run.to = stop - base;
    for (let number = this.#ended; number < this.#opened; number++) {
      this.#sink.push(number % this.#slots, run);
    }
    this.#sample = stop;
  }

  /** First sample behind the oldest open window. */
  #nextEnd(): number {
    return this.#sampleAt(this.#ended * this.#spec.hop + this.#spec.length);
  }

  #positionAt(index: number): number {
    return this.#anchorPosition + (index - this.#anchorSample) * this.#perSample;
  }

  /** First sample at or after a position. The slack takes up rounding, far below one sample. */
  #sampleAt(position: number): number {
    return Math.ceil(this.#anchorSample + (position - this.#anchorPosition) / this.#perSample - 1e-6);
  }

  #timeOf(index: number): number {
    return this.#originMs + durationOf(index, this.#rateHz);
  }

  /** The open window of a slot, that ends here. */
  #describeWindow(slot: number): WindowEnd {
    const at = slot * startFields.count;
    const starts = this.#starts;
    const fromMs = starts[at + startFields.ms]!;
    const samples = this.#sample - starts[at + startFields.sample]!;
    const revolutions = this.#positionAt(this.#sample) - starts[at + startFields.position]!;
    return {
      fromMs,
      toMs: fromMs + (samples * 1000) / this.#rateHz,
      samples,
      shaftRpm: (revolutions * 60 * this.#rateHz) / samples,
    };
  }

  #beginWindow(): void {
    const slot = this.#opened % this.#slots;
    const at = slot * startFields.count;
    const fromMs = this.#timeOf(this.#sample);
    this.#opened++;
    this.#starts[at + startFields.ms] = fromMs;
    this.#starts[at + startFields.sample] = this.#sample;
    this.#starts[at + startFields.rpm] = this.#rpm;
    this.#starts[at + startFields.position] = this.#positionAt(this.#sample);
    this.#sink.begin(slot, { fromMs, sampleRateHz: this.#rateHz, shaftRpm: this.#rpm });
  }

  #endWindow(): void {
    const slot = this.#ended % this.#slots;
    this.#ended++;
    this.#sink.end(slot, this.#describeWindow(slot));
  }

  #refuse(block: RecordedBlock): void {
    const { deviceId, channel, timestampMs, counts } = block;
    const detail = `shaft speed is ${block.shaftRpm} rpm`;
    this.reset("no-shaft-speed", detail);
    const reason = "no-shaft-speed";
    this.#sink.refuse({ reason, deviceId, channel, timestampMs, detail, samples: counts.length });
  }

  #prepare(block: RecordedBlock): void {
    if (this.#running) {
      const broken = this.#breakWith(block);
      const isGap = broken?.reason === "gap";
      if (isGap && this.#snapshots.isPause(this.#countMissing(block), this.#sample))
        this.pause(broken.detail);
      else if (broken !== null) this.reset(broken.reason, broken.detail);
    }
    if (!this.#running) {
      this.#snapshots.noteNext(this.#countMissing(block), this.#sample);
      this.#restart(block);
      return;
    }
    const sample = this.#sample;
    if (Math.abs(this.#timeOf(sample) - block.timestampMs) > maxClockDriftMs) {
      this.#originMs = block.timestampMs - durationOf(sample, this.#rateHz);
    }
    if (block.shaftRpm !== this.#rpm) {
      this.#anchorPosition = this.#positionAt(sample);
      this.#anchorSample = sample;
      this.#rpm = block.shaftRpm;
      this.#perSample = this.#rpm / 60 / this.#rateHz;
    }
  }

  #restart(block: RecordedBlock): void {
    this.#running = true;
    this.#rateHz = block.sampleRateHz;
    this.#rpm = block.shaftRpm;
    this.#sample = 0;
    this.#deviceOrigin = block.firstSample;
    this.#originMs = block.timestampMs;
    this.#anchorSample = 0;
    this.#anchorPosition = 0;
    this.#perSample = this.#rpm / 60 / this.#rateHz;
    this.#opened = 0;
    this.#ended = 0;
  }

  /** Samples that are missing before the block. A device that counts anew tells it by its clock. */
  #countMissing({ firstSample, timestampMs }: RecordedBlock): number {
    const missing = firstSample - this.#deviceOrigin - this.#sample;
    if (missing > 0) return missing;
    return ((timestampMs - this.#timeOf(this.#sample)) * this.#rateHz) / 1000;
  }

  /** Why the stream cannot go on with this block, or null. */
  #breakWith(block: RecordedBlock): { reason: QuarantineReason; detail: string } | null {
    if (block.sampleRateHz !== this.#rateHz) {
      const detail = `sampling rate went from ${this.#rateHz} Hz to ${block.sampleRateHz} Hz`;
      return { reason: "rate", detail };
    }
    const expected = this.#deviceOrigin + this.#sample;
    if (block.firstSample !== expected) {
      return { reason: "gap", detail: `expected sample ${expected}, got ${block.firstSample}` };
    }
    for (let number = this.#ended; number < this.#opened; number++) {
      const before = this.#starts[(number % this.#slots) * startFields.count + startFields.rpm]!;
      if (Math.abs(block.shaftRpm - before) > maxSpeedChange * before) {
        const detail = `shaft speed went from ${before} rpm to ${block.shaftRpm} rpm inside a window`;
        return { reason: "shaft-speed-changed", detail };
      }
    }
    return null;
  }
}
