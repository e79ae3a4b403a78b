import { expect, it } from "vitest";
import { createUnitDoubts } from "../../../../src/cli/score/recordings/unit-doubts.ts";
import { readBearing } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { chooseQuantisation } from "../../../../src/training/dataset/samples/quantise-samples.ts";
import { parseBearingWords } from "../../../../src/training/dataset/sidecar/bearing-words.ts";

it("says of numbers that cannot be g that they are perhaps counts", () => {
  const doubts = createUnitDoubts();
  const open = (path: string, peak: number) => ({
    file: { path, isCounts: false, pieces: async function* () {} },
    sidecar: { rateHz: 1, shaftRpm: 1, bearing: { bpfo: 1, bpfi: 1, bsf: 1, ftf: 1 }, scale: null },
    quantisation: {
      scale: peak / 32_000,
      offset: 0,
      countsPerNumber: 32_000 / peak,
      limitCount: 1,
      isAbsolute: false,
    },
    contract: {} as never,
    fileScale: { scale: null, otherUnit: null, unreadUnit: null, overruled: null },
  });
  doubts.look(open("a.wav", 8e6));
  doubts.look(open("b.wav", 300));
  expect(doubts.list()).toEqual([
    expect.stringMatching(/^a\.wav holds numbers .* too large to be g.*--scale/),
  ]);
});

it("says nothing of the unit of zeros", async () => {
  const zeros = {
    path: "zeros.npy",
    isCounts: false,
    pieces: async function* () {
      yield new Float64Array(100);
    },
  };
  const doubts = createUnitDoubts();
  doubts.look({
    file: zeros,
    sidecar: { rateHz: 1, shaftRpm: 1, bearing: { bpfo: 1, bpfi: 1, bsf: 1, ftf: 1 }, scale: null },
    quantisation: await chooseQuantisation(zeros, null, { min: -50, max: 50 }),
    contract: {} as never,
    fileScale: { scale: null, otherUnit: null, unreadUnit: null, overruled: null },
  });
  expect(doubts.list()).toEqual([]);
});

it("says of orders that look like hertz how they become orders", () => {
  expect(() => readBearing("bpfo=180.5,bpfi=240,bsf=120,ftf=12")).toThrow(/look like hertz.*rpm \/ 60/);
  const hertz = { bpfo: 150, bpfi: 180.5, bsf: 120, ftf: 12, shaft_rpm: 1797 };
  const parsed = parseBearingWords(hertz);
  expect(parsed).toMatchObject({ ok: false, error: expect.stringMatching(/180\.5 Hz \/ 29\.95 Hz = 6\.02/) });
});
