import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { explainFile, renderExplanation } from "../../../../src/cli/score/recordings/explain-file.ts";
import { probabilityKey } from "../../../../src/cli/score/recordings/file-summary.ts";
import { scoreFiles } from "../../../../src/cli/score/recordings/score-files.ts";
import {
  explainWindow,
  type LoadedBundle,
  type ScoredWindow,
} from "../../../../src/core/serving/loaded-bundle.ts";
import { openSampleFile } from "../../../../src/training/dataset/samples/sample-file.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";
import { encodeNpy } from "../recordings.ts";
import { request, scoreSimulated, simulated } from "./scored-simulation.ts";

const { counts, sidecar } = simulated;
let bundle: LoadedBundle;
let onGateway: readonly ScoredWindow[];

beforeAll(async () => {
  ({ bundle, onGateway } = await scoreSimulated());
});
afterAll(() => bundle.retire());

describe("explaining a file", () => {
  it("explains the first window as the gateway would, every mode with its bars", async () => {
    const file = join(createTemporaryFolder(), "a.npy");
    writeFileSync(file, encodeNpy(counts, [1, counts.length]));
    const explanation = await explainFile(bundle, await openSampleFile(file, null), { sidecar });
    const first = onGateway[0]!;
    const expected = await explainWindow(bundle, first.window.features);
    expect(explanation.window).toMatchObject({ fromMs: first.window.fromMs, toMs: first.window.toMs });
    for (const [index, mode] of explanation.modes.entries()) {
      expect(mode).toMatchObject({ ...expected[index]!, quantised: first.output.quantised[index] });
      const sum = mode.groups.reduce((total, { share }) => total + share, mode.baseValue);
      expect(Math.abs(sum - mode.score)).toBeLessThanOrEqual(1e-9);
    }
    const text = renderExplanation(explanation, false);
    for (const { failureMode } of explanation.modes) expect(text).toContain(`\n${failureMode}  p = `);
    expect(text.match(/█{24}/g)).toHaveLength(3);
    expect(text).not.toContain("\u001b");
    expect(renderExplanation(explanation, true)).toContain("\u001b[34m");
  });

  it("explains the window that holds a moment, and says where none follows", async () => {
    const file = join(createTemporaryFolder(), "a.npy");
    writeFileSync(file, encodeNpy(counts, [counts.length]));
    const third = onGateway[2]!;
    const { fromMs, toMs, features } = third.window;
    const explain = async (atMs: number) =>
      explainFile(bundle, await openSampleFile(file, null), { sidecar, atMs });
    for (const atMs of [fromMs + 1, (fromMs + toMs) / 2, toMs - 1]) {
      const { window, modes } = await explain(atMs);
      expect(window).toMatchObject({ fromMs, toMs });
      expect(modes).toMatchObject(await explainWindow(bundle, features));
    }
    await expect(explain(1e9)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      message: expect.stringMatching(/has no window that can be scored from 1000000 s on$/),
    });
  });

  it("says how long a window is when the file has none", async () => {
    const file = join(createTemporaryFolder(), "a.npy");
    writeFileSync(file, encodeNpy(counts.slice(0, 500), [500]));
    await expect(explainFile(bundle, await openSampleFile(file, null), { sidecar })).rejects.toMatchObject({
      code: "DATA_FORMAT",
      hint: expect.stringMatching(
        /^a window is \d+ revolutions of good data, 8 of a short recording: [\d.]+ s/,
      ),
    });
  });

  it("explains a recording shorter than a window as one of its own length, as it is scored", async () => {
    const file = join(createTemporaryFolder(), "a.npy");
    const revolution = (60 * sidecar.rateHz) / sidecar.shaftRpm;
    writeFileSync(
      file,
      encodeNpy(counts.slice(0, Math.round(12 * revolution)), [Math.round(12 * revolution)]),
    );
    const explanation = await explainFile(bundle, await openSampleFile(file, null), { sidecar });
    expect(explanation.window.isShort).toBe(true);
    expect(explanation.window.toMs).toBeCloseTo((12 * 60_000) / sidecar.shaftRpm, -1);
    expect(renderExplanation(explanation, false)).toContain("shorter than the bundle's");
    const out = join(createTemporaryFolder(), "out.jsonl");
    await scoreFiles(bundle, request([file], out));
    const row = JSON.parse(readFileSync(out, "utf8")) as Record<string, number>;
    for (const { failureMode, probability } of explanation.modes) {
      expect(row[`probability_${probabilityKey(failureMode)}`]).toBeCloseTo(probability, 9);
    }
  });
});
