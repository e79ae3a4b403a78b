import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listSnapshotDoubts } from "../../../../src/cli/score/replay/snapshot-doubts.ts";
import { manifestSchema } from "../../../../src/core/contract/bundle/manifest.ts";
import { shippedBundle } from "../recordings.ts";

const manifest = manifestSchema().parse(
  JSON.parse(readFileSync(join(shippedBundle, "manifest.json"), "utf8")),
);
/** All lines of both races lie within .33 orders of the shaft's harmonics, one of the rolling elements does not. */
const bearing = { bpfo: 8.89, bpfi: 11.11, bsf: 6.45, ftf: 0.444 };
const doubtsOf = (mostRevolutions: number | null) =>
  listSnapshotDoubts(manifest, () => bearing, [{ point: "b1", mostRevolutions }]);

test("a fault whose lines cannot be told from the shaft's in recordings so short is named", () => {
  expect(doubtsOf(3)).toEqual([
    expect.stringMatching(
      /^b1: its recordings have 3\.0 revolutions at most, and all lines of .*the outer race.* lie within 0\.4 orders .* says no more than that the machine has changed; record \d+ revolutions, [\d.]+ times as long$/,
    ),
  ]);
  expect(doubtsOf(3).join()).not.toContain("loudness");
});

test("how long is long enough is named, but not where the lines are the shaft's at any length", () => {
  const adviseAt = (bpfo: number, revolutions: number): string | undefined =>
    listSnapshotDoubts(manifest, () => ({ bpfo, bpfi: 27.6, bsf: 10.5, ftf: 0.43 }), [
      { point: "b1", mostRevolutions: revolutions },
    ])[0];
  expect(adviseAt(11.9, 4)).toMatch(/; record 5 revolutions, 1\.3 times as long$/);
  expect(adviseAt(11.986, 24)).toMatch(/; record 30 revolutions, 1\.3 times as long$/);
  expect(adviseAt(11.9942, 24)).toMatch(/changed; no length of recording shows the outer race$/);
  expect(adviseAt(11.986, 30)).toBeUndefined();
});

test("longer recordings, unknown ones and windows in seconds say nothing", () => {
  for (const revolutions of [30, 60, 1000, null]) expect(doubtsOf(revolutions)).toEqual([]);
  const inSeconds = { ...manifest, window: { unit: "seconds", length: 1, hop: 1 } } as const;
  expect(listSnapshotDoubts(inSeconds, () => bearing, [{ point: "b1", mostRevolutions: 3 }])).toEqual([]);
  expect(listSnapshotDoubts(manifest, () => undefined, [{ point: "b1", mostRevolutions: 3 }])).toEqual([]);
});
