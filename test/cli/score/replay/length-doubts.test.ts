import { expect, it } from "vitest";
import { createLengthDoubts } from "../../../../src/cli/score/replay/length-doubts.ts";

/** A recording an hour of each of `lengths` in ms; a rate where it is not 25,600 Hz. */
function doubtsOf(...recordings: readonly (number | readonly [lengthMs: number, rateHz: number])[]) {
  const doubts = createLengthDoubts();
  for (const [hour, each] of recordings.entries()) {
    const [lengthMs, rateHz] = typeof each === "number" ? [each, 25_600] : each;
    const timeMs = Date.UTC(2024, 2, 1, hour);
    const description = { sidecar: { rateHz } };
    doubts.look({ file: `${hour}.npy`, point: "b1", timeMs, description }, lengthMs);
    doubts.look({ file: "steady.npy", point: "b2", timeMs, description }, 1000);
  }
  return doubts.list();
}

it("says from which recording on all are half as long, 2.5 or 4 times as long, at one stated rate", () => {
  expect(doubtsOf(1280, 1280, 1279, 1280, 640, 642, 640, 640)).toEqual([
    "b1: from 4.npy (2024-03-01T04:00:00Z) on each recording is half as long at the same stated rate of 25600 Hz: was the rate changed?",
  ]);
  expect(doubtsOf(1000, 1000, 1000, 300, 2500, 2500, 2500).join()).toContain(
    "from 4.npy (2024-03-01T04:00:00Z) on each recording is 2.5 times as long",
  );
  expect(doubtsOf(1000, 1000, 1000, 250, 1000, 250, 250, 250).join()).toContain("from 5.npy");
  expect(doubtsOf(1000, 1000, 1000, 250, 250, 250, 1000, 250).join()).toContain(
    "from 3.npy (2024-03-01T03:00:00Z) on each recording is 1/4 as long",
  );
});

it("says nothing of a few, of other lengths, of one length of many, or of a stated rate that changes likewise", () => {
  for (const lengths of [
    [1000, 1000, 1000, 500, 500],
    [1000, 500, 1000, 500, 1000, 500, 1000, 500],
    [1000, 1000, 1000, 700, 700, 700],
    [1000, 1000, 1000, 512, 512, 512],
    [5, 9, 13, 22, 40, 71],
  ])
    expect(doubtsOf(...lengths)).toEqual([]);
  const halved = [640, 12_800] as const;
  expect(doubtsOf(1280, 1280, 1280, halved, halved, halved)).toEqual([]);
});
