import { expect, test } from "vitest";
import type { ChannelContract } from "../../../src/core/contract/bundle/manifest.ts";
import { createScalarIngest } from "../../../src/core/ingest/scalar-ingest.ts";
import { createHeardChannels } from "../../../src/gateway/diagnosis/heard-channels.ts";

const contract: ChannelContract = {
  name: "oil",
  kind: "scalar",
  unit: "°C",
  min: 0,
  max: 120,
  minRateHz: 0,
  maxRateHz: 1,
  stuckAfter: 1000,
  missing: "quarantine",
};

/** The verdict after values a minute apart, each sent so many times. */
function judge(values: readonly number[], times: number): string | null {
  const heard = createHeardChannels(60_000);
  const sink = { quarantine: heard.refuse, schemaDrift: () => {} };
  const ingest = createScalarIngest({ contractOf: () => contract, sink });
  for (const [minute, value] of values.entries()) {
    for (let time = 0; time < times; time++) {
      const atMs = (minute + time / times) * 60_000;
      const reading = {
        deviceId: "WT01",
        channel: "oil",
        unit: "°C",
        value,
        timestampMs: 1.7e12 + minute * 60_000,
        arrivedMs: 1.7e12 + atMs,
        arrivedMonotonicMs: atMs,
      };
      heard.hear(reading);
      ingest.accept(reading);
    }
  }
  return heard.judge()[0]!.refusal;
}

test.each([1, 2, 6])("a channel of a wrong scale is told, each value sent %d times", (times) => {
  const wrong = Array.from({ length: 10 }, (_, index) => 550 + index);
  expect(judge(wrong, times)).toMatch(/^expected 0 to 120 °C, got 559$/);
  expect(judge([...wrong, 55], times)).toBeNull();
  expect(judge([...wrong, 55, 551, 552], times)).toBeNull();
});
