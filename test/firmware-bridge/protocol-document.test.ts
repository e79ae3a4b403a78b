import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { computeCrc32 } from "../../firmware-bridge/framing/crc32.ts";
import {
  createFrameEncoder,
  maxFrameBytesOnWire,
  writeHeader,
} from "../../firmware-bridge/framing/frame-encoder.ts";
import { createFrameParser } from "../../firmware-bridge/framing/frame-parser.ts";
import { linkTiming } from "../../firmware-bridge/link-timing.ts";
import { decodeMessage, encodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import { createRawWindowDecoder } from "../../firmware-bridge/messages/raw-window-codec.ts";
import { computeModelMac } from "../../firmware-bridge/model/model-mac.ts";
import {
  headerBytes,
  maxSamplesPerFrame,
  packetFlags,
  packetTypes,
  sessionTrailerBytes,
} from "../../firmware-bridge/protocol.ts";
import { stallBoundMs } from "../../scripts/link/hostile-result.ts";
import type { DeviceMessage } from "../../src/core/contract/device/device-message.ts";

const document = readFileSync(new URL("../../firmware-bridge/PROTOCOL.md", import.meta.url), "utf8");
const goldenFolder = new URL("../golden/device/", import.meta.url);

/** One worked example, as the document and the golden files write it. */
interface Example {
  readonly message: DeviceMessage;
  readonly flags: number;
  readonly sequence: number;
  /** 0 without the flag "session". */
  readonly sessionId: number;
  readonly packet: Buffer;
  /** The packet as MQTT carries it. */
  readonly mqtt: Buffer;
  readonly crc: Buffer;
  readonly wire: Buffer;
}

function parseExample(text: string): Example {
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: +(.*)$`, "m").exec(text)?.[1];
    if (value === undefined) throw new Error(`an example without "${name}"`);
    return value;
  };
  const hex = (name: string): Buffer => {
    expect(field(name)).toMatch(/^[0-9a-f]{2}( [0-9a-f]{2})*$/);
    return Buffer.from(field(name).replaceAll(" ", ""), "hex");
  };
  const json = JSON.parse(field("message"));
  const isBound = (Number(field("flags")) & packetFlags.session) !== 0;
  // JSON knows neither typed arrays nor NaN.
  if (json.counts) json.counts = Int16Array.from(json.counts);
  for (const name of ["quantised", "inputs", "sha256", "mac", "modelSha256", "outputs", "data"])
    if (json[name]) json[name] = Uint8Array.from(json[name]);
  if (json.shaftRpm === null) json.shaftRpm = Number.NaN;
  return {
    message: json,
    flags: Number(field("flags")),
    sequence: Number(field("sequence")),
    sessionId: isBound ? Number(field("session")) : 0,
    packet: hex("packet"),
    mqtt: hex(isBound ? "mqtt" : "packet"),
    crc: hex("crc"),
    wire: hex("wire"),
  };
}

const inDocument = [...document.matchAll(/^### (\S+)\n[\s\S]*?```example\n([\s\S]*?)```/gm)].map(
  ([, name, text]) => [name!, text!] as const,
);
const golden = readdirSync(goldenFolder).map(
  (file) => [file.replace(".hex", ""), readFileSync(new URL(file, goldenFolder), "utf8")] as const,
);

test("the document's examples are the golden files, and every message has one", () => {
  const files = new Map(golden);
  expect(inDocument.length).toBeGreaterThan(8);
  for (const [name, text] of inDocument) expect(text, name).toBe(files.get(name));
  const types = new Set(inDocument.map(([, text]) => parseExample(text).message.type));
  const known = Object.keys(packetTypes).map((name) =>
    name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`),
  );
  expect([...types].sort()).toEqual(known.sort());
});

describe.each([...inDocument.map(([name, text]) => [`document: ${name}`, text] as const), ...golden])(
  "%s",
  (_name, text) => {
    const example = parseExample(text);

    test("is what the code sends", () => {
      const encoder = createFrameEncoder();
      encoder.sessionId = example.sessionId;
      const length = encodeMessage(example.message, encoder.payload);
      const type = packetTypeOf(example.message.type);
      const packet = Buffer.alloc(headerBytes + length);
      writeHeader(packet, type, example.flags, example.sequence);
      packet.set(encoder.payload.subarray(0, length), headerBytes);
      expect(packet.toString("hex")).toBe(example.packet.toString("hex"));
      const out = Buffer.alloc(maxFrameBytesOnWire);
      const end = encoder.encode(type, example.flags, example.sequence, length, out, 0);
      expect(out.toString("hex", 0, end)).toBe(example.wire.toString("hex"));
    });

    test("is understood by the code", () => {
      const heard: unknown[] = [];
      const parser = createFrameParser(({ version, type, flags, sequence, bytes, start, end }) => {
        expect(bytes.subarray(start - headerBytes, end).toString()).toBe(example.packet.toString());
        const message =
          type === packetTypes.rawWindow
            ? createRawWindowDecoder(maxSamplesPerFrame).decode(bytes, start, end)
            : decodeMessage(type, bytes.subarray(start, end));
        heard.push({
          version,
          flags,
          sequence,
          message: message && "ok" in message ? (message.ok ? message.value : message.error) : message,
        });
      });
      parser.bind(example.sessionId);
      parser.push(Uint8Array.from(example.wire));
      const { message, flags, sequence } = example;
      expect(heard).toEqual([{ version: 1, flags, sequence, message }]);
      expect(parser.counters).toMatchObject({ frames: 1, badFrames: 0, discardedBytes: 0 });
    });

    test("is another session's bad frame, if it is bound to one", () => {
      const heard: number[] = [];
      const parser = createFrameParser(({ type }) => heard.push(type));
      parser.push(Uint8Array.from(example.wire));
      parser.bind((example.sessionId ^ 1) >>> 0);
      parser.push(Uint8Array.from(example.wire));
      expect(heard).toHaveLength(example.sessionId === 0 ? 2 : 0);
      expect(parser.counters.badFrames).toBe(example.sessionId === 0 ? 0 : 2);
    });

    test("travels over MQTT with its session behind it", () => {
      const trailer = Buffer.alloc(example.sessionId === 0 ? 0 : sessionTrailerBytes);
      if (example.sessionId !== 0) trailer.writeUInt32LE(example.sessionId);
      expect(example.mqtt.toString("hex")).toBe(Buffer.concat([example.packet, trailer]).toString("hex"));
    });

    test("shows the packet's CRC", () => {
      expect(example.crc.readUInt32LE()).toBe(computeCrc32(example.packet, 0, example.packet.length));
    });
  },
);

test("the document's table of packet types is the code's", () => {
  const kebab = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
  const rows = [...document.matchAll(/\| (\d+) \| ([A-Z][A-Za-z]+) (?=\| (?:both|device|gateway))/g)];
  expect(Object.fromEntries(rows.map(([, number, name]) => [kebab(name!), Number(number)]))).toEqual(
    packetTypes,
  );
});

const waits = [
  ...document.matchAll(/^\| `([A-Za-z]+)` \| ([\d,]+) \| (?:`([A-Z_]+)`(?:, ([\d,]+))? )?\| /gm),
].map(([, name, value, constant, otherValue]) => ({
  name: name!,
  value: toNumber(value!),
  constant,
  inFirmware: toNumber(otherValue ?? value!),
}));

function toNumber(text: string): number {
  return Number(text.replaceAll(",", ""));
}

test("the document's table of waits is the code's, in TypeScript and in C", () => {
  expect(Object.fromEntries(waits.map(({ name, value }) => [name, value]))).toEqual(linkTiming);
  const folder = new URL("../../firmware-bridge/mcu/", import.meta.url);
  const sources = readdirSync(folder)
    // The template is for whoever ports it: its waits are the board's.
    .filter((file) => /\.[ch]$/.test(file) && file !== "board_template.c")
    .map((file) => readFileSync(new URL(file, folder), "utf8"));
  const inFirmware = sources.flatMap((text) => [...text.matchAll(/^#define ([A-Z_]+_MS) (\d+)U\b/gm)]);
  // Every wait of the firmware stands in the table, under its name there.
  expect(new Map(inFirmware.map(([, name, value]) => [name!, Number(value)]))).toEqual(
    new Map(waits.flatMap(({ constant, inFirmware: value }) => (constant ? [[constant, value]] : []))),
  );
  // And where both ends have one, the firmware's is the same, or the stricter.
  for (const { value, constant, inFirmware: own } of waits)
    if (constant) expect(own).toBeLessThanOrEqual(value);
});

test("the document's bounds on a stream's standing still are the tests', and sums of its waits", () => {
  const bounds = [...document.matchAll(/^\| [^`|]+ \| ([\d,]+) ms \| /gm)].map(([, value]) =>
    toNumber(value!),
  );
  const { helloMaxMs, streamAckMs } = linkTiming;
  expect(bounds).toEqual([helloMaxMs + streamAckMs, stallBoundMs]);
  const hostile = readFileSync(
    new URL("../../firmware-bridge/mcu/host/hostile_link.c", import.meta.url),
    "utf8",
  );
  expect(hostile).toContain("#define STALL_BOUND_MS (HELLO_LAST_WAIT_MS + ACK_TIMEOUT_MS)\n");
});

test("the document's worked example of a MAC is one", () => {
  const begin = parseExample(new Map(golden).get("model-begin")!).message;
  const chunk = parseExample(new Map(golden).get("model-chunk")!).message;
  if (begin.type !== "model-begin" || chunk.type !== "model-chunk") throw new Error("other examples");
  const digest = createHash("sha256").update(chunk.data).digest();
  expect(digest.toString("hex")).toBe(Buffer.from(begin.sha256).toString("hex"));
  expect(begin.transferId).not.toBe(0);
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  expect(Buffer.from(computeModelMac(key, begin)).toString("hex")).toBe(
    Buffer.from(begin.mac).toString("hex"),
  );
});
