/**
 * Cuts a stream of sample blocks into windows of a fixed number of shaft revolutions. Holds no sample: it only says
 * where windows begin and end. The same code cuts recordings in training and streams on the gateway.
 *
 * A gap, another sampling rate, a speed that is unknown or moves by more than half inside a window abandons what is
 * open and starts afresh; nothing is interpolated over. What is open when a pause comes may be a snapshot, a window of
 * what there is, and what is open at a gap a piece of one: snapshot-rule.ts says when.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { Quarantine, QuarantineReason, RecordedBlock, Reused, SampleRun } from "../contract/stream.ts";
import { createSnapshotRule, type SnapshotPiece } from "./snapshot-rule.ts";
import { StreamPosition } from "./stream-position.ts";
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
  readonly #place = new StreamPosition();
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
    const base = this.#place.sample;
    const blockEnd = base + block.counts.length;
    while (this.#place.sample < blockEnd) this.#step(base, blockEnd);
    // A window that ends with the block's last sample ends now, not when the next block comes.
    while (this.#ended < this.#opened && this.#nextEnd() <= this.#place.sample) this.#endWindow();
  }

  pause(detail: string): void {
    if (!this.#running) return;
    const isShort = this.#ended === 0;
    const run = this.#describeRun();
    if (run !== null && this.#sink.snapshot !== undefined && this.#snapshots.isSnapshot(run)) {
      this.#ended++;
      this.#sink.snapshot(0, this.#snapshots.join(run.end));
    }
    this.reset("gap", detail);
    this.#snapshots.notePause(isShort);
  }

  endRecording(detail: string): void {
    this.pause(detail);
    this.#snapshots.noteRecordingEnd();
  }

  reset(reason: QuarantineReason, detail: string): void {
    this.#drop(this.#snapshots.drop());
    for (; this.#ended < this.#opened; this.#ended++) {
      const slot = this.#ended % this.#slots;
      this.#sink.abandon(slot, this.#describeLoss(slot, reason, detail));
    }
    if (this.#running) this.#snapshots.noteBreak(reason);
    this.#running = false;
  }

  coverOpen(span: Reused<OpenWindows>): void {
    if (this.#ended === this.#opened) return;
    const { fromMs, toMs } = this.#describeWindow(this.#ended % this.#slots);
    const endMs = this.#place.timeOf(this.#place.sample);
    // By both clocks: it may have been set anew inside the window.
    span.fromMs = Math.min(span.fromMs, this.#snapshots.heldFromMs, fromMs, fromMs + endMs - toMs);
    span.toMs = Math.max(span.toMs, toMs, endMs);
  }

  /** Takes samples up to where the next window begins or ends, or begins or ends it. */
  #step(base: number, blockEnd: number): void {
    const sample = this.#place.sample;
    const nextEnd = this.#ended < this.#opened ? this.#nextEnd() : Number.POSITIVE_INFINITY;
    if (nextEnd <= sample) {
      this.#endWindow();
      return;
    }
    const nextStart = this.#place.sampleAt(this.#opened * this.#spec.hop);
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
    this.#place.sample = stop;
  }

  /** First sample behind the oldest open window. */
  #nextEnd(): number {
    return this.#place.sampleAt(this.#ended * this.#spec.hop + this.#spec.length);
  }

  /** The open window of a slot, that ends here. */
  #describeWindow(slot: number): WindowEnd {
    const at = slot * startFields.count;
    const starts = this.#starts;
    const fromMs = starts[at + startFields.ms]!;
    const samples = this.#place.sample - starts[at + startFields.sample]!;
    const revolutions = this.#place.positionAt(this.#place.sample) - starts[at + startFields.position]!;
    return {
      fromMs,
      toMs: fromMs + (samples * 1000) / this.#place.rateHz,
      samples,
      shaftRpm: (revolutions * 60 * this.#place.rateHz) / samples,
    };
  }

  /** What is lost of the open window of a slot. */
  #describeLoss(slot: number, reason: QuarantineReason, detail: string): Quarantine {
    const { fromMs, toMs, samples } = this.#describeWindow(slot);
    return {
      reason,
      deviceId: this.#deviceId,
      channel: this.#channel,
      timestampMs: fromMs,
      endMs: Math.max(toMs, this.#place.timeOf(this.#place.sample)),
      detail,
      samples,
    };
  }

  /** The open run, if it may be a snapshot or a piece of one: where windows overlap, or one has ended, it is none. */
  #describeRun(): Pick<SnapshotPiece, "end" | "revolutions"> | null {
    if (this.#slots !== 1 || this.#opened !== 1 || this.#ended !== 0) return null;
    return { end: this.#describeWindow(0), revolutions: this.#place.positionAt(this.#place.sample) };
  }

  /** Holds the open run, which ends before `block`. @returns whether it may be a piece of a snapshot. */
  #hold(block: RecordedBlock, detail: string): boolean {
    const run = this.#describeRun();
    const missing = block.firstSample - this.#place.expected;
    if (run === null || !(missing > 0) || !this.#snapshots.isLet || this.#jumpsTo(block.shaftRpm, 0))
      return false;
    const lost = this.#describeLoss(0, "gap", detail);
    if (this.#sink.hold?.(0) !== true) return false;
    this.#ended++;
    this.#running = false;
    this.#drop(this.#snapshots.hold({ ...run, missing, lost }, this.#spec.length));
    return true;
  }

  #drop(pieces: readonly SnapshotPiece[]): void {
    for (const { lost } of pieces) this.#sink.drop?.(0, lost);
  }

  #beginWindow(): void {
    const slot = this.#opened % this.#slots;
    const at = slot * startFields.count;
    const fromMs = this.#place.timeOf(this.#place.sample);
    this.#opened++;
    this.#starts[at + startFields.ms] = fromMs;
    this.#starts[at + startFields.sample] = this.#place.sample;
    this.#starts[at + startFields.rpm] = this.#place.rpm;
    this.#starts[at + startFields.position] = this.#place.positionAt(this.#place.sample);
    this.#sink.begin(slot, { fromMs, sampleRateHz: this.#place.rateHz, shaftRpm: this.#place.rpm });
  }

  #endWindow(): void {
    const slot = this.#ended % this.#slots;
    this.#ended++;
    this.#drop(this.#snapshots.drop());
    this.#sink.end(slot, this.#describeWindow(slot));
  }

  #refuse(block: RecordedBlock): void {
    const { deviceId, channel, timestampMs, counts } = block;
    const { shaftRpm } = block;
    const isUnknown = Number.isNaN(shaftRpm);
    const detail = isUnknown ? "the shaft speed is not known" : `shaft speed is ${shaftRpm} rpm`;
    const reason = "no-shaft-speed";
    const cause = isUnknown ? "unknown-speed" : undefined;
    this.reset(reason, detail);
    this.#sink.refuse({ reason, cause, deviceId, channel, timestampMs, detail, samples: counts.length });
  }

  #prepare(block: RecordedBlock): void {
    if (this.#running) {
      const broken = this.#breakWith(block);
      const isGap = broken?.reason === "gap";
      if (isGap && this.#snapshots.isPause(this.#place.countMissing(block), this.#place.sample))
        this.pause(broken.detail);
      else if (broken !== null && !(isGap && this.#hold(block, broken.detail)))
        this.reset(broken.reason, broken.detail);
    }
    if (!this.#running) {
      this.#snapshots.noteNext(this.#place.countMissing(block), this.#place.sample);
      this.#place.restart(block);
      this.#running = true;
      this.#opened = 0;
      this.#ended = 0;
    } else this.#place.follow(block);
  }

  /** Why the stream cannot go on with this block, or null. */
  #breakWith(block: RecordedBlock): { reason: QuarantineReason; detail: string } | null {
    if (block.sampleRateHz !== this.#place.rateHz) {
      const detail = `sampling rate went from ${this.#place.rateHz} Hz to ${block.sampleRateHz} Hz`;
      return { reason: "rate", detail };
    }
    const { expected } = this.#place;
    if (block.firstSample !== expected) {
      return { reason: "gap", detail: `expected sample ${expected}, got ${block.firstSample}` };
    }
    for (let number = this.#ended; number < this.#opened; number++) {
      if (this.#jumpsTo(block.shaftRpm, number % this.#slots)) {
        const before = this.#starts[(number % this.#slots) * startFields.count + startFields.rpm]!;
        const detail = `shaft speed went from ${before} rpm to ${block.shaftRpm} rpm inside a window`;
        return { reason: "shaft-speed-changed", detail };
      }
    }
    return null;
  }

  /** Is a speed too far from that with which the open window of a slot began? */
  #jumpsTo(shaftRpm: number, slot: number): boolean {
    const before = this.#starts[slot * startFields.count + startFields.rpm]!;
    return Math.abs(shaftRpm - before) > maxSpeedChange * before;
  }
}
