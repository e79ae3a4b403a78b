import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explainFile, renderExplanation } from "../../../../src/cli/score/recordings/explain-file.ts";
import { hedgeCalibrations } from "../../../../src/cli/score/recordings/file-summary.ts";
import { scoreFiles } from "../../../../src/cli/score/recordings/score-files.ts";
import { createUpperBandShifter, joinLogits } from "../../../../src/cli/score/recordings/upper-band.ts";
import { openSampleFile } from "../../../../src/cli/score/samples/sample-file.ts";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../../../src/core/serving/loaded-bundle.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy, scoreOnGateway, shippedBundle } from "../recordings.ts";

const rateHz = 25_600;
const shaftRpm = 1500;
const bearing = { bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7135, ftf: 0.39828 };
let bundle: LoadedBundle;

beforeAll(async () => {
  bundle = await serveBundle(shippedBundle, await readBundle(shippedBundle), {
    engine: "auto",
    logger: silentLogger,
  });
});
afterAll(() => bundle.retire());

/** Noise, and an outer race whose every blow rings a housing at 9 kHz; `blow` 0: healthy. */
function record(blow: number, seed: number): Int16Array {
  const random = createRandom(seed);
  const passHz = (bearing.bpfo * shaftRpm) / 60;
  return Int16Array.from({ length: 4 * rateHz }, (_, index) => {
    const timeS = index / rateHz;
    const sincePassS = (timeS * passHz - Math.floor(timeS * passHz)) / passHz;
    const ring = Math.exp(-sincePassS * 1500) * Math.sin(2 * Math.PI * 9000 * sincePassS);
    return Math.round(400 * (random.normal() + blow * ring));
  });
}

async function scoreCounts(counts: Int16Array) {
  const folder = createTemporaryFolder();
  const [file, out] = [join(folder, "a.npy"), join(folder, "out.jsonl")];
  writeFileSync(file, encodeNpy(counts, [counts.length]));
  const sidecar = { rateHz, shaftRpm, bearing, scale: 0.001 };
  const [summary] = await scoreFiles(bundle, {
    files: [file],
    out,
    baseline: null,
    progress: () => {},
    describe: () => Promise.resolve({ sidecar, channel: null }),
  });
  const rows = readFileSync(out, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number>);
  const onGateway = await scoreOnGateway(bundle, { counts, sidecar }, 496);
  return { summary: summary!, rows, onGateway };
}

describe("the upper band of a fast recording", () => {
  it("is heard: a fault that rings above what the features decimate to is found, and rows stay the gateway's", async () => {
    const { summary, rows, onGateway } = await scoreCounts(record(3, 1));
    expect(summary.faultProbability).toBeGreaterThan(0.9);
    expect(summary.probabilities.outer).toBeGreaterThan(0.9);
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.map((row) => [row.quantised_inner, row.quantised_outer, row.quantised_ball])).toEqual(
      onGateway.map(({ output }) => [...output.quantised]),
    );
    // The gateway hears the lower band alone.
    for (const row of rows) expect(row.probability_outer).toBeLessThan(0.5);
  });

  it("says nothing of a healthy machine", async () => {
    const { summary } = await scoreCounts(record(0, 2));
    expect(summary.faultProbability).toBeLessThan(0.2);
    for (const value of Object.values(summary.probabilities)) expect(value).toBeLessThan(0.5);
  });

  it("is explained beside the lower one, and is none where the recording is slow", async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "a.npy");
    const counts = record(3, 1);
    writeFileSync(path, encodeNpy(counts, [counts.length]));
    const file = await openSampleFile(path, null);
    const sidecar = { rateHz, shaftRpm, bearing, scale: 0.001 };
    const both = await explainFile(bundle, file, sidecar);
    const [lower, upper] = [both.modes[1]!, both.upperBand![1]!];
    expect(upper).toMatchObject({ failureMode: "outer-race" });
    expect(upper.probability).toBeGreaterThan(Math.max(0.9, lower.probability));
    for (const { baseValue, groups, score } of [...both.modes, ...both.upperBand!]) {
      const sum = groups.reduce((total, { share }) => total + share, baseValue);
      expect(Math.abs(sum - score)).toBeLessThan(1e-9);
    }
    expect(renderExplanation(both, false)).toMatch(/which no gateway hears:\n\ninner-race {2}p = /);
    const slow = await explainFile(bundle, file, { ...sidecar, rateHz: 12_800 });
    expect(slow.upperBand).toBeNull();
    expect(renderExplanation(slow, false)).not.toContain("no gateway hears");
  });

  it("moves to the difference from the carrier, the same for every length of block", () => {
    const shift = createUpperBandShifter(bundle.manifest, rateHz)!;
    const counts = Int16Array.from({ length: 4000 }, (_, index) =>
      Math.round(10_000 * Math.cos((2 * Math.PI * 8000 * index) / rateHz)),
    );
    const block = (from: number, to: number) => ({
      deviceId: "a",
      channel: "a",
      unit: "g",
      timestampMs: 0,
      scale: 1,
      shaftRpm,
      sampleRateHz: rateHz,
      firstSample: from,
      counts: counts.subarray(from, to),
      arrivedMonotonicMs: 0,
    });
    const whole = shift(block(0, 4000)).counts.slice();
    expect([...shift(block(1000, 1700)).counts]).toEqual([...whole.subarray(1000, 1700)]);
    const powerAt = (hz: number): number => {
      let [real, imaginary] = [0, 0];
      for (const [index, count] of whole.entries()) {
        real += count * Math.cos((2 * Math.PI * hz * index) / rateHz);
        imaginary += count * Math.sin((2 * Math.PI * hz * index) / rateHz);
      }
      return Math.hypot(real, imaginary) / whole.length;
    };
    // 0.85 · 12.8 kHz − 8 kHz
    expect(powerAt(2880)).toBeCloseTo(2500, -2);
    expect(powerAt(8000)).toBeLessThan(50);
  });

  it("is not there where the features hear the recording whole", () => {
    expect(createUpperBandShifter(bundle.manifest, 12_000)).toBeNull();
    expect(createUpperBandShifter(bundle.manifest, 23_999)).toBeNull();
    expect(
      createUpperBandShifter(
        { ...bundle.manifest, features: { ...bundle.manifest.features, chains: [] } },
        48_000,
      ),
    ).toBeNull();
  });

  it("joins two logits to one between their mean and the higher", () => {
    expect(joinLogits(-2, -2)).toBeCloseTo(-2, 12);
    expect(joinLogits(-2, 900)).toBeCloseTo(900 - 2 * Math.log(2), 9);
    expect(joinLogits(3, -1)).toBeCloseTo(2 * Math.log((Math.exp(1.5) + Math.exp(-0.5)) / 2), 12);
  });
});

describe("calibrations for machines that nobody trained on", () => {
  it("lie half-way between each mode's own and the mean of all", () => {
    expect(
      hedgeCalibrations([
        { slope: 1, intercept: 4 },
        { slope: 3, intercept: -2 },
      ]),
    ).toEqual([
      { slope: 1.5, intercept: 2.5 },
      { slope: 2.5, intercept: -0.5 },
    ]);
  });
});
