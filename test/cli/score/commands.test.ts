import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readBearing } from "../../../src/cli/score/sidecar/sidecar-options.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { encodeWav } from "../../training/dataset/samples/encode-wav.ts";
import { auroraHere, startAurora } from "../aurora.ts";
import { encodeNpy, shippedBundle, sidecarArguments, simulateFault } from "./recordings.ts";

const { counts, sidecar } = simulateFault(8);
const flags = sidecarArguments(sidecar);
const withFlag = (name: string, value: string): readonly string[] =>
  flags.map((flag, index) => (flags[index - 1] === name ? value : flag));

function createFolder(): { folder: string; good: string; short: string; out: string } {
  const folder = createTemporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at("good.npy"), encodeNpy(counts, [counts.length]));
  writeFileSync(at("short.npy"), encodeNpy(counts.slice(0, 100), [100]));
  return { folder, good: at("good.npy"), short: at("short.npy"), out: at("out.csv") };
}

describe("aurora score", () => {
  it("prints a summary a file and writes a row a window", async () => {
    const { good, out } = createFolder();
    const args = ["--input", good, good, "--out", out, ...flags];
    const { code, stdout, stderr } = await auroraHere("score", shippedBundle, ...args, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const { model, files } = JSON.parse(stdout) as {
      model: { name: string };
      files: { file: string; windows: number; probabilities: object }[];
    };
    expect(model.name).toBe("bearing-vibration");
    expect(files.map(({ file }) => file)).toEqual([good, good]);
    expect(files[0]!.windows).toBeGreaterThan(1);
    expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(1 + 2 * files[0]!.windows);
    const plain = await auroraHere("score", shippedBundle, ...args);
    expect(plain.stdout).toMatch(/good\.npy: \d+ windows, fault \d\.\d{3}: inner \d/);
  });

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
    const { code, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      good,
      "--out",
      out,
      ...orders,
    );
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

  it("fails when a file had no window, and says so", async () => {
    const { good, short, out } = createFolder();
    const { code, stdout, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      good,
      short,
      "--out",
      out,
      "--json",
      ...flags,
    );
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as { files: object[] }).files[1]).toMatchObject({ faultProbability: null });
    expect(stderr).toMatch(/^error: .+short\.npy: no window could be scored\nhint: it is shorter/);
  });

  it("ended by a signal in the middle of its files leaves nothing beside the table's place", async () => {
    const { folder, good, out } = createFolder();
    const before = readdirSync(folder);
    const inputs = new Array<string>(1000).fill(good);
    const { child, finished } = startAurora([
      "score",
      shippedBundle,
      "--input",
      ...inputs,
      "--out",
      out,
      ...flags,
    ]);
    await until(() => readdirSync(folder).length > before.length, "the table beside its place");
    child.kill("SIGINT");
    expect((await finished).code).toBe(130);
    expect(readdirSync(folder)).toEqual(before);
  });

  it.each([
    ["without a bearing", 2, flags.slice(0, 4), "good.npy", /--bearing/],
    ["at a rate the bundle does not take", 2, withFlag("--rate-hz", "100"), "good.npy", /--rate-hz says 100/],
    ["at a speed that is none", 2, withFlag("--shaft-rpm", "99999"), "good.npy", /fewer than 10 samples/],
    ["for a file that is not there", 1, flags, "no.npy", /error: .*no\.npy/],
  ])("ends %s with a hint and no table", async (_, expected, given, name, message) => {
    const { folder, out } = createFolder();
    const { code, stdout, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      join(folder, name),
      "--out",
      out,
      ...given,
    );
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(folder).sort()).toEqual(["good.npy", "short.npy"]);
  });

  it("of a rate that the bundle does not take says who states it: nobody gave --rate-hz", async () => {
    const { folder, good, out } = createFolder();
    const [, , ...others] = flags;
    const score = (...more: string[]) =>
      auroraHere("score", shippedBundle, "--input", good, "--out", out, ...others, ...more);
    writeFileSync(join(folder, "good.json"), JSON.stringify({ rateHz: 8000 }));
    const beside = await score();
    expect(beside.stderr).toContain("takes 10000 to 1000000 Hz, the .json beside it says 8000");
    expect(beside.stderr).toContain("record at 10000 Hz or faster");
    expect((await score("--rate-hz", "9000")).stderr).toContain("--rate-hz says 9000");
    rmSync(join(folder, "good.json"));
    const wav = join(folder, "slow.wav");
    writeFileSync(wav, encodeWav({ kind: "pcm16", rateHz: 8000, channels: [[...counts]] }));
    const { code, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      wav,
      "--out",
      out,
      ...others,
    );
    expect([code, stderr]).toEqual([2, expect.stringContaining("Hz, the file itself says 8000")]);
  });

  it("says in the JSON which of the files could not be read", async () => {
    const { folder, good, out } = createFolder();
    const { code, stdout, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      good,
      join(folder, "no.npy"),
      "--out",
      out,
      "--json",
      ...flags,
    );
    expect(code).toBe(1);
    const { files } = JSON.parse(stdout) as { files: { error?: { code: string } }[] };
    expect(files.map(({ error }) => error?.code)).toEqual([undefined, "DATA_MISSING"]);
    expect(stderr).toMatch(/^error: .*no\.npy\nhint: /);
  });

  it.each([
    ["score", ["--input", "a.npy", "--out", "o.csv"]],
    ["explain", ["--window", "a.npy"]],
  ])("%s prints one JSON object also where nothing could be done", async (command, args) => {
    const { folder } = createFolder();
    const { code, stdout, stderr } = await auroraHere(
      command,
      join(folder, "none"),
      ...args,
      "--json",
      ...flags,
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: "BUNDLE_FORMAT",
        message: expect.stringMatching(/missing/),
        hint: expect.stringMatching(/./),
      },
    });
    expect(stderr).toMatch(/^error: .*\nhint: /);
  });

  it("is content with a severity where a recording is too short for a diagnosis", async () => {
    const { folder, good, out } = createFolder();
    const tenth = join(folder, "tenth.npy");
    writeFileSync(tenth, encodeNpy(counts.slice(0, 1200), [1200]));
    const kept = join(folder, "healthy.json");
    const { code, stdout, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      tenth,
      "--out",
      out,
      "--json",
      ...flags,
      "--baseline",
      good,
      "--write-baseline",
      kept,
    );
    // The whole recording is a faulty machine's.
    const [faulty, ...notes] = stderr.split(/(?<=\n)/);
    expect(faulty).toMatch(
      /^warning: baseline: looks faulty itself: half of the windows look like inner race/,
    );
    expect([code, ...notes]).toEqual([
      0,
      "note: 1 of 1 files are shorter than 8 revolutions of the shaft (--shaft-rpm counts a minute's): a severity, but no diagnosis\n",
    ]);
    const { baseline, files } = JSON.parse(stdout) as {
      baseline: { windows: number };
      files: { faultProbability: null; severity: number; severityReference: string }[];
    };
    expect(baseline.windows).toBeGreaterThan(30);
    expect(files[0]).toMatchObject({ faultProbability: null, severityReference: "baseline" });
    expect(Math.abs(files[0]!.severity)).toBeLessThan(3);
    const again = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      tenth,
      "--out",
      out,
      "--json",
      ...flags,
      "--baseline",
      kept,
    );
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
    const args = ["--input", wild, "--out", out, "--unit", "g", ...flags];
    const { code, stdout, stderr } = await auroraHere("score", shippedBundle, ...args);
    expect(code).toBe(1);
    expect(stdout).toMatch(/milli\.npy: 0 windows \(\d+ samples set aside: range\), fault -/);
    expect(stderr).toMatch(
      /^error: .*milli\.npy: no window could be scored\nhint: data was set aside \(range\): check the sensor and --rate-hz\n/,
    );
  });

  it("says where an option counts instead of what a file says itself, once", async () => {
    const { folder, out } = createFolder();
    const waves = ["a.wav", "b.wav"].map((name) => join(folder, name));
    for (const path of waves)
      writeFileSync(path, encodeWav({ kind: "float32", rateHz: 12_000, channels: [[...counts]] }));
    const args = ["--input", ...waves, "--out", out];
    const same = await auroraHere("score", shippedBundle, ...args, ...flags);
    expect([same.code, same.stderr]).toEqual([0, ""]);
    const { stderr } = await auroraHere("score", shippedBundle, ...args, ...withFlag("--rate-hz", "25600"));
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
    const args = ["--input", wave, "--out", out, ...flags.slice(0, at), ...flags.slice(at + 2)];
    const { code, stderr } = await auroraHere("score", shippedBundle, ...args);
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
    const args = ["--input", table, "--channel", "acc", "--out", out];
    const { stderr } = await auroraHere("score", shippedBundle, ...args, ...flags);
    expect(stderr).toContain(
      `warning: time: ${table}: its column of times goes back at row 70001, from 5.833 to 0.000 s; rows are taken as they stand`,
    );
  });

  it("takes a known designation from a sidecar, and names those that are known where one is not", async () => {
    const { folder, out, good } = createFolder();
    const { rateHz, shaftRpm } = sidecar;
    writeFileSync(join(folder, "good.json"), JSON.stringify({ rateHz, shaftRpm, bearing: "SKF 6205-2RS" }));
    const { code, stderr } = await auroraHere("score", shippedBundle, "--input", good, "--out", out);
    expect([code, stderr]).toEqual([0, ""]);
    const unknown = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      good,
      "--out",
      out,
      ...withFlag("--bearing", "6205"),
    );
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(
      /^error: --bearing 6205 is no file, and no designation whose geometry is known\nhint: known are 6205-2RS, /,
    );
  });

  it("names a table that cannot be written", async () => {
    const { good, folder } = createFolder();
    const out = join(folder, "nowhere", "out.csv");
    const { code, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      good,
      "--out",
      out,
      ...flags,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: cannot write .+out\.csv.+\nhint: check --out/);
  });
});

const scada = fileURLToPath(new URL("../../../models/turbine-scada/1.0.0", import.meta.url));

describe("aurora explain", () => {
  it("prints bars for people and JSON for programs", async () => {
    const { good } = createFolder();
    const [bars, json] = await Promise.all([
      auroraHere("explain", shippedBundle, "--window", good, ...flags),
      auroraHere("explain", shippedBundle, "--window", good, ...flags, "--json"),
    ]);
    expect([bars.code, bars.stderr, json.code, json.stderr]).toEqual([0, "", 0, ""]);
    expect(bars.stdout).toMatch(/inner-race {2}p = [\d.]+\n {2}because .+█/);
    const { modes } = JSON.parse(json.stdout) as { modes: { failureMode: string; gap: number }[] };
    expect(modes.map(({ failureMode }) => failureMode)).toEqual(["inner-race", "outer-race", "ball"]);
    expect(Math.max(...modes.map(({ gap }) => gap))).toBeLessThanOrEqual(1e-9);
  });

  it("fails on a file without a window", async () => {
    const { short } = createFolder();
    const { code, stderr } = await auroraHere("explain", shippedBundle, "--window", short, ...flags);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .+no window that can be scored.*\nhint: a window is/);
  });

  it("says of a recording that a bundle of rows wants a table", async () => {
    const { good } = createFolder();
    const { code, stderr } = await auroraHere("explain", scada, "--window", good);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*good\.npy is no table.*\nhint: .*column of times/);
  });
});
