import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type CwruWaveform,
  divideCwruWaveforms,
  readCwruEvaluationSplits,
  readCwruTuningSplits,
  readCwruWaveforms,
} from "../../scripts/cwru-splits.ts";
import { cwruBearings, readCwruIndex, readCwruSignals } from "../../src/cli/device/cwru-recordings.ts";
import { csvColumn, parseCsv } from "../../src/training/dataset/csv.ts";
import { readDataText } from "../../src/training/dataset/read-data-file.ts";
import { dataFolder as data } from "../support/data-folder.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const cwru = join(data, "cwru");
const present = existsSync(join(cwru, "index.json"));

test("dividing keeps every bearing, faulty or healthy, on one side only", () => {
  const waveforms: CwruWaveform[] = [];
  for (const faultEnd of ["DE", "FE"] as const) {
    for (const size of [7, 14]) {
      for (const signalEnd of ["DE", "FE"] as const) {
        const id = `${faultEnd}_${size}_${signalEnd}`;
        const failureMode = faultEnd === signalEnd ? "ball" : null;
        waveforms.push({ id, file: id, signalEnd, faultEnd, group: `${faultEnd}_B_${size}`, failureMode });
      }
    }
  }
  const split = { name: "s", side: "DE" as const, testGroups: ["DE_B_7", "FE_B_14"] };
  const { train, test: held } = divideCwruWaveforms(waveforms, split);
  const bearings = (waves: readonly CwruWaveform[]): Set<string> =>
    new Set(waves.map((wave) => (wave.failureMode === null ? `healthy ${wave.signalEnd}` : wave.group)));
  const trained = bearings(train);
  expect([...bearings(held)].filter((bearing) => trained.has(bearing))).toEqual([]);
  expect([train.length, held.length]).toEqual([3, 3]);
});

test("an index of another form is refused with a hint", async () => {
  const dir = createTemporaryFolder();
  await writeFile(join(dir, "index.json"), '{"recordings":[{"file":"../../etc/passwd"}]}');
  await expect(readCwruIndex(dir)).rejects.toMatchObject({ code: "DATA_FORMAT" });
  await expect(readCwruIndex(join(dir, "none"))).rejects.toMatchObject({ code: "DATA_MISSING" });
});

describe.skipIf(!present)("on the recordings (set AURORA_DATA to the data folder to run)", () => {
  test("the normal recording is read at its own 48 kHz with its scale", async () => {
    const recordings = await readCwruIndex(cwru);
    expect(recordings).toHaveLength(119);
    const normal = recordings.find((recording) => recording.fault === "normal")!;
    expect(normal).toMatchObject({ sampleRateHz: 48_000, group: "normal", faultEnd: null });
    const [drive] = await readCwruSignals(cwru, normal);
    expect(drive!.counts.length).toBe(243_938);
    let sum = 0;
    for (const count of drive!.counts) sum += (count * drive!.scale) ** 2;
    expect(Math.sqrt(sum / drive!.counts.length)).toBeCloseTo(0.0738, 3);
  });

  test("the split rule reproduces the six published fold files", async () => {
    const waveforms = await readCwruWaveforms(cwru);
    expect(waveforms).toHaveLength(144);
    const splits = await readCwruTuningSplits(cwru, waveforms);
    expect(splits).toHaveLength(6);
    for (const split of splits) {
      const [, fold] = split.name.split("-");
      const { train, test: held } = divideCwruWaveforms(waveforms, split);
      expect([train.length, held.length]).toEqual([72, 36]);
      for (const [part, waves] of [
        ["train", train],
        ["test", held],
      ] as const) {
        const path = join(cwru, "splits", `fold_${fold}`, `${part}_${split.side}.csv`);
        const table = parseCsv(await readDataText(path), path);
        const id = csvColumn(table, "waveform_id", path);
        expect(new Set(waves.map((wave) => wave.id))).toEqual(new Set(table.rows.map((row) => row[id])));
      }
    }
  });

  test("there are 100 evaluation splits", async () => {
    const splits = await readCwruEvaluationSplits(cwru);
    expect(splits).toHaveLength(100);
    expect(new Set(splits.map((split) => split.name)).size).toBe(100);
  });

  test("the bearings' orders are those of the data set's table", async () => {
    const path = join(cwru, "splits", "waveforms.csv");
    const table = parseCsv(await readDataText(path), path);
    for (const row of table.rows) {
      const value = (name: string): number => Number(row[csvColumn(table, name, path)]);
      const bearing = cwruBearings[row[csvColumn(table, "signal_location", path)] as "DE" | "FE"];
      expect(value("bpfo_per_rev")).toBe(bearing.bpfo);
      expect(value("bpfi_per_rev")).toBe(bearing.bpfi);
      expect(value("bsf_per_rev")).toBe(bearing.bsf);
      expect(value("ftf_per_rev")).toBe(bearing.ftf);
    }
  });
});
