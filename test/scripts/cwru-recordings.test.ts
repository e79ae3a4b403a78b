import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cwruManifest, openCwruRecordings } from "../../scripts/cwru-recordings.ts";
import { csvColumn, parseCsv } from "../../src/training/dataset/csv.ts";
import { readDataText } from "../../src/training/dataset/read-data-file.ts";
import { divideBySplit, readSplits } from "../../src/training/dataset/recordings/recording-splits.ts";
import { readRecordingsManifest } from "../../src/training/dataset/recordings/recordings-manifest.ts";
import { dataFolder as data } from "../support/data-folder.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";

const cwru = join(data, "cwru");
const present = existsSync(join(cwru, "index.json"));

test("a folder without the recordings is refused", async () => {
  await expect(openCwruRecordings(createTemporaryFolder())).rejects.toMatchObject({ code: "DATA_MISSING" });
});

describe.skipIf(!present)("on the recordings (set AURORA_DATA to the data folder to run)", () => {
  test("the normal recording is read at its own 48 kHz with its scale", async () => {
    const recordings = await openCwruRecordings(data);
    expect(recordings.byFile.size).toBe(119);
    const normal = recordings.byFile.get("Normal_48k_load0.npy")!;
    expect(normal.map(({ machine, label, channel }) => [machine, label, channel])).toEqual([
      ["normal", "healthy", "DE"],
      ["normal", "healthy", "FE"],
    ]);
    const drive = await recordings.read(normal[0]!);
    expect(drive.sampleRateHz).toBe(48_000);
    expect(drive.counts.length).toBe(243_938);
    let sum = 0;
    for (const count of drive.counts) sum += (count * drive.scale) ** 2;
    expect(Math.sqrt(sum / drive.counts.length)).toBeCloseTo(0.0738, 3);
  });

  test("the split rule reproduces the six published fold files", async () => {
    const recordings = await openCwruRecordings(data);
    const learnt = recordings.entries.filter(({ learn }) => learn);
    expect(learnt).toHaveLength(144);
    const splits = await recordings.tuningSplits();
    expect(splits).toHaveLength(6);
    for (const split of splits) {
      const [, fold, side] = split.name.split("-");
      const { train, test: held } = divideBySplit(learnt, split);
      expect([train.length, held.length]).toEqual([72, 36]);
      for (const [part, entries] of [
        ["train", train],
        ["test", held],
      ] as const) {
        const path = join(cwru, "splits", `fold_${fold}`, `${part}_${side}.csv`);
        const table = parseCsv(await readDataText(path, 1 << 24), path);
        const id = csvColumn(table, "waveform_id", path);
        expect(new Set(entries.map((entry) => entry.id))).toEqual(new Set(table.rows.map((row) => row[id])));
      }
    }
  });

  test("there are 100 evaluation splits", async () => {
    const { entries } = await openCwruRecordings(data);
    const { splits } = await readRecordingsManifest(cwruManifest);
    const evaluation = await readSplits(splits["cwru-100"]!, entries, cwru);
    expect(new Set(evaluation.map(({ name }) => name)).size).toBe(100);
  });

  test("labels, machines and the bearings' orders are those of the data set's table", async () => {
    const path = join(cwru, "splits", "waveforms.csv");
    const table = parseCsv(await readDataText(path, 1 << 24), path);
    const { entries } = await openCwruRecordings(data);
    const byId = new Map(entries.map((entry) => [entry.id, entry]));
    for (const row of table.rows) {
      const text = (name: string): string => row[csvColumn(table, name, path)]!;
      const entry = byId.get(text("waveform_id"))!;
      const [inner, outer, ball] = ["inner", "outer", "ball"].map((kind) => text(kind) === "1");
      const label = inner ? "inner-race" : outer ? "outer-race" : ball ? "ball" : "healthy";
      expect([entry.file, entry.channel, entry.machine, entry.label]).toEqual([
        text("file"),
        text("signal_location"),
        text("group"),
        label,
      ]);
      expect(entry.bearing).toEqual({
        bpfo: Number(text("bpfo_per_rev")),
        bpfi: Number(text("bpfi_per_rev")),
        bsf: Number(text("bsf_per_rev")),
        ftf: Number(text("ftf_per_rev")),
      });
    }
  });
});
