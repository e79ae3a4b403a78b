/**
 * Device messages ↔ protobuf payloads. RawWindow goes through its hand-written codec; the others are rare and go
 * through protobufjs. What arrives is checked against the limits of PROTOCOL.md: a bad message is a value.
 */
import { AuroraError } from "../src/contract/aurora-error.ts";
import type { DeviceMessage, RawWindowMessage } from "../src/contract/device-message.ts";
import type { Result } from "../src/contract/result.ts";
import { failed, ok } from "../src/contract/result.ts";
import { type DeviceMessageName, deviceMessageType } from "./device-schema.ts";
import { readHello } from "./hello-codec.ts";
import { packetTypes } from "./protocol.ts";
import { encodeRawWindow } from "./raw-window-codec.ts";

/** Every message but the raw window, which has its own codec. */
export type RareMessage = Exclude<DeviceMessage, RawWindowMessage>;

const names: Readonly<Record<RareMessage["type"], DeviceMessageName>> = {
  hello: "Hello",
  reading: "Reading",
  score: "Score",
  health: "Health",
  config: "Config",
  ack: "Ack",
  nack: "Nack",
};
const messageByPacketType = new Map<number, RareMessage["type"]>([
  [packetTypes.hello, "hello"],
  [packetTypes.reading, "reading"],
  [packetTypes.score, "score"],
  [packetTypes.health, "health"],
  [packetTypes.config, "config"],
  [packetTypes.ack, "ack"],
  [packetTypes.nack, "nack"],
]);
/** Wire values of the modes, by index. */
const modes = [undefined, "raw", "edge", "both"] as const;
const maxReasonBytes = 200;

/** The packet type of a message. */
export function packetTypeOf(type: DeviceMessage["type"]): number {
  return type === "raw-window" ? packetTypes.rawWindow : packetTypes[type];
}

/**
 * Decodes the payload `bytes[start, end)` of a packet; undefined for a type that this version does not know. The
 * result owns its memory. The error says what is wrong.
 */
export function decodeMessage(
  packetType: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): Result<RareMessage, string> | undefined {
  const type = messageByPacketType.get(packetType);
  if (type === undefined) return undefined;
  const name = names[type];
  try {
    const reflected = deviceMessageType(name);
    // A copy, and no Buffer: protobufjs' bytes fields are views on their input, and the caller's is used again.
    const decoded = reflected.decode(Uint8Array.from(bytes.subarray(start, end)));
    return readMessage(type, reflected.toObject(decoded, { longs: Number, defaults: true, arrays: true }));
  } catch (error) {
    return failed(`${name} is not valid protobuf: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Writes a message's payload at the start of `out`, returns its length in bytes. Throws WIRE_FORMAT when it does
 * not fit (a hello with too many channels, an oversized score).
 */
export function encodeMessage(message: DeviceMessage, out: Uint8Array): number {
  if (message.type === "raw-window") {
    const { channel, firstSample, timestampUs, shaftRpm, counts } = message;
    return encodeRawWindow(out, channel, firstSample, timestampUs, shaftRpm, counts, 0, counts.length);
  }
  const payload = deviceMessageType(names[message.type]).encode(toWire(message)).finish();
  if (payload.length > out.length) {
    throw new AuroraError("WIRE_FORMAT", `a ${message.type} of ${payload.length} bytes is too large`, {
      op: "encode device message",
      subject: message.type,
      hint: `${out.length} bytes fit into one packet here: announce fewer channels, shorten names, or use MQTT`,
    });
  }
  out.set(payload);
  return payload.length;
}

function toWire(message: RareMessage): Record<string, unknown> {
  switch (message.type) {
    case "config":
      return { mode: modes.indexOf(message.mode), sessionId: message.sessionId };
    case "nack":
      return { sequence: message.sequence, reason: message.reason.slice(0, maxReasonBytes) };
    case "hello":
      return { ...message, channels: message.channels.map((channel) => ({ ...channel })) };
    default:
      return { ...message };
  }
}

function readMessage(
  type: RareMessage["type"],
  fields: Record<string, unknown>,
): Result<RareMessage, string> {
  switch (type) {
    case "hello":
      return readHello(fields);
    case "reading": {
      const { channel, timestampUs, value } = fields as {
        channel: number;
        timestampUs: number;
        value: number;
      };
      return checkTime(timestampUs) ?? ok({ type, channel, timestampUs, value });
    }
    case "score": {
      const { channel, timestampUs, modelVersion, quantised } = fields as {
        channel: number;
        timestampUs: number;
        modelVersion: string;
        quantised: Uint8Array;
      };
      if (quantised.length === 0) return failed("Score.quantised is empty");
      return checkTime(timestampUs) ?? ok({ type, channel, timestampUs, modelVersion, quantised });
    }
    case "health": {
      const { uptimeMs, droppedSamples, discardedBytes, badFrames } = fields as Record<string, number>;
      return ok({
        type,
        uptimeMs: uptimeMs!,
        droppedSamples: droppedSamples!,
        discardedBytes: discardedBytes!,
        badFrames: badFrames!,
      });
    }
    case "config": {
      const mode = modes[fields.mode as number];
      if (mode === undefined) return failed(`Config.mode is ${String(fields.mode)}, not 1 to 3`);
      return ok({ type, mode, sessionId: fields.sessionId as number });
    }
    case "ack":
      return checkSequence(fields.sequence) ?? ok({ type, sequence: fields.sequence as number });
    case "nack":
      return (
        checkSequence(fields.sequence) ??
        ok({ type, sequence: fields.sequence as number, reason: fields.reason as string })
      );
  }
}

function checkTime(timestampUs: number): Result<never, string> | undefined {
  return Number.isSafeInteger(timestampUs) ? undefined : failed(`timestamp_us ${timestampUs} is beyond 2^53`);
}

function checkSequence(sequence: unknown): Result<never, string> | undefined {
  return (sequence as number) <= 0xffff
    ? undefined
    : failed(`sequence ${String(sequence)} is beyond 16 bits`);
}
