/** How a device introduces itself that has one channel, and what its link has counted when nothing went wrong. */
import type { DeviceChannel, HelloMessage } from "../../../src/core/contract/device/device-message.ts";

export const accelerometer: DeviceChannel = {
  name: "accel-de",
  unit: "g",
  sampleRateHz: 12_000,
  scale: 0.0005,
};

/** Its hello, with what is said otherwise. */
export function createHello(change: Partial<HelloMessage> = {}): HelloMessage {
  return {
    type: "hello",
    protocolMajor: 1,
    protocolMinor: 1,
    deviceId: "mcu-1",
    firmware: "by hand",
    sessionId: 7,
    channels: [accelerometer],
    ...change,
  };
}

export const stillLink = {
  bytes: 0,
  frames: 0,
  badFrames: 0,
  unboundFrames: 0,
  unflaggedFrames: 0,
  malformedMessages: 0,
  lastMalformed: "",
  duplicates: 0,
  lateFrames: 0,
  lostFrames: 0,
  hellos: 0,
} as const;
