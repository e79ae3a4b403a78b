import { beforeEach, describe, expect, test } from "vitest";
import { packetFlags, packetTypes } from "../../../firmware-bridge/protocol.ts";
import { defaultDeviceSessionLimits } from "../../../firmware-bridge/session/device-session-options.ts";
import { channels } from "../conversation.ts";
import { hello, openScriptedSession, reading, type ScriptedSession } from "../scripted-session.ts";

let timers: ScriptedSession["timers"];
let device: ScriptedSession["device"];
let heard: ScriptedSession["heard"];
let establish: ScriptedSession["establish"];

beforeEach(async () => {
  ({ timers, device, heard, establish } = await openScriptedSession());
});

describe("a device of version 1.1", () => {
  const newer = { ...hello, protocolMinor: 1 };

  test("is spoken to in packets that are bound to its session, one of 1.0 is not", () => {
    device.takeSent();
    device.play(newer, 0);
    device.play(reading(1), 1, packetFlags.session);
    timers.advance(60);
    const bound = device.takeSent();
    expect(bound.map(({ message }) => message?.type)).toEqual(["config", "ack"]);
    for (const { flags } of bound) expect(flags & packetFlags.session).not.toBe(0);
    expect(device.bound).toEqual([77]);
    device.play({ ...hello, sessionId: 78 }, 0);
    for (const { flags } of device.takeSent()) expect(flags & packetFlags.session).toBe(0);
  });

  test("is not heard in packets that are bound to nothing", () => {
    device.play(newer, 0);
    device.play(reading(1), 1);
    device.play(reading(2), 1, packetFlags.session);
    expect(heard.values).toEqual([2]);
    expect(heard.session.statistics.refusedFrames).toBe(1);
  });

  test("is told how much room there is, none while the gateway cannot follow, and again with every packet", () => {
    device.play(newer, 0);
    device.takeSent();
    const acks = (): unknown[] => device.takeSent().map(({ message }) => message);
    device.play(reading(1), 1, packetFlags.session);
    timers.advance(60);
    expect(acks()).toContainEqual({ type: "ack", sequence: 1, room: 65 });
    heard.session.pause();
    expect(acks()).toContainEqual({ type: "ack", sequence: 1, room: 1 });
    device.play(reading(2), 2, packetFlags.session);
    expect(acks()).toContainEqual({ type: "ack", sequence: 2, room: 1 });
    heard.session.resume();
    expect(acks()).toContainEqual({ type: "ack", sequence: 2, room: 65 });
  });

  test("is not believed to wait: what it sends beyond what was on its way is counted, and answered", () => {
    device.play(newer, 0);
    heard.session.pause();
    for (let sequence = 1; sequence <= 64; sequence++)
      device.play(reading(sequence), sequence, packetFlags.session);
    expect(heard.session.ignoredStops).toBe(0);
    device.takeSent();
    for (let sequence = 65; sequence <= 70; sequence++)
      device.play(reading(sequence), sequence, packetFlags.session);
    expect(heard.session.ignoredStops).toBe(6);
    expect(device.takeSent().map(({ message }) => message)).toEqual(
      Array.from({ length: 6 }, (_, index) => ({ type: "ack", sequence: 65 + index, room: 1 })),
    );
    heard.session.resume();
    device.play(reading(71), 71, packetFlags.session);
    expect(heard.session.ignoredStops).toBe(6);
    expect(heard.values).toHaveLength(71);
  });

  test("is said to be silent even while the gateway cannot follow: its health needs no room", () => {
    device.play(newer, 0);
    heard.session.pause();
    timers.advance(13_000);
    expect(device.drops).toHaveLength(1);
  });

  test("says nothing of a transfer without a number, which is nobody's", () => {
    device.play(newer, 0);
    device.play(
      { type: "model-status", transferId: 0, state: "trial", nextOffset: 0, reason: 0 },
      1,
      packetFlags.session,
    );
    expect(heard.session.statistics.malformedMessages).toBe(1);
  });

  test("takes a packet about models, which one of version 1.0 is not sent", () => {
    const commit = { type: "model-commit", transferId: 5 } as const;
    expect(heard.session.sendModel(commit)).toBe(false);
    device.play(hello, 0);
    expect(heard.session.sendModel(commit)).toBe(false);
    device.play({ ...newer, sessionId: 79 }, 0);
    device.takeSent();
    expect(heard.session.sendModel(commit)).toBe(true);
    expect(device.takeSent()).toMatchObject([{ message: commit, flags: packetFlags.session }]);
  });
});

describe("bad input", () => {
  test("packets are delivered once, in order, and what is missing, late or repeated is counted apart", () => {
    establish(65_533);
    for (const sequence of [65_534, 65_535, 65_535, 2, 2, 1, 1, 3]) device.play(reading(sequence), sequence);
    expect(heard.values).toEqual([65_534, 65_535, 2, 3]);
    expect(heard.session.statistics).toMatchObject({ lostFrames: 2, lateFrames: 1, duplicates: 3 });
  });

  test("a packet far behind is of another session: not delivered, and the device is asked who it is", () => {
    establish(30_000);
    device.play(reading(1), 3);
    expect(heard.values).toEqual([]);
    expect(heard.session.state).toBe("waiting-for-hello");
    expect(device.takeSent().some(({ message }) => message?.type === "hello")).toBe(true);
  });

  test.each([
    ["a truncated reading", packetTypes.reading, "11ff"],
    ["a truncated raw window", packetTypes.rawWindow, "2a0401"],
    ["a reading of a channel that was not announced", packetTypes.reading, "0805"],
    ["a raw window of a channel that was not announced", packetTypes.rawWindow, "08052a020100"],
    ["a truncated health", packetTypes.health, "08"],
    ["a configuration, which only a gateway sends", packetTypes.config, "0801"],
    ["an acknowledgement beyond 16 bits", packetTypes.ack, "08808004"],
    ["a time beyond 2^53", packetTypes.reading, "10ffffffffffffffffff01"],
  ])("%s is counted and not delivered", (_what, type, hex) => {
    establish();
    device.playBytes(type, Buffer.from(hex, "hex"), 1);
    expect(heard.session.statistics.malformedMessages).toBe(1);
    device.play(reading(4), 2);
    expect(heard.values).toEqual([4]);
    expect(heard.samples.size).toBe(0);
  });

  test.each([
    ["an id with a slash", { ...hello, deviceId: "a/b" }, /is not an id/],
    ["a session 0", { ...hello, protocolMinor: 1, sessionId: 0 }, /session_id is 0: every boot draws/],
    ["a channel twice", { ...hello, channels: [channels[0]!, channels[0]!] }, /announced twice/],
    ["a scale of zero", { ...hello, channels: [{ ...channels[0]!, scale: 0 }] }, /scale is 0/],
    [
      "a rate of NaN",
      { ...hello, channels: [{ ...channels[0]!, sampleRateHz: Number.NaN }] },
      /sample_rate_hz/,
    ],
    ["no channel name", { ...hello, channels: [{ ...channels[0]!, name: "" }] }, /1 to 64 bytes/],
    ["a long unit", { ...hello, channels: [{ ...channels[0]!, unit: "x".repeat(33) }] }, /at most 32/],
  ])("a hello with %s is refused with the reason", (_what, bad, reason) => {
    device.takeSent();
    device.play(bad, 7);
    const [answer] = device.takeSent();
    expect(answer!.message).toMatchObject({
      type: "nack",
      sequence: 7,
      reason: expect.stringMatching(reason),
    });
    expect(heard.session.state).toBe("refused");
  });

  test("a packet that asks for an answer gets one, again when it comes again", () => {
    establish();
    device.play(reading(1), 1, packetFlags.acknowledge);
    device.play(reading(1), 1, packetFlags.acknowledge | packetFlags.repeated);
    device.playBytes(packetTypes.reading, Uint8Array.of(8), 2, packetFlags.acknowledge);
    device.playBytes(30, Uint8Array.of(), 3, packetFlags.acknowledge);
    expect(heard.values).toEqual([1]);
    expect(device.takeSent().map(({ message }) => message)).toMatchObject([
      { type: "ack", sequence: 1 },
      { type: "ack", sequence: 1 },
      { type: "nack", sequence: 2 },
      { type: "nack", sequence: 3, reason: "packet type 30 is not known here" },
    ]);
  });
});

describe("acknowledgements and silence", () => {
  test("packets are acknowledged in bulk: every few, or a little later", () => {
    establish();
    const { ackEveryFrames, ackAfterMs } = defaultDeviceSessionLimits;
    for (let sequence = 1; sequence <= ackEveryFrames + 2; sequence++) device.play(reading(0), sequence);
    const acks = (): unknown[] =>
      device.takeSent().flatMap(({ message }) => (message?.type === "ack" ? [message] : []));
    expect(acks()).toEqual([{ type: "ack", sequence: ackEveryFrames }]);
    timers.advance(ackAfterMs);
    expect(acks()).toEqual([{ type: "ack", sequence: ackEveryFrames + 2 }]);
    timers.advance(ackAfterMs * 3);
    expect(acks()).toEqual([]);
  });

  test("an acknowledgement waits while the link is full", () => {
    establish();
    device.setWritable(false);
    device.play(reading(0), 1);
    timers.advance(100);
    expect(device.takeSent().some(({ type }) => type === packetTypes.ack)).toBe(false);
    device.setWritable(true);
    timers.advance(60);
    expect(device.takeSent().some(({ type }) => type === packetTypes.ack)).toBe(true);
  });

  test("a silent connection is dropped, but not while reading is paused", () => {
    establish();
    heard.session.pause();
    timers.advance(60_000);
    expect(device.drops).toEqual([]);
    heard.session.resume();
    timers.advance(9_000);
    device.play(reading(1), 1);
    timers.advance(9_000);
    expect(device.drops).toEqual([]);
    timers.advance(11_000);
    expect(device.drops).toEqual(["nothing was heard for 10000 ms"]);
  });

  test("after a lost connection the same session goes on, and what was lost in between is counted", () => {
    establish(10);
    device.disconnect("unplugged");
    expect(heard.session.state).toBe("connecting");
    device.connect();
    device.play(hello, 15);
    device.play(reading(9), 16);
    expect(heard.hellos).toHaveLength(1);
    expect(heard.values).toEqual([9]);
    expect(heard.session.statistics.lostFrames).toBe(4);
  });

  test("closing leaves no timer behind", async () => {
    establish();
    device.play(reading(1), 1);
    await heard.session.close();
    expect(timers.waiting).toBe(0);
  });
});
