/** Checks what a hello announces, field by field; a hello of another major version is read no further than needed. */
import type { DeviceChannel, HelloMessage } from "../src/contract/device-message.ts";
import type { Result } from "../src/contract/result.ts";
import { failed, ok } from "../src/contract/result.ts";
import { idPattern } from "../src/contract/topics.ts";
import { protocolVersion } from "./protocol.ts";

const maxNameBytes = 64;
const maxUnitBytes = 32;

/** The hello in the decoded fields of the schema's message, or what is wrong with it. */
export function readHello(fields: Record<string, unknown>): Result<HelloMessage, string> {
  const {
    protocolMajor,
    protocolMinor,
    deviceId,
    firmware,
    sessionId,
    channels: announced,
  } = fields as unknown as HelloMessage;
  if (!idPattern.test(deviceId)) return failed(`Hello.device_id ${quote(deviceId)} is not an id`);
  const head = { type: "hello", protocolMajor, protocolMinor, deviceId, firmware, sessionId } as const;
  if (protocolMajor !== protocolVersion.major) return ok({ ...head, channels: [] });
  if (!fits(firmware, maxNameBytes)) return failed("Hello.firmware is longer than 64 bytes");
  const channels: DeviceChannel[] = [];
  const seen = new Set<string>();
  for (const item of announced) {
    const problem = checkChannel(item);
    if (problem !== undefined) return failed(`channel ${quote(item.name)}: ${problem}`);
    if (seen.has(item.name)) return failed(`channel ${quote(item.name)} is announced twice`);
    seen.add(item.name);
    const { name, unit, sampleRateHz, scale } = item;
    channels.push({ name, unit, sampleRateHz, scale });
  }
  return ok({ ...head, channels });
}

function checkChannel(channel: DeviceChannel): string | undefined {
  if (channel.name === "" || !fits(channel.name, maxNameBytes)) return "a name has 1 to 64 bytes";
  if (!fits(channel.unit, maxUnitBytes)) return "a unit has at most 32 bytes";
  if (!Number.isFinite(channel.sampleRateHz) || channel.sampleRateHz < 0)
    return `sample_rate_hz is ${channel.sampleRateHz}`;
  if (!Number.isFinite(channel.scale) || channel.scale <= 0) return `scale is ${channel.scale}, not above 0`;
  return undefined;
}

function fits(text: string, maxBytes: number): boolean {
  return Buffer.byteLength(text) <= maxBytes;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, maxNameBytes));
}
