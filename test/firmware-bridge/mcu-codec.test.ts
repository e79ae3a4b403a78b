import { spawnSync } from "node:child_process";
import fc from "fast-check";
import protobuf from "protobufjs";
import { afterAll, describe, expect, test } from "vitest";
import { deviceMessageType } from "../../firmware-bridge/messages/device-schema.ts";
import { decodeMessage, encodeMessage, packetTypeOf } from "../../firmware-bridge/messages/message-codec.ts";
import { createRawWindowDecoder } from "../../firmware-bridge/messages/raw-window-codec.ts";
import { packetFlags } from "../../firmware-bridge/protocol.ts";
import type { DeviceMessage } from "../../src/core/contract/device/device-message.ts";
import { anyMessage } from "./any-message.ts";
import { createMcuWorkshop, hasCompiler } from "./mcu-host.ts";
import { publishedBy, withLength } from "./mqtt-message.ts";

/** A field as the C side is told it (`n1=5`), and as it reads it (`1=5`; undefined: not one of those that it reads). */
interface FieldWords {
  readonly id: number;
  readonly write: string;
  readonly read: string | undefined;
}

const typeName = (type: DeviceMessage["type"]): Parameters<typeof deviceMessageType>[0] =>
  type.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()) as never;

function float32Bits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value, true);
  return view.getUint32(0, true);
}

/** The fields of a payload by the schema; `nested` gives the bytes of a message within it. */
function wordsOf(
  reflected: protobuf.Type,
  payload: Uint8Array,
  nested: (bytes: string) => string,
): FieldWords[] {
  const values = reflected.toObject(reflected.decode(payload), { longs: String });
  return reflected.fieldsArray.flatMap((field): FieldWords[] => {
    const { id, type } = field.resolve();
    const value = values[field.name];
    if (value === undefined) return [];
    const hexWord = (letter: string, bytes: Uint8Array): FieldWords => {
      const hex = Buffer.from(bytes).toString("hex");
      return { id, write: `${letter}${id}=${hex}`, read: hex === "" ? undefined : `${id}=${hex}` };
    };
    const numberWord = (letter: string, number: bigint): FieldWords => {
      const low = number & 0xffff_ffffn;
      return { id, write: `${letter}${id}=${number}`, read: low === 0n ? undefined : `${id}=${low}` };
    };
    switch (type) {
      case "float":
        return [numberWord("f", BigInt(float32Bits(value)))];
      case "fixed32":
        return [numberWord("f", BigInt(value))];
      case "double": {
        const bytes = Buffer.alloc(8);
        bytes.writeDoubleLE(value);
        // Eight bytes are skipped.
        return [{ ...hexWord("d", bytes), read: undefined }];
      }
      case "string":
        return [hexWord("t", Buffer.from(value))];
      case "bytes":
        return [hexWord("b", value)];
      case "Channel": {
        const inner = field.resolvedType;
        if (!(inner instanceof protobuf.Type)) throw new Error("a channel is a message");
        return value.map((each: object) => {
          return hexWord(
            "b",
            Buffer.from(nested(Buffer.from(inner.encode(each).finish()).toString("hex")), "hex"),
          );
        });
      }
      default:
        return [numberWord("n", BigInt(value))];
    }
  });
}

describe.skipIf(!hasCompiler)("the codecs in C and TypeScript (need a C compiler)", () => {
  const workshop = createMcuWorkshop();
  afterAll(() => workshop.close());

  test("write the same bytes for any message, and read from them what was meant", () => {
    const tool = workshop.build("link-tool");
    const ask = (lines: readonly string[]): string[] => {
      const run = spawnSync(tool, { input: `${lines.join("\n")}\n`, encoding: "utf8", maxBuffer: 2 ** 28 });
      expect(run.status, run.stderr).toBe(0);
      return run.stdout.split("\n").slice(0, -1);
    };
    const messages = fc.sample(anyMessage, { numRuns: 1_400, seed: 11 });
    const out = new Uint8Array(65_536);
    const payloads = messages.map((message) => out.slice(0, encodeMessage(message, out)));

    // Channels are messages of their own: first those, then what they stand in.
    const channelType = deviceMessageType("Hello").lookupType("Channel");
    const channels = new Map<string, string>();
    for (const [index, message] of messages.entries())
      if (message.type === "hello")
        wordsOf(deviceMessageType("Hello"), payloads[index]!, (hex) => {
          const words = wordsOf(channelType, Buffer.from(hex, "hex"), () => "");
          channels.set(hex, `encode ${words.map(({ write }) => write).join(" ")}`);
          return hex;
        });
    const written = ask([...channels.values()]);
    for (const [index, hex] of [...channels.keys()].entries()) {
      expect(written[index]).toBe(hex);
      channels.set(hex, written[index]!);
    }

    const words = messages.map(({ type }, index) =>
      wordsOf(deviceMessageType(typeName(type)), payloads[index]!, (hex) => channels.get(hex)!),
    );
    const answers = ask([
      ...words.map((fields) => `encode ${fields.map(({ write }) => write).join(" ")}`),
      ...payloads.map((payload) => `fields ${Buffer.from(payload).toString("hex")}`),
    ]);
    const rawWindows = createRawWindowDecoder(496);
    for (const [index, message] of messages.entries()) {
      const fromC = Buffer.from(answers[index]!, "hex");
      expect(fromC.equals(payloads[index]!), JSON.stringify(message)).toBe(true);
      if (message.type === "raw-window") {
        expect(rawWindows.decode(fromC, 0, fromC.length)).toEqual(message);
      } else {
        expect(decodeMessage(packetTypeOf(message.type), fromC)).toEqual({
          ok: true,
          value: message,
        });
      }
      // The device reads the numbers 1 to 8; of a repeated field the last counts.
      const read = new Map(words[index]!.flatMap(({ id, read: word }) => (id < 9 ? [[id, word]] : [])));
      expect(answers[messages.length + index]!.trim().split(" ").join(" ")).toBe(
        [...read.values()].filter((word) => word !== undefined).join(" "),
      );
    }
    const types = new Set(messages.map(({ type }) => type));
    expect(types.size).toBe(14);
  });

  test("packets without frames are the gateway's MQTT messages, byte by byte, and none of another session is taken", () => {
    const session = 0xc0ff_ee01;
    const lines = [`session ${Buffer.from([1, 0xee, 0xff, 0xc0]).toString("hex")}`];
    const expected = [`${session}`];
    let bad = 0;
    let discarded = 0;
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 246 }),
        fc.constantFrom(0, packetFlags.acknowledge, packetFlags.session, packetFlags.session + 1),
        fc.integer({ min: 0, max: 0xffff }),
        fc.nat(),
        (payload, flags, sequence, other) => {
          const message = publishedBy(session, flags, sequence, payload);
          const isBound = (flags & packetFlags.session) !== 0;
          const packet = message.subarray(0, message.length - (isBound ? 4 : 0)).toString("hex");
          lines.push(`packet ${packet}`, `wire ${withLength(message)}`);
          expected.push(withLength(message), `${packet} ${bad} ${discarded}`);
          const strange = isBound
            ? publishedBy((session ^ (1 + (other % 0xffff))) >>> 0, flags, sequence, payload)
            : message.subarray(0, other % 4);
          bad++;
          discarded += strange.length;
          lines.push(`wire ${withLength(strange)}`);
          expected.push(`${bad} ${discarded}`);
        },
      ),
      { numRuns: 500, seed: 3 },
    );
    // Longer than there is memory for: thrown away, and the next one is taken.
    const long = new Uint8Array(60_000).fill(0x26);
    lines.push(`wire ${withLength(long)}`, `wire ${withLength(Uint8Array.of(0x26, 0, 1, 0))}`);
    expected.push(`${bad + 1} ${discarded + 60_000}`, `26000100 ${bad + 1} ${discarded + 60_000}`);
    const run = spawnSync(workshop.build("message-tool"), {
      input: `${lines.join("\n")}\n`,
      encoding: "utf8",
    });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout.split("\n").slice(0, -1)).toEqual(expected);
  });
});
