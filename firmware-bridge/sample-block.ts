/** Device messages → what the ingest room takes in, with names and units of the hello and epoch milliseconds. */
import type {
  DeviceChannel,
  HelloMessage,
  RawWindowMessage,
  ReadingMessage,
} from "../src/core/contract/device/device-message.ts";
import type { Arrival, Reading, SampleBlock } from "../src/core/contract/stream.ts";

/**
 * A raw window as a sample block. Its time is the device's, or else that of its arrival less the window's duration. The counts stay the message's: valid only during the call. Undefined when the channel was
 * not announced.
 */
export function toSampleBlock(
  hello: HelloMessage,
  message: RawWindowMessage,
  arrival: Arrival,
): SampleBlock | undefined {
  const channel = hello.channels[message.channel];
  if (channel === undefined) return undefined;
  return {
    deviceId: hello.deviceId,
    channel: channel.name,
    unit: channel.unit,
    timestampMs:
      message.timestampUs > 0
        ? message.timestampUs / 1000
        : arrival.arrivedMs - computeDurationMs(channel, message),
    firstSample: message.firstSample,
    sampleRateHz: channel.sampleRateHz,
    scale: channel.scale,
    shaftRpm: message.shaftRpm,
    counts: message.counts,
    arrivedMonotonicMs: arrival.arrivedMonotonicMs,
  };
}

/** A reading with its channel's name and unit; its time as above. Undefined when the channel was not announced. */
export function toReading(
  hello: HelloMessage,
  message: ReadingMessage,
  arrival: Arrival,
): Reading | undefined {
  const channel = hello.channels[message.channel];
  if (channel === undefined) return undefined;
  return {
    deviceId: hello.deviceId,
    channel: channel.name,
    unit: channel.unit,
    timestampMs: message.timestampUs > 0 ? message.timestampUs / 1000 : arrival.arrivedMs,
    value: message.value,
    ...arrival,
  };
}

function computeDurationMs(channel: DeviceChannel, message: RawWindowMessage): number {
  return channel.sampleRateHz > 0 ? (message.counts.length / channel.sampleRateHz) * 1000 : 0;
}
