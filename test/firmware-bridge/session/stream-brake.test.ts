import { beforeEach, expect, test } from "vitest";
import { createStreamBrake, type StreamBrake } from "../../../firmware-bridge/session/stream-brake.ts";

const sender = { isBound: true };
let done: string[];
let brake: StreamBrake;

beforeEach(() => {
  done = [];
  sender.isBound = true;
  brake = createStreamBrake({
    link: { pauseReading: () => done.push("pause reading"), resumeReading: () => done.push("read") },
    sender,
    roomFrames: 3,
    sayRoom: () => done.push(`room ${brake.room()}`),
  });
});

test("a device that understands is told that there is no room, and is read from all the while", () => {
  brake.pause();
  expect(brake.isUnread).toBe(false);
  brake.resume();
  expect(done).toEqual(["room 0", "read", "room 3"]);
});

test("a device that does not understand is not read from", () => {
  sender.isBound = false;
  brake.pause();
  expect([brake.isUnread, brake.room()]).toEqual([true, undefined]);
  brake.resume();
  expect([brake.isUnread, done]).toEqual([false, ["pause reading", "read"]]);
});

test("packets beyond those that were on their way break a device's word; another session owes nothing", () => {
  const send = (packets: number): void => {
    for (let each = 0; each < packets; each++) brake.countPacket();
  };
  send(9);
  brake.pause();
  send(5);
  expect(brake.ignoredStops).toBe(2);
  brake.restart();
  send(3);
  expect(brake.ignoredStops).toBe(2);
  brake.resume();
  send(9);
  expect(brake.ignoredStops).toBe(2);
});

test("a device that is held is told that there is no room and is not read from, and a pause outlasts the hold", () => {
  brake.hold();
  expect(brake.isUnread).toBe(true);
  brake.pause();
  brake.letGo();
  expect([brake.isUnread, brake.room()]).toEqual([false, 0]);
  brake.hold();
  brake.resume();
  expect(brake.isUnread).toBe(true);
  brake.letGo();
  expect([brake.isUnread, brake.room()]).toEqual([false, 3]);
  const held = ["pause reading", "room 0"];
  expect(done).toEqual([...held, "room 0", "read", "room 0", ...held, "read", "room 3"]);
});

test("a device that two hold is read again when both have let go", () => {
  brake.hold();
  brake.hold();
  brake.letGo();
  expect(brake.isUnread).toBe(true);
  brake.letGo();
  expect(brake.isUnread).toBe(false);
  expect(done).toEqual(["pause reading", "room 0", "read", "room 3"]);
});
