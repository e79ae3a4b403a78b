import { beforeEach, expect, test } from "vitest";
import { linkTiming } from "../../../firmware-bridge/link-timing.ts";
import { packetFlags, packetTypes } from "../../../firmware-bridge/protocol.ts";
import type { DeviceEndpoint } from "../../../firmware-bridge/session/device-endpoint.ts";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { createDevice } from "../conversation.ts";
import { createManualTimers, type ManualTimers } from "../manual-timers.ts";
import { createScriptedLink, type ScriptedLink } from "../scripted-link.ts";

const sessionId = 0x1234_5678;
const samples = new Int16Array(100);
const maxInFlightFrames = 4;
let timers: ManualTimers;
let gateway: ScriptedLink;
let device: DeviceEndpoint;
let states: string[];

beforeEach(async () => {
  timers = createManualTimers();
  gateway = createScriptedLink();
  states = [];
  device = createDevice(gateway.link, {
    timers,
    limits: { maxInFlightFrames, ackTimeoutMs: linkTiming.streamAckMs },
    onState: (state) => states.push(state),
  });
  await device.open();
  gateway.connect();
});

const gatewayHello = {
  type: "hello",
  protocolMajor: 1,
  protocolMinor: 0,
  deviceId: "gateway-1",
  firmware: "0",
  sessionId: 1,
  channels: [],
} as const;

/** The gateway's side of the handshake; returns the sequence number of the device's last hello. */
function configure(): number {
  gateway.play(gatewayHello, 0);
  const hello = gateway.takeSent().at(-1)!;
  gateway.play({ type: "config", mode: "raw", sessionId }, 1, packetFlags.acknowledge);
  expect(gateway.takeSent()).toMatchObject([{ message: { type: "ack", sequence: 1 } }]);
  return hello.sequence;
}

const send = (from = 0): boolean =>
  device.send({
    type: "raw-window",
    channel: 0,
    firstSample: from,
    timestampUs: 0,
    shaftRpm: 1500,
    counts: samples,
  });

test("a device repeats its hello, each with its own number, and sends nothing else until it is configured", () => {
  timers.advance(3_000);
  const sent = gateway.takeSent();
  expect(sent.length).toBeGreaterThan(3);
  expect(sent.map(({ sequence }) => sequence)).toEqual(sent.map((_, index) => index));
  for (const { message } of sent) expect(message).toMatchObject({ type: "hello", sessionId });
  expect(send()).toBe(false);
  configure();
  expect(send()).toBe(true);
  expect(states).toEqual(["connecting", "introducing", "streaming"]);
});

test("a configuration for an earlier boot is refused", () => {
  gateway.play(gatewayHello, 0);
  gateway.takeSent();
  gateway.play({ type: "config", mode: "raw", sessionId: 1 }, 1, packetFlags.acknowledge);
  expect(gateway.takeSent()).toMatchObject([
    { message: { type: "nack", sequence: 1, reason: "a configuration for another session" } },
  ]);
  expect(device.state).toBe("introducing");
});

test("a device is configured although the gateway's hello was lost, and although its numbers started over", () => {
  gateway.play({ type: "config", mode: "raw", sessionId }, 500, packetFlags.acknowledge);
  expect(device.state).toBe("streaming");
  gateway.disconnect("unplugged");
  gateway.connect();
  expect(device.state).toBe("introducing");
  gateway.play({ type: "config", mode: "both", sessionId }, 2, packetFlags.acknowledge);
  expect(device.state).toBe("streaming");
});

test("no more than the window is in flight, and an acknowledgement makes room", async () => {
  const hello = configure();
  for (let frame = 0; frame < maxInFlightFrames; frame++) expect(send(frame * 100)).toBe(true);
  expect(send()).toBe(false);
  expect(device.inFlightFrames).toBe(maxInFlightFrames);
  const ready = device.ready();
  gateway.play({ type: "ack", sequence: hello + 2 }, 0);
  await ready;
  expect([send(), send(), send()]).toEqual([true, true, false]);
});

test("acknowledgements that are old or of nothing sent change nothing", () => {
  const hello = configure();
  for (let frame = 0; frame < maxInFlightFrames; frame++) send();
  for (const sequence of [hello, hello + maxInFlightFrames + 1, (hello + 0x8000) & 0xffff])
    gateway.play({ type: "ack", sequence }, 0);
  expect(device.inFlightFrames).toBe(maxInFlightFrames);
});

test("when every acknowledgement is lost the device goes on after a while, and counts it", async () => {
  configure();
  for (let frame = 0; frame < maxInFlightFrames; frame++) send();
  const drained = device.drained();
  timers.advance(1_000);
  await drained;
  expect(device.ackTimeouts).toBe(1);
  expect(send()).toBe(true);
});

test("a full link makes the device wait", async () => {
  configure();
  gateway.setWritable(false);
  expect(send()).toBe(false);
  const ready = device.ready();
  gateway.setWritable(true);
  await ready;
  expect(send()).toBe(true);
});

test("a gateway that says hello in the middle of a stream gets the hello and no samples until it configures", () => {
  configure();
  send();
  gateway.takeSent();
  gateway.play({ ...gatewayHello, sessionId: 2 }, 0);
  expect(gateway.takeSent()).toMatchObject([{ message: { type: "hello", sessionId } }]);
  expect(send()).toBe(false);
  gateway.play({ type: "config", mode: "raw", sessionId }, 1, packetFlags.acknowledge);
  expect(send()).toBe(true);
});

test("a device shows a sign of life every two seconds", () => {
  configure();
  timers.advance(6_000);
  const health = gateway.takeSent().filter(({ type }) => type === packetTypes.health);
  expect(health).toMatchObject([
    { message: { uptimeMs: 2_000 } },
    { message: { uptimeMs: 4_000 } },
    { message: { uptimeMs: 6_000 } },
  ]);
});

test("a refused device stops and says why, until a gateway says hello again", async () => {
  const waiting = device.ready();
  gateway.play(gatewayHello, 0);
  gateway.takeSent();
  gateway.play({ type: "nack", sequence: 0, reason: "wrong device" }, 0);
  const error = await waiting.catch((reason: unknown) => reason);
  expect(hasErrorCode(error, "DEVICE_PROTOCOL")).toBe(true);
  expect(error).toMatchObject({ message: "the gateway refused device-1: wrong device" });
  timers.advance(10_000);
  expect(gateway.takeSent()).toEqual([]);
  gateway.play({ ...gatewayHello, sessionId: 2 }, 0);
  expect(device.state).toBe("introducing");
});

test("closing rejects who waits, and leaves no timer behind", async () => {
  const waiting = device.ready();
  await device.close();
  const error = await waiting.catch((reason: unknown) => reason);
  expect(hasErrorCode(error, "DEVICE_UNREACHABLE")).toBe(true);
  expect(timers.waiting).toBe(0);
});

test("numbers run on past 65,535", () => {
  let last = configure();
  for (let frame = 0; frame < 70_000; frame++) {
    if (!send(frame)) expect.fail(`frame ${frame} was not sent`);
    last = (last + 1) & 0xffff;
    if (frame % 3 === 2) gateway.play({ type: "ack", sequence: last }, 0);
    if (frame % 1000 === 0) gateway.takeSent();
  }
  expect(device.ackTimeouts).toBe(0);
  expect(device.inFlightFrames).toBeLessThan(maxInFlightFrames);
});

test("a gateway that binds its packets is answered alike; one that has no room gets nothing but signs of life", () => {
  gateway.play(gatewayHello, 0);
  gateway.takeSent();
  gateway.play({ type: "config", mode: "raw", sessionId }, 1, packetFlags.acknowledge | packetFlags.session);
  expect(gateway.takeSent()).toMatchObject([{ message: { type: "ack" }, flags: packetFlags.session }]);
  expect(send(0)).toBe(true);
  const [first] = gateway.takeSent();
  expect(first!.flags).toBe(packetFlags.session);
  gateway.play({ type: "ack", sequence: first!.sequence, room: 1 }, 0, packetFlags.session);
  expect(send(100)).toBe(false);
  timers.advance(5_000);
  expect(send(100)).toBe(false);
  const signs = gateway.takeSent();
  expect(signs.map(({ message }) => message?.type)).toEqual(["health", "health"]);
  gateway.play({ type: "ack", sequence: signs.at(-1)!.sequence, room: 3 }, 0, packetFlags.session);
  expect([send(100), send(200), send(300)]).toEqual([true, true, false]);
});

test("a device that hears nothing from its gateway any more says hello again", () => {
  configure();
  timers.advance(12_500);
  expect(device.state).toBe("introducing");
  expect(gateway.takeSent().some(({ message }) => message?.type === "hello")).toBe(true);
});
