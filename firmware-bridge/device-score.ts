/** A device's score with names of its hello and epoch milliseconds: what a gateway that trusts the device takes in. */
import type { HelloMessage, ScoreMessage } from "../src/core/contract/device/device-message.ts";
import type { Arrival } from "../src/core/contract/stream.ts";

/** What a device's own model said of one window. */
export interface DeviceScore extends Pick<Arrival, "arrivedMonotonicMs"> {
  readonly deviceId: string;
  readonly channel: string;
  /** Of the channel, as the device announced it. */
  readonly unit: string;
  readonly sampleRateHz: number;
  readonly modelVersion: string;
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
  arrival: Arrival,
): DeviceScore | undefined {
  const channel = hello.channels[message.channel];
  if (channel === undefined) return undefined;
  const sampleCount = message.sampleCount ?? 0;
  const durationMs = channel.sampleRateHz > 0 ? (sampleCount / channel.sampleRateHz) * 1000 : 0;
  const fromMs = message.timestampUs > 0 ? message.timestampUs / 1000 : arrival.arrivedMs - durationMs;
  return {
    deviceId: hello.deviceId,
    channel: channel.name,
    unit: channel.unit,
    sampleRateHz: channel.sampleRateHz,
    modelVersion: message.modelVersion,
    quantised: message.quantised,
    inputs: message.inputs ?? new Uint8Array(0),
    fromMs,
    toMs: fromMs + durationMs,
    sampleCount,
    shaftRpm: message.shaftRpm ?? Number.NaN,
    arrivedMonotonicMs: arrival.arrivedMonotonicMs,
  };
}
