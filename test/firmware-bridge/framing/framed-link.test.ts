import { expect, test } from "vitest";
import { createFrameParser } from "../../../firmware-bridge/framing/frame-parser.ts";
import { createFramedLink } from "../../../firmware-bridge/framing/framed-link.ts";
import { packetTypes } from "../../../firmware-bridge/protocol.ts";
import type {
  ByteTransport,
  ByteTransportHandlers,
} from "../../../firmware-bridge/transports/byte-transport.ts";

/** A transport that has room for so many bytes, and says so as a socket does: after it has taken them. */
function createNarrowTransport(roomBytes: number) {
  let handlers: ByteTransportHandlers | undefined;
  const state = { written: 0 };
  const transport: ByteTransport = {
    name: "narrow",
    open: async (given) => {
      handlers = given;
      given.onOpen();
    },
    write: (bytes) => {
      state.written += bytes.length;
      return state.written < roomBytes;
    },
    pauseReading: () => {},
    resumeReading: () => {},
    drop: () => {},
    close: async () => {},
  };
  return {
    transport,
    state,
    drain: () => {
      state.written = 0;
      handlers!.onDrain();
    },
  };
}

test("what is sent while the other side does not read is lost and counted, and costs no memory", async () => {
  const { transport, state, drain } = createNarrowTransport(16_384);
  const link = createFramedLink(transport, (callback) => callback());
  const writable: boolean[] = [];
  await link.open({
    onOpen: () => {},
    onPacket: () => {},
    onBatchEnd: () => {},
    onWritable: () => writable.push(link.isWritable),
    onClose: () => {},
  });
  for (let sequence = 0; sequence < 50_000; sequence++)
    link.send(packetTypes.nack, 0, sequence & 0xffff, 100);
  expect(state.written).toBeLessThan(3 * 16_384);
  expect(link.isWritable).toBe(false);
  expect(link.counters.unsentPackets).toBeGreaterThan(49_000);
  const unsent = link.counters.unsentPackets;
  drain();
  expect(writable).toEqual([true]);
  link.send(packetTypes.nack, 0, 1, 100);
  expect(state.written).toBeGreaterThan(100);
  expect(link.counters.unsentPackets).toBe(unsent);
});

test("links that gather frames in one turn mix none of them, whoever leaves first", async () => {
  const deferred: (() => void)[] = [];
  const heard: number[][] = [];
  const links = Array.from({ length: 40 }, () => {
    const sequences: number[] = [];
    heard.push(sequences);
    const parser = createFrameParser(({ sequence, bytes, start }) => sequences.push(sequence, bytes[start]!));
    const { transport } = createNarrowTransport(Number.POSITIVE_INFINITY);
    // As a socket that is busy: what was written is sent later.
    const written: Uint8Array[] = [];
    const slow: ByteTransport = { ...transport, write: (bytes) => written.push(bytes) > 0 };
    const link = createFramedLink(slow, (callback) => deferred.push(callback));
    const send = (): void => {
      for (const bytes of written.splice(0)) parser.push(Uint8Array.from(bytes));
    };
    return { link, send };
  });
  const handlers = {
    onOpen: () => {},
    onPacket: () => {},
    onBatchEnd: () => {},
    onWritable: () => {},
    onClose: () => {},
  };
  for (const { link } of links) await link.open(handlers);
  for (let turn = 0; turn < 5; turn++) {
    for (let packet = 0; packet < 3; packet++) {
      for (const [index, { link }] of links.entries()) {
        link.payload[0] = index;
        link.send(packetTypes.nack, 0, 3 * turn + packet, 300);
      }
    }
    for (const flush of deferred.splice(0).reverse()) flush();
  }
  for (const { send } of links) send();
  for (const [index, sequences] of heard.entries())
    expect(sequences).toEqual(Array.from({ length: 15 }, (_, sequence) => [sequence, index]).flat());
});
