import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../../src/cli/score/replay/replay-manifest.ts";
import { readRepairs } from "../../../src/cli/score/tables/read-repairs.ts";
import { readDataText } from "../../../src/training/dataset/read-data-file.ts";
import { readRecordingsManifest } from "../../../src/training/dataset/recordings/recordings-manifest.ts";
import { readGeometries, readOwnSidecar } from "../../../src/training/dataset/sidecar/sidecar-files.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";

const ways: readonly (readonly [string, (text: string) => Uint8Array])[] = [
  ["UTF-8 with its mark", (text) => Buffer.from(`\ufeff${text}`, "utf8")],
  ["lines that end with CR alone", (text) => Buffer.from(text.replaceAll("\n", "\r"), "utf8")],
  ["UTF-16 with its mark, of little ends", (text) => Buffer.from(`\ufeff${text}`, "utf16le")],
  ["UTF-16 with its mark, of big ends", (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
];

describe.each(ways)("a small text in %s", (_name, encode) => {
  const write = (name: string, text: string): string => {
    const path = join(createTemporaryFolder(), name);
    writeFileSync(path, encode(text));
    return path;
  };

  it("is read as one in UTF-8: a manifest of recordings", async () => {
    const table = write("recordings.csv", "file,label,machine,rateHz\na.wav,healthy,Größe,25600\n");
    const yaml = write("recordings.yaml", "recordings:\n- file: a.wav\n  label: healthy\n  machine: Größe\n");
    for (const path of [table, yaml]) {
      const [entry, ...others] = (await readRecordingsManifest(path)).entries;
      expect(entry).toMatchObject({ file: "a.wav", machine: "Größe" });
      expect(others).toEqual([]);
    }
  });

  it("is read as one in UTF-8: bearings, what stands beside a recording, splits", async () => {
    const bearings = write("b.csv", "file,bpfo,bpfi,bsf,ftf\na*,3.5,5.4,4.7,0.39\n");
    expect((await readGeometries(bearings)).find("a.wav")?.bearing).toMatchObject({ bpfo: 3.5 });
    const sidecar = write("a.wav.json", '{\n"rateHz": 25600\n}\n');
    expect(await readOwnSidecar(sidecar.replace(/\.json$/, ""))).toMatchObject({ rateHz: 25_600 });
    expect(await readDataText(write("split.csv", "file\nä\n"), 100)).toBe("file\nä\n");
  });

  it("is read as one in UTF-8: repairs, and a manifest of the past", async () => {
    const repairs = write("r.csv", "turbine,component,date\nT1,gearbox,2026-08-20\n");
    expect(await readRepairs([repairs], ["gearbox"])).toMatchObject([{ turbine: "T1" }]);
    const past = write("past.yaml", "recordings:\n- file: a.wav\n  time: 2026-01-01T00:00:00Z\n");
    expect(await readManifest(past)).toHaveLength(1);
  });
});

it("is refused where it is in neither", async () => {
  const path = join(createTemporaryFolder(), "recordings.csv");
  writeFileSync(path, Buffer.from("file,label,machine\na.wav,healthy,Größe\n", "latin1"));
  await expect(readRecordingsManifest(path)).rejects.toThrow(/no text in UTF-8, nor in UTF-16 with its mark/);
});
