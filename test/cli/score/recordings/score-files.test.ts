import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hedgeCalibrations } from "../../../../src/cli/score/recordings/file-summary.ts";
import { scoreFiles } from "../../../../src/cli/score/recordings/score-files.ts";
import { computeFaultProbability } from "../../../../src/core/decision/calibrate.ts";
import type { LoadedBundle, ScoredWindow } from "../../../../src/core/serving/loaded-bundle.ts";
import type { Sidecar } from "../../../../src/training/dataset/sidecar/sidecar.ts";
import { column, encodeMat } from "../../../support/mat-file.ts";
import { encodeParquet } from "../../../support/parquet-file.ts";
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
  const [summary] = await scoreFiles(bundle, request([file], out, known, channel));
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
  it.each(["npy", "csv", "float64 npy", "mat", "parquet"])(
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
            : format === "mat"
              ? await score(
                  "a.mat",
                  encodeMat(
                    { rpm: column(Uint16Array.of(1797)), X1_DE_time: column(counts) },
                    { packed: true },
                  ),
                  "*DE*",
                )
              : format === "parquet"
                ? await score("a.parquet", encodeParquet({ accel: counts }, 50_000), null)
                : await score("a.npy", encodeNpy(Float64Array.from(counts), [counts.length]), null);
      expect(onGateway.length).toBeGreaterThan(15);
      expect(quantisedOf(rows)).toEqual(onGateway.map(({ output }) => [...output.quantised]));
      expect(new Set(quantisedOf(rows).map(String)).size).toBeGreaterThan(3);
      expect(rows.map((row) => [row.from_ms, row.to_ms])).toEqual(
        onGateway.map(({ window }) => [window.fromMs, window.toMs]),
      );
    },
  );

  it("sums a file up by its windows' mean logits, and finds the fault", async () => {
    const { summary, rows } = await score("a.npy", encodeNpy(counts, [counts.length]), null);
    expect(summary).toMatchObject({ windows: rows.length, shortWindows: 0, severity: expect.any(Number) });
    expect(Object.keys(summary.probabilities)).toEqual(["inner", "outer", "ball"]);
    for (const [mode, value] of Object.values(summary.probabilities).entries()) {
      const logit = onGateway.reduce((sum, { output }) => sum + output.logits[mode]!, 0) / rows.length;
      const { slope, intercept } = hedgeCalibrations(bundle.manifest.calibration)[mode]!;
      expect(value).toBeCloseTo(1 / (1 + Math.exp(-(slope * logit + intercept))), 12);
    }
    expect(summary.faultProbability).toBeGreaterThan(0.9);
    expect(summary.probabilities.inner).toBeGreaterThan(0.9);
    expect(summary.setAside).toEqual({ windows: 0, samples: {} });
  });

  it("hears a recording that is faster than the data contract takes at a half of its rate", async () => {
    const fast = Float64Array.from({ length: 8 * counts.length }, (_, index) => {
      const at = index / 8;
      const [low, share] = [Math.floor(at), at - Math.floor(at)];
      return counts[low]! * (1 - share) + (counts[low + 1] ?? 0) * share;
    });
    const { summary, rows } = await score("a.npy", encodeNpy(fast, [fast.length]), null, {
      ...sidecar,
      rateHz: 8 * sidecar.rateHz,
    });
    expect(summary.error).toBeUndefined();
    expect(rows.length).toBe(onGateway.length);
    expect(rows[1]!.from_ms).toBeCloseTo(onGateway[1]!.window.fromMs, 0);
    expect(summary.probabilities.inner).toBeGreaterThan(0.9);
    expect(summary.probabilities.inner).toBeGreaterThan(summary.probabilities.outer!);
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

  it("asks for any fault with and without side bands, and for kinds as the gateway does", async () => {
    const { rows } = await score("a.npy", encodeNpy(counts, [counts.length]), null);
    const { calibration, features, scaler } = bundle.manifest;
    const isSide = features.list.map(({ operator }) => operator === "side-band-log-snr");
    expect(isSide.filter(Boolean)).toHaveLength(6);
    const { window, output } = onGateway[3]!;
    const bare = await bundle.score({
      ...window,
      features: window.features.map((value, index) => (isSide[index] ? scaler.mean[index]! : value)),
    });
    const mixed = Array.from(output.logits, (logit, mode) => (logit + bare.logits[mode]!) / 2);
    expect(mixed).not.toEqual([...output.logits]);
    expect(rows[3]!.fault_probability).toBeCloseTo(computeFaultProbability(mixed, calibration), 12);
  });

  it("is as sure of a fault where the bearing does not tell which part has it", async () => {
    const { bearing } = sidecar;
    const alike = { ...sidecar, bearing: { ...bearing, bsf: 1.002 * bearing.bpfi } };
    const { summary } = await score("a.npy", encodeNpy(counts, [counts.length]), null, alike);
    const { inner, ball } = summary.probabilities;
    expect(Math.abs(inner! - ball!)).toBeLessThan(0.02);
    expect(Math.max(inner!, ball!)).toBeLessThan(0.95);
    expect(summary.faultProbability).toBeGreaterThan(0.99);
  });

  it("rests a file of few windows on overlapping ones, and writes the gateway's rows all the same", async () => {
    const samples = Math.ceil((119 * 60 * sidecar.rateHz) / sidecar.shaftRpm);
    const part = counts.subarray(0, samples);
    const { summary, rows } = await score("a.npy", encodeNpy(part, [samples]), null);
    expect(summary.windows).toBe(1);
    expect(quantisedOf(rows)).toEqual([[...onGateway[0]!.output.quantised]]);
    const alone = await score("b.npy", encodeNpy(part.subarray(0, samples >> 1), [samples >> 1]), null);
    expect(summary.probabilities.inner).not.toBe(alone.summary.probabilities.inner);
    expect(summary.probabilities.inner).toBeGreaterThan(0.9);
  });

  it("needs no unit: the same in any unit, with a constant part and without a scale", async () => {
    const summaries = [];
    for (const unit of [1e-3, 1, 1e6]) {
      const values = Float64Array.from(counts, (count) => unit * (count * sidecar.scale + 5));
      const { summary } = await score("a.npy", encodeNpy(values, [values.length]), null, {
        ...sidecar,
        scale: null,
      });
      expect(summary.setAside).toEqual({ windows: 0, samples: {} });
      summaries.push(summary.probabilities);
    }
    expect(summaries[1]).toEqual(summaries[0]);
    expect(summaries[2]).toEqual(summaries[0]);
    const { summary } = await score("a.npy", encodeNpy(counts, [counts.length]), null, {
      ...sidecar,
      scale: null,
    });
    expect(summary.windows).toBe(onGateway.length);
    expect(summary.probabilities.inner).toBeCloseTo(summaries[0]!.inner!, 1);
  });

  it("loses nothing to saturation where nobody said what a count is worth", async () => {
    const clipped = counts.map((count) => Math.max(-32_768, Math.min(32_767, 60 * count)));
    const known = await score("a.npy", encodeNpy(clipped, [clipped.length]), null);
    expect(known.summary.setAside.samples.range).toBeGreaterThan(0);
    const { summary } = await score("a.npy", encodeNpy(clipped, [clipped.length]), null, {
      ...sidecar,
      scale: null,
    });
    expect(summary).toMatchObject({ windows: onGateway.length, setAside: { samples: {} } });
    expect(summary.probabilities.inner).toBeGreaterThan(0.9);
  });

  it("scores a recording of 8 to 60 revolutions as one short window, and says so", async () => {
    const samples = (revolutions: number): Int16Array =>
      counts.subarray(0, Math.ceil((revolutions * 60 * sidecar.rateHz) / sidecar.shaftRpm));
    for (const revolutions of [8.01, 12.3, 29.9, 59.9]) {
      const own = samples(revolutions);
      const { summary, rows } = await score("a.npy", encodeNpy(own, [own.length]), null);
      expect(summary).toMatchObject({ windows: 1, shortWindows: 1 });
      expect(rows.map(({ short }) => short)).toEqual([1]);
      expect(summary.probabilities.inner).toBeGreaterThan(summary.probabilities.outer!);
    }
    const whole = await score("a.npy", encodeNpy(samples(60.1), [samples(60.1).length]), null);
    expect(whole.summary).toMatchObject({ windows: 1, shortWindows: 0 });
    const none = await score("a.npy", encodeNpy(samples(7.9), [samples(7.9).length]), null);
    expect(none.summary).toMatchObject({ windows: 0, shortWindows: 0, faultProbability: null });
  });

  it("says short of what stands by itself before a gap", async () => {
    const at = (revolutions: number): number =>
      Math.ceil((revolutions * 60 * sidecar.rateHz) / sidecar.shaftRpm);
    const values = Array.from(counts, (count, index) =>
      index > at(31) && index < at(70) ? "" : (count * sidecar.scale).toFixed(6),
    );
    const { summary, rows } = await score("a.csv", values.join("\n"), null, { ...sidecar, scale: 1 });
    expect(rows.map(({ short }) => short)).toEqual([1, ...rows.slice(1).map(() => 0)]);
    expect(summary).toMatchObject({ windows: rows.length, shortWindows: 1 });
  });

  it("scores the others where one file cannot be read", async () => {
    const folder = createTemporaryFolder();
    const [good, bad, out] = ["a.npy", "b.csv", "out.csv"].map((name) => join(folder, name));
    writeFileSync(good!, encodeNpy(counts, [counts.length]));
    writeFileSync(bad!, `${"1\n".repeat(20_000)}oops\n`);
    const files = [good!, bad!, folder, join(folder, "none.npy"), good!];
    const summaries = await scoreFiles(bundle, request(files, out!));
    expect(summaries.map(({ error }) => error?.code)).toEqual([
      undefined,
      "DATA_FORMAT",
      "DATA_MISSING",
      "DATA_MISSING",
      undefined,
    ]);
    expect(summaries[1]!.error!.message).toMatch(/line 20001: "oops"/);
    expect(summaries[1]).toMatchObject({ windows: 0, faultProbability: null });
    expect(summaries[4]).toEqual(summaries[0]);
  });

  it("sets aside what is missing or beyond the sensor's range, with the windows that need it and no others", async () => {
    const values = Array.from(counts, (count) => (count * sidecar.scale).toFixed(6));
    values[60_000] = "";
    values[180_000] = "1e9";
    const { summary, rows } = await score("a.csv", values.join("\n"), null, { ...sidecar, scale: 1 });
    // Two were broken, and what was left of them makes one.
    expect(summary.setAside).toEqual({ windows: 1, samples: { "not-finite": 496, range: 496 } });
    expect(rows.length).toBeGreaterThanOrEqual(onGateway.length - 4);
    expect(rows.every((row) => row.probability_inner! >= 0)).toBe(true);
  });

  it("counts no more windows as lost than fit into a file, however often bad data breaks one", async () => {
    const revolutions = 133;
    const { rateHz, shaftRpm } = sidecar;
    const samples = counts.slice(0, Math.round((revolutions * 60 * rateHz) / shaftRpm));
    const lostOf = async (isBad: (sample: number) => boolean): Promise<[number, number]> => {
      const values = Array.from(samples, (count, at) =>
        isBad(at) ? "" : (count * sidecar.scale).toFixed(6),
      );
      const { summary } = await score("a.csv", values.join("\n"), null, { ...sidecar, scale: 1 });
      return [summary.windows, summary.setAside.windows];
    };
    expect(await lostOf((at) => at % 4000 === 3999)).toEqual([0, 2]);
    // One break, behind the first whole window.
    expect(await lostOf((at) => at === Math.round(0.6 * samples.length))).toEqual([1, 1]);
  });

  it("says null of a file that is shorter than a window, never healthy", async () => {
    const { summary, rows } = await score("a.npy", encodeNpy(counts.slice(0, 500), [500]), null);
    expect(rows).toEqual([]);
    expect(summary).toMatchObject({ windows: 0, faultProbability: null, probabilities: { inner: null } });
  });

  it("leaves no half table behind, and never writes over an input", async () => {
    const folder = createTemporaryFolder();
    const [file, out] = [join(folder, "a.npy"), join(folder, "out.csv")];
    writeFileSync(file, encodeNpy(counts, [counts.length]));
    const broken = { ...bundle, score: () => Promise.reject(new Error("engine")) };
    await expect(scoreFiles(broken, request([file!], out!))).rejects.toThrow(/engine/);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder)).toEqual(["a.npy"]);
    await expect(scoreFiles(bundle, request([file!], file!))).rejects.toThrow(/is an input/);
  });
});
