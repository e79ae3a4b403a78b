import { expect, test } from "vitest";
import { channelsSchema } from "../../../../src/core/contract/bundle/manifest.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { checkLevels } from "../../../../src/training/dataset/scada/check/check-levels.ts";
import type { ScannedFarm } from "../../../../src/training/dataset/scada/check/scanned-farm.ts";
import { channel, describeFarm } from "./invented-table.ts";

/** Four turbines whose pitch stands at `fine` degrees, within a sensor's offset, and moves a fifth of the time; the last times `scale`. */
function pitchFarm(seed: number, fine: number, scale: number): ScannedFarm {
  const random = createRandom(seed);
  const rows = 300;
  const turbines = ["A", "B", "C", "D"].map((turbine, index) => {
    const offset = 0.2 * (random.uniform() - 0.5);
    const unit = index === 3 ? scale : 1;
    const pitch = Float64Array.from({ length: rows }, (_, row) =>
      row % 5 === 0 ? 10 * random.uniform() : fine + offset + 0.1 * (random.uniform() - 0.5),
    ).map((degrees) => Math.round(100 * degrees * unit) / 100);
    const none = new Float64Array(rows);
    return { turbine, rows, timestampMs: none, columns: [pitch, none, none] };
  });
  const source = {
    ...describeFarm({ columns: { "pitch-angle": "pitch" } }),
    channels: channelsSchema().parse([channel("pitch-angle", "deg", 100)]),
  };
  return {
    dataDir: "farm",
    source,
    turbines,
    files: ["farm.csv"],
    repeated: new Map(),
    losses: [],
  };
}

test("a pitch column near zero is in no other unit because sensors differ by a tenth of a degree", () => {
  for (let seed = 0; seed < 200; seed++) expect(checkLevels(pitchFarm(seed, 0, 1), [])).toEqual([]);
});

test("a turbine whose pitch is in rad among others in deg is found", () => {
  for (const fine of [1, 8])
    expect(checkLevels(pitchFarm(1, fine, Math.PI / 180), [])).toEqual([
      expect.objectContaining({ problem: expect.stringContaining("of D seems to be in rad") }),
    ]);
});
