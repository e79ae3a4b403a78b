import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBearing } from "../../../src/cli/score/sidecar/sidecar-options.ts";
import { encodeWav } from "../../training/dataset/samples/encode-wav.ts";
import { auroraHere } from "../aurora.ts";
import { counts, createFolder, flags, scoreHere, sidecar, withFlag } from "./command-files.ts";
import { encodeNpy, shippedBundle } from "./recordings.ts";

describe("aurora score", () => {
  it("takes the designation of a bearing that init takes, and its words for a geometry", () => {
    expect(readBearing("SKF 6205-2rs")).toEqual({ bpfo: 3.5848, bpfi: 5.4152, bsf: 4.7134, ftf: 0.3983 });
    expect(readBearing("6205-2RS.yaml")).toBe("6205-2RS.yaml");
    const long = "balls=9,ball_diameter=7.94,pitch_diameter=39.04,contact_angle=5";
    expect(readBearing("balls=9,ball=7.94,pitch=39.04,angle=5")).toEqual(readBearing(long));
  });

  it("scores with fault orders that do not fit each other, and says so", async () => {
    const { good, out } = createFolder();
    const exchanged = "bpfo=5.4152,bpfi=3.5848,bsf=4.7135,ftf=0.39828";
    const orders = withFlag("--bearing", exchanged);
    const { code, stderr } = await scoreHere([good], out, orders);
    expect([code, stderr]).toEqual([
      0,
      "warning: bearing: bpfo 5.4152 is not below bpfi 3.5848: are they exchanged?\n",
    ]);
  });

  it("explains a window with fault orders that do not fit each other, and says so", async () => {
    const exchanged = withFlag("--bearing", "bpfo=5.4152,bpfi=3.5848,bsf=4.7135,ftf=0.39828");
    const { good } = createFolder();
    const { code, stderr } = await auroraHere("explain", shippedBundle, "--window", good, ...exchanged);
    expect([code, stderr]).toEqual([
      0,
      "warning: bearing: bpfo 5.4152 is not below bpfi 3.5848: are they exchanged?\n",
    ]);
  });

  it("is content with a severity where a recording is too short for a diagnosis", async () => {
    const { folder, good, out } = createFolder();
    const tenth = join(folder, "tenth.npy");
    writeFileSync(tenth, encodeNpy(counts.slice(0, 1200), [1200]));
    const kept = join(folder, "healthy.json");
    const { code, stdout, stderr } = await scoreHere([tenth], out, [
      "--json",
      ...flags,
      "--baseline",
      good,
      "--write-baseline",
      kept,
    ]);
    // The whole recording is a faulty machine's.
    const [faulty, ...notes] = stderr.split(/(?<=\n)/);
    expect(faulty).toMatch(
      /^warning: baseline: looks faulty itself: half of the windows look like inner race/,
    );
    expect([code, ...notes]).toEqual([
      0,
      "note: 1 of 1 files are shorter than 8 revolutions of the shaft (its speed is in revolutions a minute): a severity, but no diagnosis\n",
    ]);
    const { baseline, files } = JSON.parse(stdout) as {
      baseline: { windows: number };
      files: { faultProbability: null; severity: number; severityReference: string }[];
    };
    expect(baseline.windows).toBeGreaterThan(30);
    expect(files[0]).toMatchObject({ faultProbability: null, severityReference: "baseline" });
    expect(Math.abs(files[0]!.severity)).toBeLessThan(3);
    const again = await scoreHere([tenth], out, ["--json", ...flags, "--baseline", kept]);
    expect((JSON.parse(again.stdout) as { files: object[] }).files).toEqual(files);
  });

  it("says nothing of a file whose samples were all set aside, and why they were", async () => {
    const { folder, out } = createFolder();
    const wild = join(folder, "milli.npy");
    writeFileSync(
      wild,
      encodeNpy(
        Float64Array.from(counts, (count) => 1e6 + count),
        [counts.length],
      ),
    );
    const { code, stdout, stderr } = await scoreHere([wild], out, ["--unit", "g", ...flags]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/milli\.npy: 0 windows \(\d+ samples set aside: range\), fault -/);
    expect(stderr).toMatch(
      /^error: .*milli\.npy: no window could be scored\nhint: data was set aside \(range\): check --unit and --scale, and whether the sensor was driven beyond its range\n/,
    );
  });

  it("names a file of which it makes nothing by letters alone", async () => {
    const { folder, out } = createFolder();
    const short = join(folder, "a\u001b[2J.npy");
    writeFileSync(short, encodeNpy(counts.slice(0, 100), [100]));
    const { stdout, stderr } = await scoreHere([short], out);
    expect(stderr).toMatch(/^error: .*a\ufffd\[2J\.npy: no window could be scored\n/);
    expect(`${stdout}${stderr}`).not.toContain("\u001b");
  });

  it("says where an option counts instead of what a file says itself, once", async () => {
    const { folder, out } = createFolder();
    const waves = ["a.wav", "b.wav"].map((name) => join(folder, name));
    for (const path of waves)
      writeFileSync(path, encodeWav({ kind: "float32", rateHz: 12_000, channels: [[...counts]] }));
    const same = await scoreHere(waves, out);
    expect([same.code, same.stderr]).toEqual([0, ""]);
    const { stderr } = await scoreHere(waves, out, withFlag("--rate-hz", "25600"));
    expect(stderr).toBe(
      `warning: rate: ${waves[0]} says 12000 Hz itself, and --rate-hz 25600 counts instead, for it and all others\n`,
    );
  });

  it("says where a description of a file counts instead of what it says itself", async () => {
    const { folder, out } = createFolder();
    const wave = join(folder, "a.wav");
    writeFileSync(wave, encodeWav({ kind: "float32", rateHz: 12_000, channels: [[...counts]] }));
    writeFileSync(join(folder, "a.json"), JSON.stringify({ rateHz: 16_000 }));
    const at = flags.indexOf("--rate-hz");
    const others = [...flags.slice(0, at), ...flags.slice(at + 2)];
    const { code, stderr } = await scoreHere([wave], out, others);
    expect([code, stderr]).toEqual([
      0,
      `warning: rate: ${wave} says 12000 Hz itself, and 16000 Hz, as it is described, counts instead\n`,
    ]);
  });

  it("says where a column of times goes back", async () => {
    const { folder, out } = createFolder();
    const table = join(folder, "a.csv");
    const rows = Array.from(counts, (count, row) => `${((row % 70_000) / 12_000).toFixed(7)},${count}`);
    writeFileSync(table, `time [s],acc\n${rows.join("\n")}\n`);
    const { stderr } = await scoreHere([table], out, ["--channel", "acc", ...flags]);
    expect(stderr).toContain(
      `warning: time: ${table}: its column of times goes back at row 70001, from 5.833 to 0.000 s; rows are taken as they stand`,
    );
  });

  it("takes a known designation from a sidecar, and names those that are known where one is not", async () => {
    const { folder, out, good } = createFolder();
    const { rateHz, shaftRpm, scale } = sidecar;
    const said = { rateHz, shaftRpm, scale, bearing: "SKF 6205-2RS" };
    writeFileSync(join(folder, "good.json"), JSON.stringify(said));
    const { code, stderr } = await scoreHere([good], out, []);
    expect([code, stderr]).toEqual([0, ""]);
    const unknown = await scoreHere([good], out, withFlag("--bearing", "6205"));
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(
      /^error: --bearing 6205 is no file, and no designation whose geometry is known\nhint: known are 6205-2RS, /,
    );
  });
});
