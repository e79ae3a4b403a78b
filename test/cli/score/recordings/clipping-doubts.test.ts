import { expect, it } from "vitest";
import { measureClippedShare } from "../../../../src/cli/score/recordings/clipping-doubts.ts";
import { createUnitDoubts } from "../../../../src/cli/score/recordings/unit-doubts.ts";
import { readBearing } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { chooseQuantisation } from "../../../../src/training/dataset/samples/quantise-samples.ts";
import { parseBearingWords } from "../../../../src/training/dataset/sidecar/bearing-words.ts";

const random = createRandom(5);
const noise = Float64Array.from({ length: 100_000 }, () => random.normal());
const sine = noise.map((_, at) => Math.sin(0.0137 * at));

it.each([1, 2, 2.9])("finds noise that is clipped at %d deviations", (limit) => {
  const share = measureClippedShare(noise.map((each) => Math.max(-limit, Math.min(limit, each))));
  expect(share).toBeCloseTo(noise.filter((each) => Math.abs(each) >= limit).length / noise.length, 5);
});

it("takes nothing else for clipped: noise, a tone, coarse counts of both, a stuck sensor, or none at all", () => {
  for (const steps of [3, 10, 60, 100, 200, 500, 32_000]) {
    expect(measureClippedShare(sine.map((each) => Math.round(each * steps)))).toBeNull();
    expect(measureClippedShare(noise.map((each) => Math.round((each * steps) / 5)))).toBeNull();
  }
  for (const samples of [noise, sine, noise.map(() => 1), new Float64Array(0)]) {
    expect(measureClippedShare(samples)).toBeNull();
  }
});

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
