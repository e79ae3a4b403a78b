import { beforeEach, describe, expect, test } from "vitest";
import { linkTiming } from "../../../firmware-bridge/link-timing.ts";
import { packetFlags, packetTypes } from "../../../firmware-bridge/protocol.ts";
import { hello, openScriptedSession, reading, type ScriptedSession } from "../scripted-session.ts";

let timers: ScriptedSession["timers"];
let device: ScriptedSession["device"];
let heard: ScriptedSession["heard"];
let establish: ScriptedSession["establish"];

beforeEach(async () => {
  ({ timers, device, heard, establish } = await openScriptedSession());
});

describe("the handshake", () => {
  test("the gateway repeats its hello until the device answers, ever more slowly", () => {
    timers.advance(20_000);
    const hellos = device.takeSent().filter(({ message }) => message?.type === "hello");
    expect(hellos[0]!.message).toMatchObject({ deviceId: "gateway-1", firmware: "0.1.0", channels: [] });
    // 0.1, 0.2, … 2 s, each between half and the whole of it.
    expect(hellos.length).toBeGreaterThan(10);
    expect(hellos.length).toBeLessThan(30);
    establish();
    timers.advance(5_000);
    expect(device.takeSent().some(({ message }) => message?.type === "hello")).toBe(false);
    expect(heard.states).toEqual(["connecting", "waiting-for-hello", "established"]);
  });

  test("a hello is answered with the configuration of its session, repeated until acknowledged", () => {
    device.takeSent();
    device.play(hello, 5);
    const [config] = device.takeSent();
    expect(config).toMatchObject({
      flags: packetFlags.acknowledge,
      message: { type: "config", mode: "raw", sessionId: 77 },
    });
    timers.advance(1_000);
    const repeats = device.takeSent();
    expect(repeats.length).toBeGreaterThan(0);
    for (const repeat of repeats)
      expect(repeat).toMatchObject({
        sequence: config!.sequence,
        flags: packetFlags.acknowledge | packetFlags.repeated,
      });
    device.play({ type: "ack", sequence: config!.sequence }, 0);
    timers.advance(9_000);
    expect(device.takeSent()).toEqual([]);
    expect(heard.problems).toEqual([]);
  });

  test("a configuration that is never acknowledged is given up, and the device asked who it is: it is tried again for as long as it is there", () => {
    establish();
    for (let round = 0; round < 30; round++) {
      timers.advance(1_000);
      device.play(
        { type: "health", uptimeMs: 1, droppedSamples: 0, discardedBytes: 0, badFrames: 0 },
        round + 1,
      );
    }
    const configs = device.takeSent().filter(({ type }) => type === packetTypes.config);
    expect(configs).toHaveLength(linkTiming.maxAttempts - 1);
    expect(heard.states).toEqual(["connecting", "waiting-for-hello", "established", "waiting-for-hello"]);
    device.play(hello, 40);
    timers.advance(9_000);
    expect(device.takeSent().filter(({ type }) => type === packetTypes.config)).not.toEqual([]);
    expect(heard.problems).toEqual([]);
  });

  test("a repeated hello is answered again but is no new session", () => {
    device.play(hello, 0);
    device.play(hello, 1);
    expect(heard.hellos).toHaveLength(1);
    expect(device.takeSent().filter(({ type }) => type === packetTypes.config)).toHaveLength(2);
  });

  test("hellos without end are passed over until the period is over, and a person is told once", () => {
    device.takeSent();
    const flood = (): void => {
      for (let sequence = 0; sequence < 5_000; sequence++) device.play(hello, sequence);
    };
    flood();
    expect(device.takeSent()).toHaveLength(linkTiming.maxHellos);
    expect(heard.session.statistics.refusedFrames).toBe(5_000 - linkTiming.maxHellos);
    timers.advance(linkTiming.helloMaxMs);
    flood();
    flood();
    expect(heard.problems).toEqual(["device device-1: says hello without end"]);
    timers.advance(linkTiming.helloMaxMs);
    device.play({ ...hello, sessionId: 78 }, 0);
    expect(heard.hellos.map(({ sessionId }) => sessionId)).toEqual([77, 78]);
  });

  test("hellos that waited while the gateway stood still are no fault of the device, however often it stands still", () => {
    for (let stop = 0; stop < 3; stop++) {
      // As after a minute and more: the device has been asking every two seconds.
      for (let sequence = 0; sequence < 40; sequence++) device.play(hello, sequence);
      timers.advance(3 * linkTiming.helloMaxMs);
    }
    expect(heard.problems).toEqual([]);
    expect(heard.session.state).toBe("established");
  });

  test("a new boot is a new session: its numbers start over and nothing counts as lost", () => {
    establish(100);
    device.play(reading(1), 101);
    device.play({ ...hello, sessionId: 78 }, 0);
    device.play(reading(2), 1);
    expect(heard.hellos.map(({ sessionId }) => sessionId)).toEqual([77, 78]);
    expect(heard.values).toEqual([1, 2]);
    expect(heard.session.statistics.lostFrames).toBe(0);
  });

  test("a boot under the number of the one before begins anew as well: what it sends is not taken for repeated", () => {
    establish(0);
    for (let sequence = 1; sequence < 50; sequence++) device.play(reading(sequence), sequence);
    establish(0);
    device.play(reading(1), 1);
    device.play(reading(1), 1);
    expect(heard.values.slice(-2)).toEqual([49, 1]);
    expect(heard.session.statistics).toMatchObject({ lostFrames: 0, duplicates: 1 });
  });

  test("nothing is delivered before the hello, and the device is asked for it", () => {
    device.play(reading(1), 40);
    expect(heard.values).toEqual([]);
    expect(heard.session.statistics.refusedFrames).toBe(1);
    establish(41);
    device.play(reading(2), 42);
    expect(heard.values).toEqual([2]);
  });
});

describe("versions", () => {
  test("a newer minor version is accepted, and its unknown packets are counted", () => {
    device.play({ ...hello, protocolMinor: 9 }, 0);
    device.playBytes(30, Uint8Array.of(8, 1), 1, packetFlags.session);
    expect(heard.session.state).toBe("established");
    expect(heard.session.statistics.unknownMessages).toBe(1);
    expect(heard.session.statistics.malformedMessages).toBe(0);
  });

  test("a newer major version is refused, saying which and what to do, to the device and to people, once", () => {
    device.takeSent();
    for (const sequence of [3, 4]) device.play({ ...hello, protocolMajor: 2 }, sequence, 0, 2);
    expect(heard.session.state).toBe("refused");
    expect(heard.hellos).toEqual([]);
    expect(heard.problems).toEqual([
      "device device-1: protocol 2.0 is newer than 1.1, the only one spoken here",
    ]);
    expect(device.takeSent().map(({ message }) => message)).toEqual(
      [3, 4].map((sequence) => ({
        type: "nack",
        sequence,
        reason: "protocol 2.0 is newer than 1.1, the only one spoken here",
      })),
    );
    device.play(reading(1), 5, 0, 2);
    device.play(reading(1), 6, 0, 1);
    expect(heard.values).toEqual([]);
  });

  test("a device that was refused is accepted once its firmware was updated", () => {
    device.play({ ...hello, protocolMajor: 2 }, 0, 0, 2);
    device.play({ ...hello, sessionId: 5 }, 0);
    expect(heard.session.state).toBe("established");
    expect(heard.hellos).toHaveLength(1);
  });

  test("another device than the expected one is refused", async () => {
    ({ device, heard } = await openScriptedSession({ expectedDeviceId: "device-2" }));
    device.play(hello, 0);
    expect(heard.session.state).toBe("refused");
    expect(heard.problems).toEqual(['device device-1: "device-2" is expected at scripted']);
  });

  test("the line of another device is let go of, looked for anew, and said to people once", async () => {
    ({ timers, device, heard } = await openScriptedSession({ expectedDeviceId: "device-2" }));
    for (let connection = 1; connection <= 3; connection++) {
      device.play(hello, 0);
      timers.advance(linkTiming.silenceMs - 1);
      // A small device says hello again and again: that is no reason to stay.
      device.play(hello, 1);
      expect(device.drops).toHaveLength(connection - 1);
      timers.advance(1);
      expect(device.drops).toHaveLength(connection);
      expect(device.drops.at(-1)).toBe('device-1 is there: "device-2" is expected at scripted');
      device.disconnect(device.drops.at(-1)!);
      timers.advance(60_000);
      expect(device.drops).toHaveLength(connection);
      device.connect();
    }
    expect(heard.problems).toEqual(['device device-1: "device-2" is expected at scripted']);
    device.play(hello, 0);
    device.play({ ...hello, deviceId: "device-2" }, 0);
    expect(heard.session.state).toBe("established");
    for (let second = 1; second <= 30; second++) {
      device.play(reading(second), second);
      timers.advance(1_000);
    }
    expect(device.drops).toHaveLength(3);
  });

  test("the line of a device with another version is kept: it is updated where it is", () => {
    device.play({ ...hello, protocolMajor: 2 }, 0, 0, 2);
    timers.advance(60_000);
    expect(device.drops).toEqual([]);
  });
});
