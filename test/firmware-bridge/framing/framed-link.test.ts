import { expect, test } from "vitest";
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
