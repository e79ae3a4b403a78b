/**
 * Device messages ↔ protobuf payloads. RawWindow goes through its hand-written codec; the others are rare and go
 * through protobufjs. What arrives is checked against the limits of PROTOCOL.md: a bad message is a value.
 */
import { AuroraError } from "../../src/core/contract/aurora-error.ts";
import type {
  DeviceHealthMessage,
  DeviceMessage,
  RawWindowMessage,
} from "../../src/core/contract/device/device-message.ts";
import { failed, ok, type Result } from "../../src/core/contract/result.ts";
import { packetTypes } from "../protocol.ts";
import {
  type DecodedFields,
  type DeviceMessageName,
  deviceMessageType,
  type WireFields,
} from "./device-schema.ts";
import { readHello } from "./hello-codec.ts";
import { encodeRawWindow } from "./raw-window-codec.ts";
import { modelOutcomes, modelStates, readModelMessage } from "./read-model-message.ts";

/** Every message but the raw window, which has its own codec. */
export type RareMessage = Exclude<DeviceMessage, RawWindowMessage>;

/** Of every message its name in the schema and its packet type. */
const forms: Readonly<Record<DeviceMessage["type"], readonly [DeviceMessageName, number]>> = {
  hello: ["Hello", packetTypes.hello],
  "raw-window": ["RawWindow", packetTypes.rawWindow],
  reading: ["Reading", packetTypes.reading],
  score: ["Score", packetTypes.score],
  health: ["Health", packetTypes.health],
  config: ["Config", packetTypes.config],
  ack: ["Ack", packetTypes.ack],
  nack: ["Nack", packetTypes.nack],
  "model-begin": ["ModelBegin", packetTypes.modelBegin],
  "model-chunk": ["ModelChunk", packetTypes.modelChunk],
  "model-commit": ["ModelCommit", packetTypes.modelCommit],
  "model-confirm": ["ModelConfirm", packetTypes.modelConfirm],
  "model-status": ["ModelStatus", packetTypes.modelStatus],
  "model-probe": ["ModelProbe", packetTypes.modelProbe],
};
const messageByPacketType = new Map(
  (Object.keys(forms) as DeviceMessage["type"][])
    .filter((type): type is RareMessage["type"] => type !== "raw-window")
    .map((type) => [forms[type][1], type] as const),
);
/** Wire values of the modes, by index. */
const modes = [undefined, "raw", "edge", "both"] as const;
const maxReasonBytes = 200;

/** The packet type of a message. */
export function packetTypeOf(type: DeviceMessage["type"]): number {
  return forms[type][1];
}

/**
 * Decodes the payload of a packet; undefined for a type that this version does not know. The result owns its memory. The
 * error says what is wrong.
 */
export function decodeMessage(
  packetType: number,
  payload: Uint8Array,
): Result<RareMessage, string> | undefined {
  const type = messageByPacketType.get(packetType);
  if (type === undefined) return undefined;
  const [name] = forms[type];
  const reflected = deviceMessageType(name);
  let fields: Record<string, unknown>;
  try {
    // A copy, and no Buffer: protobufjs' bytes fields are views on their input, and the caller's is used again.
    const decoded = reflected.decode(Uint8Array.from(payload));
    fields = reflected.toObject(decoded, { longs: Number, defaults: true, arrays: true });
  } catch (error) {
    return failed(`${name} is not valid protobuf: ${error instanceof Error ? error.message : String(error)}`);
  }
  // The library's type for them is anything at all: device.proto, by which they were decoded, states these.
  return readMessage({ type, fields } as unknown as DecodedFields);
}

/**
 * Writes a message's payload at the start of `out`, returns its length in bytes. Throws WIRE_FORMAT when it does
 * not fit (a hello with too many channels, an oversized score).
 */
export function encodeMessage(message: DeviceMessage, out: Uint8Array): number {
  if (message.type === "raw-window") {
    return encodeRawWindow(out, message);
  }
  const payload = deviceMessageType(forms[message.type][0]).encode(toWire(message)).finish();
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
      return { ...message, ...message.bearing, mode: modes.indexOf(message.mode) };
    case "model-status":
      return { ...message, state: modelStates.indexOf(message.state) };
    case "model-confirm":
      return { ...message, outcome: modelOutcomes.indexOf(message.outcome) };
    case "nack":
      return { sequence: message.sequence, reason: message.reason.slice(0, maxReasonBytes) };
    case "hello":
      return { ...message, channels: message.channels.map((channel) => ({ ...channel })) };
    default:
      return { ...message };
  }
}

function readMessage(decoded: DecodedFields): Result<RareMessage, string> {
  switch (decoded.type) {
    case "hello":
      return readHello(decoded.fields);
    case "reading": {
      const { channel, timestampUs, value } = decoded.fields;
      return checkTime(timestampUs) ?? ok({ type: "reading", channel, timestampUs, value });
    }
    case "score":
      return readScore(decoded.fields);
    case "health":
      return ok(readHealth(decoded.fields));
    case "config":
      return readConfig(decoded.fields);
    case "ack": {
      const { sequence, room } = decoded.fields;
      return checkSequence(sequence) ?? ok({ type: "ack", sequence, ...(room > 0 ? { room } : {}) });
    }
    case "nack": {
      const { sequence, reason } = decoded.fields;
      return checkSequence(sequence) ?? ok({ type: "nack", sequence, reason });
    }
    default:
      return readModelMessage(decoded);
  }
}

function readConfig(fields: WireFields["config"]): Result<RareMessage, string> {
  const { sessionId, rawSamples, alarmRawSamples, bpfo, bpfi, bsf, ftf } = fields;
  const mode = modes[fields.mode];
  if (mode === undefined) return failed(`Config.mode is ${fields.mode}, not 1 to 3`);
  return ok({
    type: "config",
    mode,
    sessionId,
    ...(rawSamples > 0 ? { rawSamples } : {}),
    ...(alarmRawSamples > 0 ? { alarmRawSamples } : {}),
    ...(bpfo > 0 ? { bearing: { bpfo, bpfi, bsf, ftf } } : {}),
  });
}

function readHealth(fields: WireFields["health"]): DeviceHealthMessage {
  const { uptimeMs, droppedSamples, discardedBytes, badFrames } = fields;
  const newer = ["refusedPackets", "lostPackets", "scores", "abandonedWindows"] as const;
  return {
    type: "health",
    uptimeMs,
    droppedSamples,
    discardedBytes,
    badFrames,
    ...Object.fromEntries(newer.filter((name) => fields[name] > 0).map((name) => [name, fields[name]])),
  };
}

function readScore(fields: WireFields["score"]): Result<RareMessage, string> {
  const { channel, timestampUs, modelVersion, quantised, firstSample, sampleCount, shaftRpm, inputs } =
    fields;
  if (quantised.length === 0) return failed("Score.quantised is empty");
  if (!Number.isSafeInteger(firstSample)) return failed(`Score.first_sample ${firstSample} is beyond 2^53`);
  return (
    checkTime(timestampUs) ??
    ok({
      type: "score",
      channel,
      timestampUs,
      modelVersion,
      quantised,
      ...(sampleCount > 0 ? { firstSample, sampleCount } : {}),
      ...(shaftRpm > 0 ? { shaftRpm } : {}),
      ...(inputs.length > 0 ? { inputs } : {}),
    })
  );
}

function checkTime(timestampUs: number): Result<never, string> | undefined {
  return Number.isSafeInteger(timestampUs) ? undefined : failed(`timestamp_us ${timestampUs} is beyond 2^53`);
}

function checkSequence(sequence: number): Result<never, string> | undefined {
  return sequence <= 0xffff ? undefined : failed(`sequence ${sequence} is beyond 16 bits`);
}
