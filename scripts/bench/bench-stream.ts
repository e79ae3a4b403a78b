/** Frames of a vibration stream as a device would send them, encoded beforehand so that sending costs next to nothing. */
import { createFrameEncoder, maxFrameBytesOnWire } from "../../firmware-bridge/framing/frame-encoder.ts";
import { createFrameParser } from "../../firmware-bridge/framing/frame-parser.ts";
import { encodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import { encodeRawWindow } from "../../firmware-bridge/messages/raw-window-codec.ts";
import {
  maxSamplesPerFrame,
  packetFlags,
  packetTypes,
  protocolVersion,
} from "../../firmware-bridge/protocol.ts";
import type { DeviceMessage, HelloMessage } from "../../src/core/contract/device/device-message.ts";
import type { FaultPlan } from "../../src/core/simulate/scenario.ts";
import { createTurbineSimulation } from "../../src/core/simulate/turbine-simulation.ts";

/** Names of a device's channels. */
export const benchChannels: readonly string[] = ["accel-de", "accel-nde", "accel-gear", "accel-frame"];
/** Sampling rate of the benchmark's channels, unless another is asked for. */
export const benchRateHz = 12_000;
/** Session that every device of the benchmark opens: the frames are encoded once for all of them and bound to it. */
export const benchSessionId = 1;
/** g a count. */
export const benchScale: number = 16 / 32_768;
/** When every stream begins. */
const startMs = Date.UTC(2026, 0, 1);
/** Simulated seconds that are generated; longer streams repeat them. */
const distinctSeconds = 60;

/** Of a stream in which a fault grows: enough for an alarm. */
export const failingSeconds = 120;

/** An encoded stream, which several devices may send. */
export interface BenchStream {
  readonly sampleRateHz: number;
  /** Of {@link benchChannels}, which all say the same. */
  readonly channels: number;
  /** Of one channel. */
  readonly samples: number;
  readonly bytes: Buffer;
  /** Encoded bytes a sample of all channels together, for pacing. */
  readonly bytesPerSample: number;
  /** Where the frame begins that holds the sample at such a share of all, 0 to 1. */
  byteAt(share: number): number;
}

/** What devices are like, where they are not as usual. */
export interface BenchStreamOptions {
  /** Default: {@link benchRateHz}. */
  readonly sampleRateHz?: number;
  /** Default: 1. */
  readonly channels?: number;
  /** Does a fault grow after a minute? Its second minute is the one that is repeated; default: the turbine is healthy. */
  readonly isFailing?: boolean;
}

const growingFault: FaultPlan = {
  turbine: 0,
  kind: "outer-race",
  onsetS: 60,
  growthS: 20,
  finalSeverity: 5,
};

/** Encodes `seconds` of a simulated turbine, from the packet after the hello. */
export function encodeBenchStream(
  seconds: number,
  { sampleRateHz = benchRateHz, channels = 1, isFailing = false }: BenchStreamOptions = {},
): BenchStream {
  const simulation = createTurbineSimulation({
    seed: 1,
    turbines: 1,
    fault: isFailing ? growingFault : "none",
    sampleRateHz,
    // Above rated wind the speed hardly moves, so that repeating the minute is no jump of speed.
    meanWindMetresPerSecond: 14,
  });
  const distinct = Math.round(Math.min(seconds, isFailing ? failingSeconds : distinctSeconds) * sampleRateHz);
  const repeated = Math.min(distinct, distinctSeconds * sampleRateHz);
  const counts = new Int16Array(distinct);
  const rpm: number[] = [];
  for (let at = 0; at < distinct; at += maxSamplesPerFrame) {
    const block = simulation.nextBlock(0, Math.min(maxSamplesPerFrame, distinct - at));
    counts.set(block.counts, at);
    rpm.push(block.shaftRpm);
  }
  const samples = Math.round(seconds * sampleRateHz);
  const encoder = createFrameEncoder();
  encoder.sessionId = benchSessionId;
  const out = Buffer.allocUnsafe(
    channels * Math.ceil(samples / maxSamplesPerFrame + seconds / distinctSeconds + 2) * maxFrameBytesOnWire,
  );
  const frames: number[] = [];
  const offsets: number[] = [];
  let length = 0;
  let sequence = 1;
  for (let first = 0; first < samples; ) {
    const from = first < distinct ? first : distinct - repeated + ((first - distinct) % repeated);
    const to = Math.min(from + maxSamplesPerFrame, distinct, from + samples - first);
    const timestampUs = startMs * 1000 + Math.round((first * 1e6) / sampleRateHz);
    frames.push(first);
    offsets.push(length);
    const speed = rpm[Math.floor(from / maxSamplesPerFrame)] ?? 1500;
    for (let channel = 0; channel < channels; channel++) {
      const payload = encodeRawWindow(encoder.payload, {
        type: "raw-window",
        channel,
        firstSample: first,
        timestampUs,
        shaftRpm: speed,
        counts: counts.subarray(from, to),
      });
      const number = sequence++ & 0xffff;
      length = encoder.encode(packetTypes.rawWindow, packetFlags.session, number, payload, out, length);
    }
    first += to - from;
  }
  const bytes = out.subarray(0, length);
  const byteAt = (share: number): number => {
    const sample = Math.round(share * samples);
    if (sample >= samples) return length;
    let [low, high] = [0, frames.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (frames[middle]! <= sample) low = middle;
      else high = middle;
    }
    return offsets[low]!;
  };
  return { sampleRateHz, channels, samples, bytes, bytesPerSample: length / samples / channels, byteAt };
}

/** The first words of a device: its hello, and the answer to the configuration that follows. */
export interface BenchHandshake {
  readonly hello: Buffer;
  /** Takes what the gateway sends until it calls `onConfigured` with the acknowledgement to be sent. */
  readonly read: (chunk: Buffer) => void;
}

/** Creates the handshake of a device; frames of the stream follow it. */
export function createBenchHandshake(
  deviceId: string,
  { sampleRateHz, channels }: Pick<BenchStream, "sampleRateHz" | "channels">,
  onConfigured: (acknowledgement: Buffer) => void,
): BenchHandshake {
  const parser = createFrameParser(({ type, sequence }) => {
    if (type === packetTypeOf("config"))
      onConfigured(encodeFrame({ type: "ack", sequence }, packetFlags.session));
  });
  parser.bind(benchSessionId);
  const hello: HelloMessage = {
    type: "hello",
    protocolMajor: protocolVersion.major,
    protocolMinor: protocolVersion.minor,
    deviceId,
    firmware: "bench",
    sessionId: benchSessionId,
    channels: benchChannels
      .slice(0, channels)
      .map((name) => ({ name, unit: "g", sampleRateHz, scale: benchScale })),
  };
  return { hello: encodeFrame(hello, 0), read: (chunk) => parser.push(chunk) };
}

function encodeFrame(message: DeviceMessage, flags: number): Buffer {
  const encoder = createFrameEncoder();
  encoder.sessionId = benchSessionId;
  const payload = encodeMessage(message, encoder.payload);
  const out = Buffer.alloc(maxFrameBytesOnWire);
  return out.subarray(0, encoder.encode(packetTypeOf(message.type), flags, 0, payload, out, 0));
}
