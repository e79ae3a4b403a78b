import type { DeviceSessionOptions } from "../../firmware-bridge/session/device-session-options.ts";
import type { HelloMessage, ReadingMessage } from "../../src/core/contract/device/device-message.ts";
import { channels, type Heard, listen } from "./conversation.ts";
import { createManualTimers, type ManualTimers } from "./manual-timers.ts";
import { createScriptedLink, type ScriptedLink } from "./scripted-link.ts";

/** What the device says of itself. */
export const hello: HelloMessage = {
  type: "hello",
  protocolMajor: 1,
  protocolMinor: 0,
  deviceId: "device-1",
  firmware: "test 1.0",
  sessionId: 77,
  channels,
};

/** A reading of the device. */
export function reading(value: number, channel = 0): ReadingMessage {
  return { type: "reading", channel, timestampUs: 0, value };
}

/** A gateway's session whose device is played packet by packet. */
export interface ScriptedSession {
  readonly timers: ManualTimers;
  readonly device: ScriptedLink;
  readonly heard: Heard;
  /** Says hello with this number, and forgets what was answered. */
  establish(sequence?: number): void;
}

/** Opens one; the device is connected and has said nothing. */
export async function openScriptedSession(
  options: Partial<DeviceSessionOptions> = {},
): Promise<ScriptedSession> {
  const timers = createManualTimers();
  const device = createScriptedLink();
  const heard = listen(device.link, { timers, ...options });
  await heard.session.open();
  device.connect();
  const establish = (sequence = 0): void => {
    device.play(hello, sequence);
    device.takeSent();
  };
  return { timers, device, heard, establish };
}
