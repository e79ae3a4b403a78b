import { expect, it } from "vitest";
import { encodeBenchStream } from "../../scripts/bench/bench-stream.ts";

it("a stream may end between two samples", () => {
  const stream = encodeBenchStream(0.10001, 0, { sampleRateHz: 12_000, channels: 2 });
  expect(stream.samples).toBe(1200);
  expect(stream.bytes.length).toBeGreaterThan(2 * 2 * 1200);
});
