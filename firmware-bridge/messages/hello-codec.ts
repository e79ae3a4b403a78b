/** Checks what a hello announces, field by field; a hello of another major version is read no further than needed. */
import type { DeviceChannel, HelloMessage } from "../../src/core/contract/device/device-message.ts";
import { failed, ok, type Result } from "../../src/core/contract/result.ts";
import type { Reused } from "../../src/core/contract/stream.ts";
import { idPattern } from "../../src/core/contract/topics.ts";
import { minPayloadBytes, protocolVersion } from "../protocol.ts";
import type { WireFields } from "./device-schema.ts";

const maxNameBytes = 64;
const maxUnitBytes = 32;
const maxModelBytes = 63;

/** The hello in the decoded fields of the schema's message, or what is wrong with it. */
export function readHello(fields: WireFields["hello"]): Result<HelloMessage, string> {
  const {
    protocolMajor,
    protocolMinor,
    deviceId,
    firmware,
    sessionId,
    channels: announced,
    modelVersion,
    modelSha256,
    securityCounter,
    maxPayloadBytes,
  } = fields;
  if (!idPattern.test(deviceId)) return failed(`Hello.device_id ${quote(deviceId)} is not an id`);
  const channels: DeviceChannel[] = [];
  const hello: Reused<HelloMessage> = {
    type: "hello",
    protocolMajor,
    protocolMinor,
    deviceId,
    firmware,
    sessionId,
    channels,
  };
  if (protocolMajor !== protocolVersion.major) return ok(hello);
  if (!fits(firmware, maxNameBytes)) return failed("Hello.firmware is longer than 64 bytes");
  // Since 1.1 packets are bound to it, and 0 binds none.
  if (sessionId === 0 && protocolMinor >= 1)
    return failed("Hello.session_id is 0: every boot draws another number above it");
  const seen = new Set<string>();
  for (const item of announced) {
    const problem = checkChannel(item);
    if (problem !== undefined) return failed(`channel ${quote(item.name)}: ${problem}`);
    if (seen.has(item.name)) return failed(`channel ${quote(item.name)} is announced twice`);
    seen.add(item.name);
    const { name, unit, sampleRateHz, scale } = item;
    channels.push({ name, unit, sampleRateHz, scale });
  }
  if (!fits(modelVersion, maxModelBytes)) return failed("Hello.model_version is longer than 63 bytes");
  if (modelSha256.length > 0 && modelSha256.length !== 32)
    return failed(`Hello.model_sha256 has ${modelSha256.length} bytes, not 32`);
  if (maxPayloadBytes > 0 && maxPayloadBytes < minPayloadBytes)
    return failed(`Hello.max_payload_bytes is ${maxPayloadBytes}, below ${minPayloadBytes}`);
  // No spreads: every message is read by its device's hello, and hellos of one shape are compiled for once.
  if (modelVersion !== "") hello.modelVersion = modelVersion;
  if (modelSha256.length > 0) hello.modelSha256 = modelSha256;
  if (securityCounter !== 0) hello.securityCounter = securityCounter;
  if (maxPayloadBytes !== 0) hello.maxPayloadBytes = maxPayloadBytes;
  return ok(hello);
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
