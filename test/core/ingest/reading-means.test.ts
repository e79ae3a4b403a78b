import { expect, test } from "vitest";
import type { Quarantine, Reading } from "../../../src/core/contract/stream.ts";
import { createReadingMeans } from "../../../src/core/ingest/reading-means.ts";

const lengthMs = 600_000;
const startMs = 1_700_000_400_000;

function watch() {
  const means: Reading[] = [];
  const quarantined: Quarantine[] = [];
  const each = createReadingMeans({
    lengthMs,
    onMean: (mean) => means.push(mean),
    onQuarantine: (quarantine) => quarantined.push(quarantine),
  });
  const accept = (atSeconds: number, value: number, channel = "power"): void => {
    const timestampMs = startMs + atSeconds * 1000;
    const arrival = { arrivedMs: timestampMs, arrivedMonotonicMs: atSeconds * 1000 };
    each.accept({ deviceId: "WT01", channel, unit: "kW", timestampMs, value, ...arrival }, 60_000);
  };
  return { means, quarantined, accept, advance: (seconds: number) => each.advance(startMs + seconds * 1000) };
}

test("an interval's mean is stamped with its beginning and comes with the next interval's first reading", () => {
  const { means, quarantined, accept } = watch();
  for (let minute = 0; minute < 10; minute++) accept(minute * 60, minute);
  expect(means).toEqual([]);
  accept(600, 100);
  expect(means).toMatchObject([{ timestampMs: startMs, value: 4.5, unit: "kW", deviceId: "WT01" }]);
  expect(quarantined).toEqual([]);
});

test("a last interval ends by the clock, and channels do not wait for each other", () => {
  const { means, accept, advance } = watch();
  for (let minute = 0; minute < 10; minute++) accept(minute * 60, 1);
  accept(630, 5, "wind-speed");
  advance(610);
  expect(means).toEqual([]);
  advance(620);
  expect(means.map(({ channel }) => channel)).toEqual(["power"]);
});

test("an interval of which more than half is missing has no mean, and is counted once", () => {
  const { means, quarantined, accept, advance } = watch();
  for (let minute = 0; minute < 4; minute++) accept(minute * 60, 1);
  advance(700);
  advance(800);
  expect(means).toEqual([]);
  expect(quarantined).toMatchObject([
    { reason: "gap", channel: "power", deviceId: "WT01", detail: "4 of 10 readings of an interval" },
  ]);
  for (let minute = 10; minute < 15; minute++) accept(minute * 60, 2);
  advance(1300);
  expect(means).toMatchObject([{ timestampMs: startMs + lengthMs, value: 2 }]);
});
