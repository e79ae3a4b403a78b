import { beforeEach, expect, test } from "vitest";
import { createModelChunks, type ModelChunks } from "../../../firmware-bridge/model/model-chunks.ts";
import { modelWindowChunks } from "../../../firmware-bridge/protocol.ts";

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);
/** The largest payload that carries 16 bytes of a model. */
const maxPayloadBytes = 14 + 16 + 15;
let sent: number[];
let room: number;
let chunks: ModelChunks;

beforeEach(() => {
  sent = [];
  room = Number.POSITIVE_INFINITY;
  chunks = createModelChunks({
    bytes,
    transferId: 7,
    maxPayloadBytes,
    send: ({ offset, data }) => {
      if (sent.length >= room) return false;
      expect(data).toEqual(bytes.subarray(offset, Math.min(offset + 16, 100)));
      sent.push(offset);
      return true;
    },
  });
});

/** Offsets that are sent now. */
function fill(): number[] {
  sent = [];
  chunks.fill();
  return sent;
}

test("chunks are whole sixteens that fit, as many as the window has", () => {
  const window = Array.from({ length: modelWindowChunks }, (_, index) => 16 * index);
  expect(fill()).toEqual(window);
  expect(fill()).toEqual([]);
  expect(chunks.take(32)).toBe("progress");
  expect(fill()).toEqual([16 * modelWindowChunks, 16 * (modelWindowChunks + 1)]);
});

test("a full link ends the window early, and nothing is skipped", () => {
  room = 1;
  expect(chunks.fill()).toBe(false);
  room = Number.POSITIVE_INFINITY;
  expect(fill()[0]).toBe(16);
});

test("a gap is sent again once from its place, and then not before a wait is over", () => {
  fill();
  chunks.take(32);
  fill();
  expect(chunks.take(32)).toBe("gap");
  expect(fill()[0]).toBe(32);
  expect(chunks.take(32)).toBe("old");
  expect(fill()).toEqual([]);
  chunks.repeat();
  expect(fill()[0]).toBe(32);
});

test("the last chunk is shorter, and with it the transfer is complete", () => {
  chunks.restart(96);
  expect([chunks.isComplete, fill()]).toEqual([false, [96]]);
  expect([chunks.take(100), chunks.isComplete, chunks.sentBytes]).toEqual(["progress", true, 4]);
});
