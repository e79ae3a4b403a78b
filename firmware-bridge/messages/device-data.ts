/**
 * What a device measured or scored, with names of its hello, units of the contracts (accelerations in g) and epoch
 * milliseconds: what a gateway takes in.
 */
import { inGravities } from "../../src/core/contract/acceleration-units.ts";
import type {
  DeviceChannel,
  HelloMessage,
  RawWindowMessage,
  ReadingMessage,
  ScoreMessage,
} from "../../src/core/contract/device/device-message.ts";
import {
  type Arrival,
  createReusedBlock,
  type Reading,
  type SampleBlock,
} from "../../src/core/contract/stream.ts";

/** When a message came, and by how much the clock of its device is ahead where it cannot be right; left out: it is believed. */
interface DeviceArrival extends Arrival {
  readonly clockAheadMs?: number;
}

/** Makes sample blocks of one device's raw windows. */
interface SampleBlockReader {
  /**
   * A raw window as a sample block. Its time is the device's, or else that of its arrival less the window's duration. Valid only
   * until the next call of any reader, as its counts are. Undefined when the channel was not announced.
   */
  read(hello: HelloMessage, message: RawWindowMessage, arrival: DeviceArrival): SampleBlock | undefined;
}

/** Creates a reader; all fill one block for all messages, and each converts the channels of a hello once. */
export function createSampleBlockReader(): SampleBlockReader {
  return new BlocksOfHello();
}

const block = createReusedBlock();

class BlocksOfHello implements SampleBlockReader {
  #converted: HelloMessage | undefined;
  #channels: readonly DeviceChannel[] = [];

  read(hello: HelloMessage, message: RawWindowMessage, arrival: DeviceArrival): SampleBlock | undefined {
    if (hello !== this.#converted) {
      this.#converted = hello;
      this.#channels = convertChannels(hello);
    }
    const channel = this.#channels[message.channel];
    if (channel === undefined) return undefined;
    block.deviceId = hello.deviceId;
    block.channel = channel.name;
    block.unit = channel.unit;
    block.timestampMs =
      message.timestampUs > 0
        ? toTimeMs(message.timestampUs, arrival)
        : arrival.arrivedMs - computeDurationMs(channel, message.counts.length);
    block.firstSample = message.firstSample;
    block.sampleRateHz = channel.sampleRateHz;
    block.scale = channel.scale;
    block.shaftRpm = message.shaftRpm;
    block.counts = message.counts;
    block.arrivedMonotonicMs = arrival.arrivedMonotonicMs;
    return block;
  }
}

function convertChannels({ channels }: HelloMessage): readonly DeviceChannel[] {
  // Not by `map`: compiled or not, it makes arrays of two kinds.
  const converted: DeviceChannel[] = [];
  for (const each of channels) converted.push(inGravities(each));
  return converted.slice();
}

/** A reading with its channel's name and unit; its time as above. Undefined when the channel was not announced. */
export function toReading(
  hello: HelloMessage,
  message: ReadingMessage,
  arrival: DeviceArrival,
): Reading | undefined {
  const channel = hello.channels[message.channel];
  if (channel === undefined) return undefined;
  return {
    deviceId: hello.deviceId,
    channel: channel.name,
    unit: channel.unit,
    timestampMs: message.timestampUs > 0 ? toTimeMs(message.timestampUs, arrival) : arrival.arrivedMs,
    value: message.value,
    arrivedMs: arrival.arrivedMs,
    arrivedMonotonicMs: arrival.arrivedMonotonicMs,
  };
}

function toTimeMs(timestampUs: number, { clockAheadMs = 0 }: DeviceArrival): number {
  return timestampUs / 1000 - clockAheadMs;
}

function computeDurationMs({ sampleRateHz }: DeviceChannel, samples: number): number {
  return sampleRateHz > 0 ? (samples / sampleRateHz) * 1000 : 0;
}

/** What a device's own model said of one window. */
export interface DeviceScore extends Pick<Arrival, "arrivedMonotonicMs"> {
  readonly deviceId: string;
  readonly channel: string;
  /** Of the channel; g where the device announced another unit of acceleration. */
  readonly unit: string;
  readonly sampleRateHz: number;
  readonly modelVersion: string;
  /** Of that model's image, in lower-case hex; left out: the device did not say. */
  readonly modelSha256?: string;
  /** The student's output, one uint8 a class. */
  readonly quantised: Uint8Array;
  /** What the student was given, one uint8 a feature; empty when the device did not say. */
  readonly inputs: Uint8Array;
  /** The window by the device's clock, or by its arrival. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly sampleCount: number;
  /** NaN when unknown. */
  readonly shaftRpm: number;
}

/** The score in `message`; undefined when its channel was not announced. */
export function toDeviceScore(
  hello: HelloMessage,
  message: ScoreMessage,
  arrival: DeviceArrival,
): DeviceScore | undefined {
  const announced = hello.channels[message.channel];
  if (announced === undefined) return undefined;
  const channel = inGravities(announced);
  const sampleCount = message.sampleCount ?? 0;
  const durationMs = computeDurationMs(channel, sampleCount);
  const fromMs =
    message.timestampUs > 0 ? toTimeMs(message.timestampUs, arrival) : arrival.arrivedMs - durationMs;
  return {
    deviceId: hello.deviceId,
    channel: channel.name,
    unit: channel.unit,
    sampleRateHz: channel.sampleRateHz,
    modelVersion: message.modelVersion,
    ...(hello.modelSha256 !== undefined && hello.modelVersion === message.modelVersion
      ? { modelSha256: Buffer.from(hello.modelSha256).toString("hex") }
      : {}),
    quantised: message.quantised,
    inputs: message.inputs ?? new Uint8Array(0),
    fromMs,
    toMs: fromMs + durationMs,
    sampleCount,
    shaftRpm: message.shaftRpm ?? Number.NaN,
    arrivedMonotonicMs: arrival.arrivedMonotonicMs,
  };
}
