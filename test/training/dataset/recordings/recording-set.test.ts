import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bearingFeatureSpec } from "../../../../scripts/bearing-feature-spec.ts";
import { findTwinEntries } from "../../../../src/training/dataset/recordings/find-twin-entries.ts";
import { openRecordingSet } from "../../../../src/training/dataset/recordings/open-recording-set.ts";
import type {
  RecordedSignal,
  RecordingSet,
} from "../../../../src/training/dataset/recordings/recording-set.ts";
import { divideBySplit, readSplits } from "../../../../src/training/dataset/recordings/recording-splits.ts";
import { parseRecordingsManifest } from "../../../../src/training/dataset/recordings/recordings-manifest.ts";
import { extractRows } from "../../../../src/training/learn/extract-rows.ts";
import { inventCounts, writeCounts } from "../../../cli/data/invented-folder.ts";
import { encodeNpy } from "../../../cli/score/recordings.ts";
import { createTemporaryFolder } from "../../../support/temporary-folder.ts";

const common = { rateHz: 12_000, rpm: 1800, bearing: { bpfo: 3.585, bpfi: 5.415, bsf: 4.714 } };
const range = { min: -50, max: 50 };

async function open(dir: string, entries: readonly object[], more: object = common): Promise<RecordingSet> {
  const text = JSON.stringify({ ...more, recordings: entries });
  return openRecordingSet(
    parseRecordingsManifest(new TextEncoder().encode(text), "recordings.yaml"),
    dir,
    range,
  );
}

async function readParts(set: RecordingSet, index = 0): Promise<RecordedSignal[]> {
  const parts: RecordedSignal[] = [];
  for await (const part of set.parts(set.entries[index]!)) parts.push(part);
  return parts;
}

describe("a set of recordings", () => {
  it("hears a file's own description before what is said of all, and its entry before that", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "a.npy", inventCounts({ seed: 1, samples: 500 }));
    const own = { bpfo: 3.1, bpfi: 4.9, bsf: 4 };
    writeFileSync(join(dir, "a.json"), JSON.stringify({ rpm: 900, bearing: own }));
    const entry = { file: "a.npy", label: "ball", machine: "m" };
    expect((await open(dir, [entry])).entries[0]).toMatchObject({ shaftRpm: 900, bearing: own });
    const named = { ...common, bearings: { HSS: { bpfo: 3.9, bpfi: 5.1, bsf: 4 } } };
    expect((await open(dir, [{ ...entry, component: "HSS" }], named)).entries[0]).toMatchObject({
      bearing: own,
    });
    const stated = { ...entry, rpm: 1200, bearing: "HSS" };
    expect((await open(dir, [stated], named)).entries[0]).toMatchObject({
      shaftRpm: 1200,
      bearing: named.bearings.HSS,
    });
    // A sidecar may call a bearing by its name.
    writeFileSync(join(dir, "a.json"), JSON.stringify({ bearing: "HSS" }));
    expect((await open(dir, [entry], named)).entries[0]).toMatchObject({ bearing: named.bearings.HSS });
    await expect(open(dir, [entry])).rejects.toThrow(
      /a\.npy: there is no bearing "HSS" \(bearings are none\)/,
    );
  });

  it("refuses what a pattern and a description beside one of its files say differently", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "a.npy", inventCounts({ seed: 1, samples: 500 }));
    writeFileSync(join(dir, "a.json"), JSON.stringify({ rpm: 900 }));
    const entry = { file: "*.npy", label: "ball", machine: "m", rpm: 1800 };
    await expect(open(dir, [entry])).rejects.toThrow(
      "says 1800 rpm of a.npy, and a description beside the file 900 rpm",
    );
    expect((await open(dir, [{ ...entry, rpm: 900 }])).entries[0]).toMatchObject({ shaftRpm: 900 });
  });

  it("takes what the manifest does not say from a sidecar and from the folder's index, a channel's own first", async () => {
    const dir = createTemporaryFolder();
    const counts = Int16Array.from([
      ...inventCounts({ seed: 1, samples: 500 }),
      ...inventCounts({ seed: 2, samples: 500 }),
    ]);
    writeFileSync(join(dir, "a_3.npy"), encodeNpy(counts, [2, 500]));
    const channels = [
      { name: "DE", scale: 0.002 },
      { name: "FE", scale: 0.001 },
    ];
    const indexed = { file: "a_3.npy", fs_hz: 12_000, rpm: 1700, unit: "g", channels };
    writeFileSync(join(dir, "index.json"), JSON.stringify({ recordings: [indexed] }));
    writeFileSync(join(dir, "a_3.json"), JSON.stringify({ rpm: 1750 }));
    const entry = {
      file: "a_*.npy",
      channel: "FE",
      label: "ball",
      machine: "m",
      load: "{1} hp",
      component: "HSS",
    };
    const set = await open(dir, [entry], { bearing: common.bearing });
    expect(set.entries[0]).toMatchObject({
      id: "a_3.npy#FE",
      load: "3 hp",
      component: "HSS",
      sampleRateHz: 12_000,
      shaftRpm: 1750,
      isAbsolute: true,
    });
    const signal = await set.read(set.entries[0]!);
    expect(signal.scale).toBe(0.001);
    expect(signal.counts).toEqual(counts.subarray(500));
  });

  it("ends a part where a sample is missing, so that no window runs over it", async () => {
    const dir = createTemporaryFolder();
    const lines = inventCounts({ seed: 3, samples: 20_000 }).map(String);
    lines[9000] = "";
    writeFileSync(join(dir, "a.csv"), `acc\n${lines.join("\n")}\n`);
    const set = await open(dir, [{ file: "a.csv", label: "healthy", machine: "m" }]);
    expect((await readParts(set)).map(({ counts }) => counts.length)).toEqual([8192, 20_000 - 12_288]);
    await expect(set.read(set.entries[0]!)).rejects.toMatchObject({ code: "DATA_FORMAT" });
  });

  it("follows a speed channel of the file, or of a file of its own, window by window", async () => {
    const dir = createTemporaryFolder();
    const samples = 60_000;
    const rpmAt = (at: number): number => 1500 + (300 * at) / samples;
    const rows = inventCounts({ seed: 4, samples }).map((count, at) => `${count},${rpmAt(at).toFixed(2)}`);
    writeFileSync(join(dir, "a.csv"), `acc,rpm\n${rows.join("\n")}\n`);
    writeCounts(dir, "b.npy", inventCounts({ seed: 5, samples }));
    const hertz = Array.from({ length: 50 }, (_, index) => rpmAt((index * samples) / 50) / 60);
    writeFileSync(join(dir, "b_speed.csv"), `${hertz.join("\n")}\n`);
    const set = await open(
      dir,
      [
        { file: "a.csv", channel: "acc", label: "healthy", machine: "a", speed: "rpm" },
        {
          file: "b.npy",
          label: "healthy",
          machine: "b",
          speed: { file: "b_speed.csv", rateHz: 10, unit: "hz" },
        },
      ],
      { rateHz: common.rateHz, bearing: common.bearing },
    );
    const window = { unit: "revolutions", length: 30, hop: 30 } as const;
    for (const index of [0, 1]) {
      expect(set.entries[index]!.shaftRpm).toBeCloseTo(1650, -1);
      const [part] = await readParts(set, index);
      expect(part!.speed!.rpm[0]).toBeLessThan(1520);
      // 5 s at 1,500 to 1,800 rpm are 137 revolutions.
      expect(extractRows(part!, window, bearingFeatureSpec).rows).toBe(4);
    }
  });

  it("has another fingerprint whenever a file, a sidecar or the manifest has another byte, and the same signal is found under another name", async () => {
    const dir = createTemporaryFolder();
    const prints = new Set<string>();
    const entries = [
      { file: "a.npy", label: "healthy", machine: "m" },
      { file: "b.npy", label: "healthy", machine: "n" },
    ];
    writeCounts(dir, "a.npy", [1, 2, 3]);
    writeCounts(dir, "b.npy", [1, 2, 3]);
    const set = await open(dir, entries);
    prints.add(await set.fingerprint());
    expect(await findTwinEntries(set, set.entries)).toEqual([
      { first: set.entries[0], again: set.entries[1] },
    ]);
    prints.add(await (await open(dir, entries, { ...common, about: "x" })).fingerprint());
    writeFileSync(join(dir, "a.json"), JSON.stringify({ rpm: common.rpm }));
    prints.add(await (await open(dir, entries)).fingerprint());
    writeCounts(dir, "a.npy", [1, 2, 4]);
    prints.add(await (await open(dir, entries)).fingerprint());
    expect(prints.size).toBe(4);
  });

  it.each([
    [[{ file: "none.npy" }], /there is no file none\.npy/],
    [[{ file: "x*.npy" }], /no file in .* fits x\*\.npy/],
    [[{ file: "*.npy", load: "{2}" }], /\{2\} stands for nothing: \*\.npy has 1 \*/],
    [[{ file: "a.npy" }, { file: "a.npy" }], /a\.npy is listed by recordings\.yaml:\d+ as well/],
    [[{ file: "a.npy", rpm: null }], /nothing says the shaft speed of a\.npy/],
    [[{ file: "a.npy", rpm: 0 }], /the shaft stands in a\.npy: its speed is 0/],
    [[{ file: "a.npy", speed: { file: "none.csv", rateHz: 1 } }], /cannot read .*none\.csv/],
  ])("refuses %j", async (entries, message) => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "a.npy", [1, 2, 3]);
    const named = entries.map((entry) => ({ label: "ball", machine: "m", ...entry }));
    await expect(open(dir, named)).rejects.toThrow(message);
  });
});

describe("splits", () => {
  const entry = (id: string, machine: string, shared: string | null) => ({ id, machine, shared });

  it("put every machine and every shared bearing on one side", () => {
    const entries = [
      entry("1", "a", null),
      entry("2", "a", "x"),
      entry("3", "b", null),
      entry("4", "b", "y"),
    ];
    const ids = (of: readonly { id: string }[]): string => of.map(({ id }) => id).join("");
    const { train, test } = divideBySplit(entries, { machines: ["b"], shared: "y" });
    expect([ids(train), ids(test)]).toEqual(["12", "34"]);
    const other = divideBySplit(entries, { machines: ["b"], shared: "x" });
    expect([ids(other.train), ids(other.test)]).toEqual(["1", "3"]);
  });

  it("that name a machine or a recording which is not there are refused", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "a.npy", [1, 2, 3]);
    const set = await open(dir, [{ file: "a.npy", label: "ball", machine: "m" }]);
    const list = { kind: "list", splits: [{ name: "s", machines: ["q"], shared: null }] } as const;
    await expect(readSplits(list, set.entries, dir)).rejects.toThrow(
      /names the machine "q", which has no recording/,
    );
    writeFileSync(join(dir, "fold.csv"), "id\nb.npy\n");
    const column = { kind: "list", splits: [{ name: "s", file: "fold.csv", column: "id" }] } as const;
    await expect(readSplits(column, set.entries, dir)).rejects.toThrow(/names the recording "b\.npy"/);
  });
});
