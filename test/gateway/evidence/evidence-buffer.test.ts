import { expect, it } from "vitest";
import type { RecordedBlock } from "../../../src/core/contract/stream.ts";
import { createEvidenceBuffer } from "../../../src/gateway/evidence/evidence-buffer.ts";

function blockOf(channel: string, sampleRateHz = 100): RecordedBlock {
  const counts = Int16Array.of(1, 2, 3);
  const when = { timestampMs: 0, firstSample: 0 };
  return { deviceId: "d", channel, unit: "g", ...when, scale: 1, sampleRateHz, shaftRpm: 1_500, counts };
}

it("buffers no more channels than there is room for, and says once which one has none", () => {
  const told: string[] = [];
  const buffer = createEvidenceBuffer({
    channels: new Set(["d/a", "d/b"]),
    seconds: 1,
    maxBytes: 399,
    onOpened: (_, channel, sampleRateHz) => told.push(`${channel} at ${sampleRateHz} Hz`),
    onFull: (_, channel) => told.push(`no room for ${channel}`),
  });
  const held = (channel: string): number[] => {
    const counts: number[] = [];
    buffer.replay("d", channel, (block) => counts.push(...block.counts));
    return counts;
  };
  for (const channel of ["a", "b", "b", "a"]) buffer.accept(blockOf(channel));
  expect(told).toEqual(["a at 100 Hz", "no room for b"]);
  // A second of 100 samples of two bytes.
  expect(buffer.bytes).toBe(200);
  expect([held("a"), held("b")]).toEqual([[1, 2, 3, 1, 2, 3], []]);
  // Of another rate it begins anew, in the room that it had.
  buffer.accept(blockOf("a", 150));
  expect(told.at(-1)).toBe("a at 150 Hz");
  expect(buffer.bytes).toBe(300);
  expect(held("a")).toEqual([1, 2, 3]);
});
