/** More gateways than the collector stores envelopes of within the first timeout, in virtual time. */
import { expect, onTestFinished, test } from "vitest";
import { createTopics, type Lane } from "../../../src/core/contract/topics.ts";
import { encodeRecord } from "../../../src/core/wire/record-codec.ts";
import { encodeUplinkAck } from "../../../src/core/wire/uplink-ack.ts";
import {
  createUplink,
  type UplinkOptions,
  type UplinkTransport,
} from "../../../src/gateway/record/uplink.ts";
import { createCollectorModel } from "../../support/collector-model.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const topics = createTopics("aurora/v1");
const gateways = 60;
/** So that an envelope of each takes half a minute. */
const storingMs = 500;

const record = encodeRecord({
  kind: "event",
  timeMs: 1,
  name: "told",
  subject: "s",
  detail: "x".repeat(500),
});

/** A backlog of one lane without end. */
function createBacklog(endless: Lane): UplinkOptions["outbox"] {
  let acknowledged = 0;
  return {
    bootId: "b",
    peek: (lane, { after, maxBytes }) => {
      if (lane !== endless) return null;
      const records = new Array<Uint8Array>(Math.max(1, Math.floor(maxBytes / record.length))).fill(record);
      return { bootId: "b", firstSequence: after + 1, oldestSequence: acknowledged + 1, records };
    },
    readAck: ({ sequence }) => sequence,
    acknowledge: (_bootId, _lane, sequence) => {
      acknowledged = sequence;
    },
    onCommit: () => () => {},
  };
}

test("what waits at a slow collector is not sent again and again until it stores nothing else", () => {
  const clock = createManualClock();
  const collector = createCollectorModel();
  const queue: { readonly payload: Uint8Array; readonly answer: (ack: Uint8Array) => void }[] = [];
  const counts = { fresh: 0, repeated: 0 };
  const storeNext = (): void => {
    const next = queue.shift();
    if (next !== undefined) {
      const before = collector.stored.length;
      const ack = collector.take(next.payload);
      counts[collector.stored.length > before ? "fresh" : "repeated"] += 1;
      if (ack !== null) next.answer(encodeUplinkAck(ack));
    }
    clock.after(storingMs, storeNext);
  };
  storeNext();
  for (let index = 0; index < gateways; index++) {
    let heard: (topic: string, payload: Uint8Array) => void = () => {};
    const gateway = `gw-${index}`;
    const transport: UplinkTransport = {
      connected: true,
      largestPacketBytes: null,
      publish: async (_topic, payload) => {
        queue.push({ payload: payload.slice(), answer: (ack) => heard(topics.ack(gateway), ack) });
      },
      subscribe: async (_filter, _qos, handler) => {
        heard = handler;
      },
      onConnect: (callback) => {
        callback();
        return () => {};
      },
    };
    const outbox = createBacklog("prediction");
    const random = (): number => 0.5;
    const uplink = createUplink({ gateway, outbox, transport, topics, clock, timers: clock, random });
    onTestFinished(() => uplink.close());
  }
  clock.advance(1_200_000);
  counts.fresh = 0;
  counts.repeated = 0;
  clock.advance(600_000);
  expect(counts.fresh + counts.repeated).toBeGreaterThan(1_000);
  expect(counts.repeated / (counts.fresh + counts.repeated)).toBeLessThan(0.05);
});
