/**
 * Cuts a stream of sample blocks into windows of a fixed number of shaft revolutions. Holds no sample: it only says
 * where windows begin and end. The same code cuts recordings in training and streams on the gateway.
 *
 * A gap, another sampling rate, a speed that is unknown or moves by more than 10 % inside a window abandons what is
 * open and starts afresh; nothing is interpolated over.
 *
 * A *snapshot* is a run of samples too short for a window, of one revolution at least, that a pause ends: a silence, or a gap
 * no shorter than the run, which the loss of a few blocks from a continuous stream is not. Nor is it one where the run before
 * held a whole window or broke off otherwise: the first short run after that is abandoned, as everywhere else.
 */
import { AuroraError } from "../contract/aurora-error.ts";
import type { WindowSpec } from "../contract/bundle/manifest.ts";
import type { Quarantine, QuarantineReason, RecordedBlock, SampleRun } from "../contract/stream.ts";

export interface WindowStart {
  /** Epoch ms of the first sample, by the sample clock. */
  readonly fromMs: number;
  readonly sampleRateHz: number;
  /** Shaft speed at the first sample. */
  readonly shaftRpm: number;
}

export interface WindowEnd {
  readonly fromMs: number;
  /** Epoch ms of the first sample after the window. */
  readonly toMs: number;
  readonly samples: number;
  /** Mean shaft speed over the window. */
  readonly shaftRpm: number;
}

/**
 * Receives the windows. Where windows overlap (hop < length), several are open at a time: `slot` tells them apart
 * and runs from 0 to {@link countWindowSlots} − 1.
 */
export interface WindowSink {
  begin(slot: number, start: WindowStart): void;
  /** The samples belong to the open window. */
  push(slot: number, run: SampleRun): void;
  end(slot: number, window: WindowEnd): void;
  /**
   * The open window ended as a snapshot: these are all its samples. Left out: it is abandoned. Where windows overlap there
   * are no snapshots.
   */
  snapshot?(slot: number, window: WindowEnd): void;
  /** The open window is lost; `quarantine.samples` are its samples so far. */
  abandon(slot: number, quarantine: Quarantine): void;
  /** A whole block was set aside: its shaft speed is unknown or impossible. */
  refuse(quarantine: Quarantine): void;
}

/** One stream (one channel of one device). */
export interface RevolutionWindower {
  accept(block: RecordedBlock): void;
  /** No block has come for long: what is open ends here, as a snapshot or abandoned. */
  pause(detail: string): void;
  /** Abandons what is open, for example because the stream ended. */
  reset(reason: QuarantineReason, detail: string): void;
}

/** Largest relative change of speed inside a window. */
const maxSpeedChange = 0.1;
/** The sample clock is set anew when a block's own time stamp disagrees by more. */
const maxClockDriftMs = 1000;

/** A revolution of fewer samples is no plausible shaft speed: 72,000 rpm at 12 kHz. */
const fewestSamplesPerRevolution = 10;
/** Overlap beyond this is a mistake of the specification, and would cost as many extractors. */
const maxSlots = 64;

/** How many windows may be open at a time. */
export function countWindowSlots(spec: WindowSpec): number {
  return Math.ceil(spec.length / spec.hop - 1e-9);
}

/** Creates a windower. @throws AuroraError BUNDLE_FORMAT unless unit is revolutions and 0 < hop ≤ length. */
export function createRevolutionWindower(spec: WindowSpec, sink: WindowSink): RevolutionWindower {
  if (spec.unit !== "revolutions" || !(spec.hop > 0 && spec.hop <= spec.length)) {
    throw new AuroraError("BUNDLE_FORMAT", "a revolution windower needs revolutions with 0 < hop ≤ length", {
      op: "create windower",
    });
  }
  const slots = countWindowSlots(spec);
  if (slots > maxSlots) {
    throw new AuroraError("BUNDLE_FORMAT", `${slots} windows would overlap, at most ${maxSlots} may`, {
      op: "create windower",
    });
  }
  const startMs = new Float64Array(slots);
  const startSample = new Float64Array(slots);
  const startRpm = new Float64Array(slots);
  const startPosition = new Float64Array(slots);
  let running = false;
  let rateHz = 0;
  let rpm = 0;
  /** Samples since the stream (re)started, and the number the device gave to the first of them. */
  let sample = 0;
  let deviceOrigin = 0;
  /** Epoch ms of sample 0. */
  let originMs = 0;
  /** Position in revolutions: `anchorPosition` at `anchorSample`, on from there at the current speed. Anchors move
   * only with the speed, so that windows do not depend on how the samples came in blocks. */
  let anchorSample = 0;
  let anchorPosition = 0;
  let perSample = 0;
  /** Windows opened and ended since the restart; those between are open, each in slot number mod slots. */
  let opened = 0;
  let ended = 0;
  /** Whether the run before lets the open one be a snapshot. */
  let afterShortRun = true;
  let deviceId = "";
  let channel = "";
  /** One for all pushes, so that none of them allocates. */
  const run: { -readonly [Field in keyof SampleRun]: SampleRun[Field] } = {
    counts: new Int16Array(0),
    scale: 0,
    shaftRpm: 0,
    from: 0,
    to: 0,
  };

  const positionAt = (index: number): number => anchorPosition + (index - anchorSample) * perSample;
  /** First sample at or after a position. The slack takes up rounding, far below one sample. */
  const sampleAt = (position: number): number =>
    Math.ceil(anchorSample + (position - anchorPosition) / perSample - 1e-6);
  const timeOf = (index: number): number => originMs + (index * 1000) / rateHz;

  const describeWindow = (slot: number, at: number): WindowEnd => {
    const samples = at - startSample[slot]!;
    return {
      fromMs: startMs[slot]!,
      toMs: startMs[slot]! + (samples * 1000) / rateHz,
      samples,
      shaftRpm: ((positionAt(at) - startPosition[slot]!) * 60 * rateHz) / samples,
    };
  };

  const abandonAll = (reason: QuarantineReason, detail: string): void => {
    for (; ended < opened; ended++) {
      const slot = ended % slots;
      sink.abandon(slot, {
        reason,
        deviceId,
        channel,
        timestampMs: startMs[slot]!,
        detail,
        samples: sample - startSample[slot]!,
      });
    }
    if (running) afterShortRun = reason === "rate";
    running = false;
  };

  /** Ends the open run at a pause. */
  const endRun = (detail: string): void => {
    if (!running) return;
    const isShort = ended === 0;
    if (isShort && afterShortRun && opened === 1 && slots === 1 && positionAt(sample) >= 1 - 1e-6) {
      if (sink.snapshot !== undefined) {
        ended++;
        sink.snapshot(0, describeWindow(0, sample));
      }
    }
    abandonAll("gap", detail);
    afterShortRun = isShort;
  };

  /** Whether what is missing before the block is no less than what came. A device that counts anew tells it by its clock. */
  const isPause = (block: RecordedBlock): boolean => {
    const missing = block.firstSample - deviceOrigin - sample;
    return (missing > 0 ? missing : ((block.timestampMs - timeOf(sample)) * rateHz) / 1000) >= sample;
  };

  const restart = (block: RecordedBlock): void => {
    running = true;
    rateHz = block.sampleRateHz;
    rpm = block.shaftRpm;
    sample = 0;
    deviceOrigin = block.firstSample;
    originMs = block.timestampMs;
    anchorSample = 0;
    anchorPosition = 0;
    perSample = rpm / 60 / rateHz;
    opened = 0;
    ended = 0;
  };

  /** Why the stream cannot go on with this block, or null. */
  const breakWith = (block: RecordedBlock): { reason: QuarantineReason; detail: string } | null => {
    if (block.sampleRateHz !== rateHz) {
      return { reason: "rate", detail: `sampling rate went from ${rateHz} Hz to ${block.sampleRateHz} Hz` };
    }
    const expected = deviceOrigin + sample;
    if (block.firstSample !== expected) {
      return { reason: "gap", detail: `expected sample ${expected}, got ${block.firstSample}` };
    }
    for (let number = ended; number < opened; number++) {
      const before = startRpm[number % slots]!;
      if (Math.abs(block.shaftRpm - before) > maxSpeedChange * before) {
        return {
          reason: "shaft-speed-changed",
          detail: `shaft speed went from ${before} rpm to ${block.shaftRpm} rpm inside a window`,
        };
      }
    }
    return null;
  };

  const prepare = (block: RecordedBlock): void => {
    if (running) {
      const broken = breakWith(block);
      if (broken?.reason === "gap" && isPause(block)) endRun(broken.detail);
      else if (broken !== null) abandonAll(broken.reason, broken.detail);
    }
    if (!running) {
      restart(block);
      return;
    }
    if (Math.abs(timeOf(sample) - block.timestampMs) > maxClockDriftMs) {
      originMs = block.timestampMs - (sample * 1000) / rateHz;
    }
    if (block.shaftRpm !== rpm) {
      anchorPosition = positionAt(sample);
      anchorSample = sample;
      rpm = block.shaftRpm;
      perSample = rpm / 60 / rateHz;
    }
  };

  const endWindow = (at: number): void => {
    const slot = ended % slots;
    ended++;
    sink.end(slot, describeWindow(slot, at));
  };

  const beginWindow = (at: number): void => {
    const slot = opened % slots;
    opened++;
    startMs[slot] = timeOf(at);
    startSample[slot] = at;
    startRpm[slot] = rpm;
    startPosition[slot] = positionAt(at);
    sink.begin(slot, { fromMs: startMs[slot]!, sampleRateHz: rateHz, shaftRpm: rpm });
  };

  return {
    accept: (block) => {
      deviceId = block.deviceId;
      channel = block.channel;
      const highestRpm = (60 * block.sampleRateHz) / fewestSamplesPerRevolution;
      if (!(block.shaftRpm > 0 && block.shaftRpm <= highestRpm)) {
        const detail = `shaft speed is ${block.shaftRpm} rpm`;
        abandonAll("no-shaft-speed", detail);
        sink.refuse({
          reason: "no-shaft-speed",
          deviceId,
          channel,
          timestampMs: block.timestampMs,
          detail,
          samples: block.counts.length,
        });
        return;
      }
      prepare(block);
      run.counts = block.counts;
      run.scale = block.scale;
      run.shaftRpm = block.shaftRpm;
      const base = sample;
      const blockEnd = base + block.counts.length;
      while (sample < blockEnd) {
        if (ended < opened && sampleAt(ended * spec.hop + spec.length) <= sample) {
          endWindow(sample);
          continue;
        }
        const nextStart = sampleAt(opened * spec.hop);
        if (nextStart <= sample) {
          beginWindow(sample);
          continue;
        }
        const nextEnd = ended < opened ? sampleAt(ended * spec.hop + spec.length) : nextStart;
        const stop = Math.min(blockEnd, nextStart, nextEnd);
        run.from = sample - base;
        run.to = stop - base;
        for (let number = ended; number < opened; number++) sink.push(number % slots, run);
        sample = stop;
      }
      // A window that ends with the block's last sample ends now, not when the next block comes.
      while (ended < opened && sampleAt(ended * spec.hop + spec.length) <= sample) endWindow(sample);
    },
    pause: endRun,
    reset: (reason, detail) => abandonAll(reason, detail),
  };
}
