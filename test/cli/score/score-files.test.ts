import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../../src/bundle/verify-bundle.ts";
import { explainFile, renderExplanation } from "../../../src/cli/score/explain-file.ts";
import { openSampleFile } from "../../../src/cli/score/sample-file.ts";
import { scoreFiles } from "../../../src/cli/score/score-files.ts";
import type { Sidecar } from "../../../src/cli/score/sidecar.ts";
import { explainWindow } from "../../../src/gateway/explain-window.ts";
import { type LoadedBundle, serveBundle } from "../../../src/gateway/loaded-bundle.ts";
import type { ScoredWindow } from "../../../src/gateway/pipeline.ts";
import { silentLogger } from "../../../src/platform/logger.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { encodeNpy, scoreOnGateway, shippedBundle, simulateFault } from "./recordings.ts";

const simulated = simulateFault(20);
const { counts, sidecar } = simulated;
let bundle: LoadedBundle;
let onGateway: ScoredWindow[];

beforeAll(async () => {
  bundle = await serveBundle(shippedBundle, await readBundle(shippedBundle), "auto", silentLogger);
  onGateway = await scoreOnGateway(bundle, simulated, 700);
});
afterAll(() => bundle.retire());

/** Scores one file of these bytes; its rows as numbers by column, and its summary. */
async function score(
  name: string,
  bytes: Uint8Array | string,
  channel: string | null,
  known: Sidecar = sidecar,
) {
  const folder = createTemporaryFolder();
  const file = join(folder, name);
  const out = join(folder, "predictions.csv");
  writeFileSync(file, bytes);
  const [summary] = await scoreFiles(bundle, { files: [file], channel, sidecar: known, out });
  expect(readdirSync(folder).sort()).toEqual([name, "predictions.csv"].sort());
  const [header, ...lines] = readFileSync(out, "utf8").trimEnd().split("\n");
  const names = header!.split(",");
  const rows = lines.map((line) =>
    Object.fromEntries(line.split(",").map((value, index) => [names[index]!, Number(value)])),
  );
  return { summary: summary!, rows };
}

const quantisedOf = (rows: readonly Record<string, number>[]): (number | undefined)[][] =>
  rows.map((row) => ["inner", "outer", "ball"].map((key) => row[`quantised_${key}`]));

describe("scoring files", () => {
  it.each(["npy", "csv", "float64 npy"])(
    "gives the gateway's own integers for the same counts, from %s",
    async (format) => {
      const bothChannels = new Int16Array(2 * counts.length);
      bothChannels.set(counts.slice().reverse());
      bothChannels.set(counts, counts.length);
      const { rows } =
        format === "csv"
          ? await score(
              "a.csv",
              `time,accel\n${Array.from(counts, (count, i) => `${i},${count}`).join("\r\n")}`,
              "accel",
            )
          : format === "npy"
            ? await score("a.npy", encodeNpy(bothChannels, [2, counts.length]), "1")
            : await score("a.npy", encodeNpy(Float64Array.from(counts), [counts.length]), null);
      expect(onGateway.length).toBeGreaterThan(15);
      expect(quantisedOf(rows)).toEqual(onGateway.map(({ output }) => [...output.quantised]));
      expect(new Set(quantisedOf(rows).map(String)).size).toBeGreaterThan(3);
      expect(rows.map((row) => [row.from_ms, row.to_ms])).toEqual(
        onGateway.map(({ window }) => [window.fromMs, window.toMs]),
      );
    },
  );

  it("sums a file up by the means of its rows, and finds the fault", async () => {
    const { summary, rows } = await score("a.npy", encodeNpy(counts, [counts.length]), null);
    const mean = (column: string): number => rows.reduce((sum, row) => sum + row[column]!, 0) / rows.length;
    expect(summary).toMatchObject({ windows: rows.length, severity: null });
    expect(Object.keys(summary.probabilities)).toEqual(["inner", "outer", "ball"]);
    for (const [key, value] of Object.entries(summary.probabilities)) {
      expect(value).toBeCloseTo(mean(`probability_${key}`), 12);
    }
    expect(summary.faultProbability).toBeCloseTo(mean("fault_probability"), 12);
    expect(summary.probabilities.inner).toBeGreaterThan(0.9);
    expect(summary.setAside).toEqual({ windows: 0, samples: {} });
  });

  it("quantises numbers that are no counts finely enough to say nearly the same", async () => {
    const values = Float32Array.from(counts, (count) => count * sidecar.scale);
    const { rows } = await score("a.npy", encodeNpy(values, [values.length]), null, {
      ...sidecar,
      scale: null,
    });
    const expected = onGateway.map(({ output }) => [...output.quantised]);
    expect(rows).toHaveLength(expected.length);
    const worst = quantisedOf(rows).flatMap((row, index) =>
      row.map((value, mode) => Math.abs(value! - expected[index]![mode]!)),
    );
    expect(Math.max(...worst)).toBeLessThanOrEqual(2);
  });

  it("sets aside what is missing or beyond the sensor's range, with the windows that need it and no others", async () => {
    const values = Array.from(counts, (count) => (count * sidecar.scale).toFixed(6));
    values[30_000] = "";
    values[90_000] = "1e9";
    const { summary, rows } = await score("a.csv", values.join("\n"), null, { ...sidecar, scale: null });
    expect(summary.setAside).toEqual({ windows: 2, samples: { "not-finite": 496, range: 496 } });
    expect(rows.length).toBeGreaterThanOrEqual(onGateway.length - 4);
    expect(rows.every((row) => row.probability_inner! >= 0)).toBe(true);
  });

  it("says null of a file that is shorter than a window, never healthy", async () => {
    const { summary, rows } = await score("a.npy", encodeNpy(counts.slice(0, 500), [500]), null);
    expect(rows).toEqual([]);
    expect(summary).toMatchObject({ windows: 0, faultProbability: null, probabilities: { inner: null } });
  });

  it("leaves no half table behind, and never writes over an input", async () => {
    const folder = createTemporaryFolder();
    const [file, out] = [join(folder, "a.csv"), join(folder, "out.csv")];
    writeFileSync(file, `${"1\n".repeat(20_000)}oops\n`);
    const request = { files: [file], channel: null, sidecar };
    await expect(scoreFiles(bundle, { ...request, out })).rejects.toThrow(/line 20001: "oops"/);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder)).toEqual(["a.csv"]);
    await expect(scoreFiles(bundle, { ...request, out: file })).rejects.toThrow(/is an input/);
  });
});

describe("explaining a file", () => {
  it("explains the first window as the gateway would, every mode with its bars", async () => {
    const file = join(createTemporaryFolder(), "a.npy");
    writeFileSync(file, encodeNpy(counts, [1, counts.length]));
    const explanation = await explainFile(bundle, await openSampleFile(file, null), sidecar);
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

  it("says how long a window is when the file has none", async () => {
    const file = join(createTemporaryFolder(), "a.npy");
    writeFileSync(file, encodeNpy(counts.slice(0, 500), [500]));
    await expect(explainFile(bundle, await openSampleFile(file, null), sidecar)).rejects.toMatchObject({
      code: "DATA_FORMAT",
      hint: expect.stringMatching(/^a window is \d+ revolutions of good data: [\d.]+ s/),
    });
  });
});
