/**
 * Holds every block of a waveform against the data contract. A block that breaks it is set aside whole, with a
 * reason and a count; nothing is repaired, clipped or interpolated. What a converter has clipped now and then is as it is.
 */
import type { ChannelContract } from "../contract/bundle/manifest.ts";
import type { Quarantine, RecordedBlock } from "../contract/stream.ts";
import { durationOf } from "../maths/durations.ts";
import { type CountScan, createCountScan, isSaturated } from "./scan-counts.ts";
import {
  type ContractLookup,
  createSchemaWatch,
  describeSource,
  type IngestSink,
  maxStreams,
  type SchemaWatch,
} from "./schema-watch.ts";

/** The time stamps may wander against the sample clock by this much from one block to the next. */
const maxClockStepMs = 5000;
/** Of a block's samples up to so many may stand at the ends of the converter. */
const clippedShare = 0.1;

interface WaveformIngestOptions {
  readonly contractOf: ContractLookup;
  readonly sink: IngestSink;
}

/** Any number of streams, each known by device and channel. */
export interface WaveformIngest {
  /** True: the block keeps its contract. False: it was set aside. */
  accept(block: RecordedBlock): boolean;
  /** A device introduced itself; `expected` are the channels that somebody waits for. */
  readonly announce: SchemaWatch["announce"];
}

/** What is remembered of a stream between blocks. */
interface Stream {
  readonly scan: CountScan;
  started: boolean;
  nextSample: number;
  /** Time stamp less the sample clock: constant while the device's clock runs steadily. */
  clockOffsetMs: number;
  rateHz: number;
  unit: string;
}

type Breach = Pick<Quarantine, "reason" | "cause" | "detail">;

export function createWaveformIngest(options: WaveformIngestOptions): WaveformIngest {
  const { contractOf, sink } = options;
  const watch = createSchemaWatch(contractOf, (drift) => sink.schemaDrift(drift));
  /** By device, then by channel: no key is joined for a block. */
  const streams = new Map<string, Map<string, Stream>>();
  let count = 0;

  const streamOf = ({ deviceId, channel }: RecordedBlock): Stream | undefined => {
    const known = streams.get(deviceId)?.get(channel);
    return known ?? (count < maxStreams ? openStream(deviceId, channel) : undefined);
  };
  const openStream = (deviceId: string, channel: string): Stream => {
    const ofDevice = streams.get(deviceId) ?? new Map<string, Stream>();
    const stream: Stream = {
      scan: createCountScan(),
      started: false,
      nextSample: Number.NaN,
      clockOffsetMs: Number.NaN,
      rateHz: Number.NaN,
      unit: "",
    };
    streams.set(deviceId, ofDevice.set(channel, stream));
    count++;
    return stream;
  };

  /** Of the block itself, or of `samples` before it. @returns false, for the caller to pass on. */
  const setAside = (block: RecordedBlock, breach: Breach, samples = block.counts.length): false => {
    sink.quarantine({ ...describeSource(block), ...breach, samples });
    return false;
  };

  return {
    announce: watch.announce,
    accept: (block) => {
      const malformed = findMalformation(block);
      if (malformed !== null) return setAside(block, malformed);
      const contract = contractOf(block.deviceId, block.channel);
      if (contract === undefined) {
        watch.observe(block);
        const detail = `nobody expects channel "${block.channel}"`;
        return setAside(block, { reason: "unknown-channel", detail });
      }
      const stream = streamOf(block);
      if (stream === undefined) {
        return setAside(block, { reason: "unknown-channel", detail: `more than ${maxStreams} streams` });
      }
      if (block.unit !== stream.unit || block.sampleRateHz !== stream.rateHz) {
        watch.observe(block);
      }
      const breach = findSchemaBreach(block, contract) ?? findClockBreach(block, stream);
      const missing = stream.started ? block.firstSample - stream.nextSample : 0;
      // The new position and clock are taken over in any case: what follows is held against what the device says now.
      if (missing !== 0 || !stream.started || block.sampleRateHz !== stream.rateHz) stream.scan.reset();
      stream.started = true;
      stream.nextSample = block.firstSample + block.counts.length;
      stream.rateHz = block.sampleRateHz;
      stream.unit = block.unit;
      stream.clockOffsetMs = clockOffsetOf(block);
      if (missing > 0) setAside(block, { reason: "gap", detail: `${missing} samples are missing` }, missing);
      if (missing < 0) {
        setAside(block, { reason: "gap", detail: `the sample count went back by ${-missing}: a restart` }, 0);
      }
      stream.scan.scan(block.counts);
      const found = breach ?? findValueBreach(block, contract, stream.scan);
      return found === null || setAside(block, found);
    },
  };
}

function findMalformation(block: RecordedBlock): Breach | null {
  const { timestampMs, firstSample, sampleRateHz, scale } = block;
  if (!Number.isFinite(timestampMs)) return { reason: "not-finite", detail: `time stamp ${timestampMs}` };
  if (!Number.isFinite(scale)) return { reason: "not-finite", detail: `scale ${scale}` };
  if (!Number.isFinite(sampleRateHz)) return { reason: "not-finite", detail: `rate ${sampleRateHz} Hz` };
  if (block.counts.length === 0) return { reason: "malformed", detail: "a block without samples" };
  if (!(scale > 0)) return { reason: "malformed", detail: `scale ${scale} is not above 0` };
  if (!(sampleRateHz > 0)) return { reason: "malformed", detail: `rate ${sampleRateHz} Hz is not above 0` };
  if (!Number.isSafeInteger(firstSample) || firstSample < 0) {
    return { reason: "malformed", detail: `first sample ${firstSample}` };
  }
  return null;
}

function findSchemaBreach(block: RecordedBlock, contract: ChannelContract): Breach | null {
  if (contract.kind !== "waveform") {
    return { reason: "malformed", detail: `channel "${contract.name}" is no waveform` };
  }
  if (block.unit !== contract.unit) {
    return { reason: "unit", detail: `expected ${contract.unit}, got ${block.unit}` };
  }
  if (block.sampleRateHz < contract.minRateHz || block.sampleRateHz > contract.maxRateHz) {
    return {
      reason: "rate",
      detail: `expected ${contract.minRateHz} to ${contract.maxRateHz} Hz, got ${block.sampleRateHz} Hz`,
    };
  }
  return null;
}

/** Compares the time stamp with the sample clock, so that neither pace nor pauses of the link matter. */
function findClockBreach(block: RecordedBlock, stream: Stream): Breach | null {
  // A restarted counter or another rate begins a new sample clock.
  if (!stream.started || block.firstSample < stream.nextSample || block.sampleRateHz !== stream.rateHz) {
    return null;
  }
  const stepMs = clockOffsetOf(block) - stream.clockOffsetMs;
  if (stepMs > maxClockStepMs) {
    return { reason: "time-jump", detail: `the clock is ${Math.round(stepMs)} ms ahead of the samples` };
  }
  if (stepMs < -maxClockStepMs) {
    return { reason: "time-backwards", detail: `the clock went back by ${Math.round(-stepMs)} ms` };
  }
  return null;
}

function findValueBreach(block: RecordedBlock, contract: ChannelContract, scan: CountScan): Breach | null {
  if (scan.saturated && !isMostlyHeard(block.counts)) {
    return { reason: "range", cause: "saturated", detail: "the converter is saturated at ±32,768 counts" };
  }
  const low = scan.min * block.scale;
  const high = scan.max * block.scale;
  // One count further: a converter of 16 bits reaches -32,768 where its scale is stated as its range over 32,767.
  if (low < contract.min - block.scale || high > contract.max + block.scale) {
    const range = `${contract.min} to ${contract.max} ${contract.unit}`;
    return { reason: "range", detail: `expected ${range}, got ${low} to ${high}` };
  }
  if (scan.longestRun >= contract.stuckAfter) {
    return { reason: "stuck", detail: `${scan.longestRun} identical samples in a row` };
  }
  if (scan.repeats > 0) {
    const before = scan.repeats === 1 ? "the block before" : `${scan.repeats} blocks before`;
    return { reason: "stuck", detail: `the samples of ${before} once more: the buffer is not filled anew` };
  }
  return null;
}

/** What strikes hard now and then is heard, clipped: of a fault these are the very blocks that tell it. */
function isMostlyHeard(counts: Int16Array): boolean {
  let clipped = 0;
  for (const count of counts) if (isSaturated(count)) clipped++;
  return clipped <= clippedShare * counts.length;
}

function clockOffsetOf(block: RecordedBlock): number {
  return block.timestampMs - durationOf(block.firstSample, block.sampleRateHz);
}
