import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createUnitDoubts } from "../../../../src/cli/score/recordings/unit-doubts.ts";
import { readBearing } from "../../../../src/cli/score/sidecar/sidecar-options.ts";
import { chooseQuantisation } from "../../../../src/training/dataset/samples/quantise-samples.ts";
import { openSampleFile } from "../../../../src/training/dataset/samples/sample-file.ts";
import { parseBearingWords } from "../../../../src/training/dataset/sidecar/bearing-words.ts";
import { column, encodeMat } from "../../../support/mat-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy } from "../recordings.ts";

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

it("says of whole numbers of any length that nobody says what one is worth, and of others nothing", async () => {
  const folder = createTemporaryFolder();
  const waves = Array.from({ length: 300 }, (_, at) => 100 + Math.round(90 * Math.sin(at)));
  const files = {
    "a.npy": encodeNpy(Float64Array.from(waves), [300]),
    "b.npy": encodeNpy(Int16Array.from(waves), [300], { descr: "<u2" }),
    "c.mat": encodeMat({ x: column(Uint16Array.from(waves)) }, { packed: false }),
    "d.mat": encodeMat({ x: column(Int32Array.from(waves)) }, { packed: false }),
    "e.mat": encodeMat({ x: column(Float64Array.from(waves)) }, { packed: false }),
  };
  const doubts = createUnitDoubts();
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const file = await openSampleFile(path, null);
    doubts.look({
      file,
      sidecar: { rateHz: 1, shaftRpm: 1, bearing: { bpfo: 1, bpfi: 1, bsf: 1, ftf: 1 }, scale: null },
      quantisation: await chooseQuantisation(file, null, { min: -50, max: 50 }),
      contract: {} as never,
      fileScale: { scale: null, otherUnit: null, unreadUnit: null, overruled: null },
    });
  }
  expect(doubts.list()).toEqual([
    expect.stringMatching(/b\.npy \(and 2 more\) holds whole numbers and nothing says what one is worth/),
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
