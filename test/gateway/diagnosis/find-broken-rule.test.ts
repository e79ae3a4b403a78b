import { expect, test } from "vitest";
import { createFrameEncoder, maxFrameBytesOnWire } from "../../../firmware-bridge/framing/frame-encoder.ts";
import { createFrameParser } from "../../../firmware-bridge/framing/frame-parser.ts";
import { packetFlags, packetTypes } from "../../../firmware-bridge/protocol.ts";
import { openSloppyRig, type Sloppiness, type SloppyRig } from "../sloppy-rig.ts";

/** A device that streams for a minute, each packet on its way changed so. */
async function streamChanged(change: (packet: Buffer) => Buffer): Promise<SloppyRig> {
  const rig = await openSloppyRig();
  const carry: Sloppiness["carry"] = (packet, _index, arrive) => arrive(change(packet));
  rig.boot();
  rig.wait(1);
  rig.stream(60, { carry });
  return rig;
}

function sendWindow(rig: SloppyRig, channel: number, firstSample: number): void {
  rig.wait(0.04);
  const counts = Int16Array.from(
    { length: 480 },
    (_, index) => ((index * 7_919 + rig.clock.nowMs()) % 601) - 300,
  );
  rig.send({ type: "raw-window", channel, firstSample, timestampUs: 0, shaftRpm: 1_500, counts });
}

const withoutFlag = (packet: Buffer): Buffer => {
  const plain = Buffer.from(packet.subarray(0, packet.length - 4));
  plain[1]! &= ~packetFlags.session;
  return plain;
};

const unbound = (packet: Buffer): Buffer => packet.fill(0, packet.length - 4);

const withoutNumber = (packet: Buffer): Buffer => packet.fill(0, 2, 4);

test.each([
  { mistake: "lack the flag session", change: withoutFlag, says: /all of the frames come without the flag/ },
  {
    mistake: "are not bound",
    change: unbound,
    says: /all of the frames have the flag session, and are not bound/,
  },
  {
    mistake: "are neither bound nor of another number",
    change: (packet: Buffer) => withoutNumber(unbound(packet)),
    says: /are not bound/,
  },
])(
  "frames that $mistake are named by their first mistake, and no line is blamed",
  async ({ change, says }) => {
    const rig = await streamChanged(change);
    expect(rig.said).toEqual([expect.stringMatching(says)]);
    expect(rig.said[0]).toMatch(/^breaks-protocol: /);
  },
);

test.each([
  { stray: "without the flag", change: withoutFlag },
  { stray: "bound to another session", change: (packet: Buffer) => unbound(Buffer.from(packet)) },
])(
  "packets $stray that another client sends in a device's place are no habit of the device",
  async ({ change }) => {
    const rig = await openSloppyRig();
    rig.boot();
    rig.wait(1);
    const carry: Sloppiness["carry"] = (packet, index, arrive) => {
      const stray = change(packet);
      arrive(packet);
      if (index % 26 === 0) arrive(stray);
    };
    rig.stream(60, { carry });
    expect(rig.totals.unflaggedFrames + rig.totals.unboundFrames).toBeGreaterThan(50);
    expect(rig.said.join()).not.toMatch(/breaks-protocol/);
  },
);

test("a sequence number that never advances is no frame that arrives twice", async () => {
  const rig = await streamChanged(withoutNumber);
  expect(rig.said).toEqual(["breaks-protocol: its packets all have the same number"]);
  rig.boot();
  rig.stream(120);
  expect(rig.said).toEqual([]);
});

test("an index that never advances is no frame that arrives twice", async () => {
  const rig = await openSloppyRig();
  rig.boot();
  for (let packet = 0; packet < 1_000; packet++) sendWindow(rig, 0, 0);
  rig.wait(2);
  expect(rig.said).toContain("breaks-protocol: first_sample of its raw windows does not advance");
  expect(rig.said.join()).not.toMatch(/frames-twice/);
});

test("data that all break a rule are told with it, and no sensor is called dead", async () => {
  const rig = await openSloppyRig();
  rig.boot();
  for (let packet = 0; packet < 1_500; packet++) sendWindow(rig, 1, packet * 480);
  expect(rig.said).toEqual([
    expect.stringMatching(
      /^breaks-protocol: .* of the frames break the protocol: channel 1 was not announced$/,
    ),
  ]);
});

test("rare snapshots that all break a rule are told with it until data come, and no sensor is called dead", async () => {
  const rig = await openSloppyRig();
  rig.boot();
  rig.wait(2);
  const sendSnapshot = (snapshot: number, channel: number): void => {
    for (let packet = 0; packet < 25; packet++) sendWindow(rig, channel, snapshot * 7_200_000 + packet * 480);
  };
  const pause = (minutes: number): void => {
    for (let beat = 0; beat < minutes * 12; beat++) {
      rig.wait(5);
      rig.send({
        type: "health",
        uptimeMs: rig.clock.monotonicMs(),
        droppedSamples: 0,
        discardedBytes: 0,
        badFrames: 0,
      });
    }
  };
  for (let snapshot = 0; snapshot < 3; snapshot++) {
    sendSnapshot(snapshot, 1);
    pause(10);
    expect(rig.said).toEqual([
      `breaks-protocol: it sends no data, and ${25 * (snapshot + 1)} frames since the last break the protocol: channel 1 was not announced`,
    ]);
  }
  sendSnapshot(3, 0);
  pause(2);
  expect(rig.said).toEqual([]);
  expect(rig.logged.join()).not.toMatch(/silent/);
});

test("a device that falls silent once it is configured is named, until it goes on", async () => {
  const rig = await openSloppyRig();
  rig.boot();
  for (let time = 0; time < 4; time++) {
    rig.wait(14);
    rig.helloAgain();
  }
  rig.wait(2);
  expect(rig.said).toEqual(["silent: takes its configuration, and is not heard again"]);
  rig.stream(120);
  expect(rig.said).toEqual([]);
});

test("a frame whose check lacks the session is counted apart from damage", () => {
  const parser = createFrameParser(() => {});
  parser.bind(7);
  const wire = Buffer.alloc(maxFrameBytesOnWire);
  const encoder = createFrameEncoder();
  const encode = (sessionId: number): Buffer => {
    encoder.sessionId = sessionId;
    return Buffer.from(
      wire.subarray(0, encoder.encode(packetTypes.health, packetFlags.session, 1, 0, wire, 0)),
    );
  };
  parser.push(encode(0));
  parser.push(encode(8));
  expect(parser.counters).toMatchObject({ badFrames: 2, unboundFrames: 1 });
});
