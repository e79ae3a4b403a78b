import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oneKind, recordRig } from "../../../../scripts/bench/transfer-rig.ts";
import { explainFile, renderExplanation } from "../../../../src/cli/score/recordings/explain-file.ts";
import { hedgeCalibrations } from "../../../../src/cli/score/recordings/file-summary.ts";
import { scoreFiles } from "../../../../src/cli/score/recordings/score-files.ts";
import { readBundle } from "../../../../src/core/bundle/verify-bundle.ts";
import { computeProbability } from "../../../../src/core/decision/calibrate.ts";
import { joinLogits } from "../../../../src/core/decision/join-logits.ts";
import { dequantise } from "../../../../src/core/inference/student-engine.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";
import { silentLogger } from "../../../../src/core/platform/logger.ts";
import {
  type LoadedBundle,
  type ScoredWindow,
  serveBundle,
} from "../../../../src/core/serving/loaded-bundle.ts";
import { openSampleFile } from "../../../../src/training/dataset/samples/sample-file.ts";
import type { Sidecar } from "../../../../src/training/dataset/sidecar/sidecar.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy, scoreOnGateway, shippedBundle, simulateFault } from "../recordings.ts";

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
  return Int16Array.from({ length: 8 * rateHz }, (_, index) => {
    const timeS = index / rateHz;
    const sincePassS = (timeS * passHz - Math.floor(timeS * passHz)) / passHz;
    const ring = Math.exp(-sincePassS * 1500) * Math.sin(2 * Math.PI * 9000 * sincePassS);
    return Math.round(400 * (random.normal() + blow * ring));
  });
}

async function scoreCounts(counts: Int16Array, known: Partial<Sidecar> = {}) {
  const folder = createTemporaryFolder();
  const [file, out] = [join(folder, "a.npy"), join(folder, "out.jsonl")];
  writeFileSync(file, encodeNpy(counts, [counts.length]));
  const sidecar = { rateHz, shaftRpm, bearing, ...known, scale: 0.001 };
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

function probabilityOf(logits: Float64Array, mode: number): number {
  return computeProbability(logits[mode]!, bundle.manifest.calibration[mode]!);
}

/** What a row says of its window, and what a gateway says of it. */
function cellsOf(row: Record<string, number>): number[] {
  const modes = ["inner", "outer", "ball"];
  return [row.from_ms!, ...modes.flatMap((mode) => [row[`quantised_${mode}`]!, row[`probability_${mode}`]!])];
}
function cellsOfWindow({ window, output }: ScoredWindow): number[] {
  const modes = [...output.quantised].flatMap((value, mode) => [value, probabilityOf(output.logits, mode)]);
  return [window.fromMs, ...modes];
}

describe("the upper band of a fast recording", () => {
  it("is heard: a fault that rings above what the features decimate to is found, in every row as by the gateway", async () => {
    const { summary, rows, onGateway } = await scoreCounts(record(3, 1));
    expect(summary.faultProbability).toBeGreaterThan(0.9);
    expect(summary.probabilities.outer).toBeGreaterThan(0.9);
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.map((row) => [row.quantised_inner, row.quantised_outer, row.quantised_ball])).toEqual(
      onGateway.map(({ output }) => [...output.quantised]),
    );
    for (const [index, row] of rows.entries()) {
      expect(row.probability_outer).toBeGreaterThan(0.9);
      const { logits, bands } = onGateway[index]!.output;
      const { calibration } = bundle.manifest;
      expect(row.probability_outer).toBe(computeProbability(logits[1]!, calibration[1]!));
      // The integers are of the lower band, which hears nothing of it.
      expect(computeProbability(bands!.lower.logits[1]!, calibration[1]!)).toBeLessThan(0.5);
    }
  });

  it.each([
    [25_600, 2100],
    [51_200, 1800],
  ])("is decided upon as it is scored, window by window, at %i Hz", async (rate, rpm) => {
    const family = {
      name: "rings above",
      rateHz: rate,
      shaftRpm: rpm,
      seconds: 8,
      // Faint enough that the lower band of a window does not hear every fault by itself.
      blow: [2, 4],
      ringsHz: [6500, 9500],
    } as const;
    let risen = 0;
    for (const { faults, bearing: orders, samples } of recordRig(family, 8, oneKind)) {
      const counts = Int16Array.from(samples, (value) => Math.round(value * 500));
      const { rows, onGateway } = await scoreCounts(counts, { rateHz: rate, shaftRpm: rpm, bearing: orders });
      expect(rows.length).toBeGreaterThan(3);
      expect(rows.map(cellsOf)).toEqual(onGateway.map(cellsOfWindow));
      // Some windows of a fault reach a threshold by both bands that the lower one alone leaves below.
      const { thresholds } = bundle.manifest;
      for (const { output } of faults.length === 0 ? [] : onGateway) {
        const [joined, lower] = [output.logits, output.bands!.lower.logits].map((logits) =>
          thresholds.some(({ raise }, mode) => probabilityOf(logits, mode) >= raise),
        );
        if (joined && !lower) risen++;
      }
    }
    expect(risen).toBeGreaterThan(0);
  });

  it("is not there at 12 kHz: logits are the integers' own", async () => {
    const { counts, sidecar } = simulateFault(12);
    const { rows, onGateway } = await scoreCounts(counts, sidecar);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.map(cellsOf)).toEqual(onGateway.map(cellsOfWindow));
    const { outputScale, outputZeroPoint } = bundle.engine;
    for (const { window, output } of onGateway) {
      expect(window).not.toHaveProperty("upperFeatures");
      expect(output).toEqual({
        quantised: output.quantised,
        logits: dequantise(output.quantised, outputScale, outputZeroPoint),
      });
    }
  });

  it("says nothing of a healthy machine", async () => {
    const { summary } = await scoreCounts(record(0, 2));
    expect(summary.faultProbability).toBeLessThan(0.3);
    for (const value of Object.values(summary.probabilities)) expect(value).toBeLessThan(0.5);
  });

  it("is explained beside the lower one, and is none where the recording is slow", async () => {
    const folder = createTemporaryFolder();
    const path = join(folder, "a.npy");
    const counts = record(3, 1);
    writeFileSync(path, encodeNpy(counts, [counts.length]));
    const file = await openSampleFile(path, null);
    const sidecar = { rateHz, shaftRpm, bearing, scale: 0.001 };
    const both = await explainFile(bundle, file, { sidecar });
    const [lower, upper] = [both.modes[1]!, both.upperBand![1]!];
    expect(upper).toMatchObject({ failureMode: "outer-race" });
    expect(upper.probability).toBeGreaterThan(Math.max(0.9, lower.probability));
    for (const { baseValue, groups, score } of [...both.modes, ...both.upperBand!]) {
      const sum = groups.reduce((total, { share }) => total + share, baseValue);
      expect(Math.abs(sum - score)).toBeLessThan(1e-9);
    }
    const [, together] = both.bothBands!;
    expect(together!.score).toBe(joinLogits(lower.score, upper.score));
    expect(renderExplanation(both, false)).toMatch(/in the band above:\n\ninner-race {2}p = /);
    expect(renderExplanation(both, false)).toContain(`outer-race ${together!.probability.toFixed(3)}`);
    expect(upper.evidence!.harmonics.found).toBeGreaterThan(0);
    expect(renderExplanation(both, false).replace(/\s+/g, " ")).toContain(upper.evidence!.sentence);
    const slow = await explainFile(bundle, file, { sidecar: { ...sidecar, rateHz: 12_800 } });
    expect(slow.upperBand).toBeNull();
    expect(slow.bothBands).toBeNull();
    expect(renderExplanation(slow, false)).not.toContain("band above");
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
