import { expect, it } from "vitest";
import { createFrameParser } from "../../firmware-bridge/framing/frame-parser.ts";
import { createRawWindowDecoder } from "../../firmware-bridge/messages/raw-window-codec.ts";
import { maxSamplesPerFrame } from "../../firmware-bridge/protocol.ts";
import { type BenchStream, benchSessionId, encodeBenchStream } from "../../scripts/bench/bench-stream.ts";

it("a stream may end between two samples", () => {
  const stream = encodeBenchStream(0.10001, { sampleRateHz: 12_000, channels: 2 });
  expect(stream.samples).toBe(1200);
  expect(stream.bytes.length).toBeGreaterThan(2 * 2 * 1200);
});

/** Counts of a stream of one channel. */
function decodeCounts(stream: BenchStream): Int16Array {
  const counts = new Int16Array(stream.samples);
  const decoder = createRawWindowDecoder(maxSamplesPerFrame);
  const parser = createFrameParser(({ bytes, start, end }) => {
    const raw = decoder.decode(bytes, start, end)!;
    counts.set(raw.counts, raw.firstSample);
  });
  parser.bind(benchSessionId);
  parser.push(Buffer.from(stream.bytes));
  return counts;
}

it("a longer stream begins with a shorter one, also where a fault grows, whose second minute is repeated", () => {
  const options = { sampleRateHz: 8000, isFailing: true };
  const [first, whole] = [180, 240].map((seconds) => encodeBenchStream(seconds, options));
  expect(whole!.bytes.subarray(0, first!.bytes.length).equals(first!.bytes)).toBe(true);
  expect(whole!.byteAt(180 / 240)).toBe(first!.bytes.length);
  const counts = decodeCounts(whole!);
  const [healthy, failing, ...repeated] = [0, 1, 2, 3].map((minute) =>
    Buffer.from(counts.slice(minute * 480_000, (minute + 1) * 480_000).buffer),
  );
  for (const minute of repeated) expect(minute.equals(failing!)).toBe(true);
  expect(failing!.equals(healthy!)).toBe(false);
});

it("a share of a stream is cut where a frame begins", () => {
  const stream = encodeBenchStream(1);
  expect(stream.byteAt(0)).toBe(0);
  expect(stream.byteAt(1)).toBe(stream.bytes.length);
  for (const share of [0.1, 0.333, 0.5, 0.99]) {
    const at = stream.byteAt(share);
    // A frame lies between two zeros, and none is within it.
    expect([stream.bytes[at - 1], stream.bytes[at]]).toEqual([0, 0]);
    expect(at).toBeLessThanOrEqual(share * stream.bytes.length);
  }
});
