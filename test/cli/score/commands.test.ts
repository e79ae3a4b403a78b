import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { until } from "../../support/until.ts";
import { encodeWav } from "../../training/dataset/samples/encode-wav.ts";
import { auroraHere, startAurora } from "../aurora.ts";
import { counts, createFolder, flags, scoreHere, withFlag } from "./command-files.ts";
import { shippedBundle } from "./recordings.ts";

describe("aurora score", () => {
  it("prints a summary a file and writes a row a window", async () => {
    const { good, out } = createFolder();
    const { code, stdout, stderr } = await scoreHere([good, good], out, ["--json", ...flags]);
    expect([code, stderr]).toEqual([0, ""]);
    const { model, files } = JSON.parse(stdout) as {
      model: { name: string };
      files: { file: string; windows: number; probabilities: object }[];
    };
    expect(model.name).toBe("bearing-vibration");
    expect(files.map(({ file }) => file)).toEqual([good, good]);
    expect(files[0]!.windows).toBeGreaterThan(1);
    expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(1 + 2 * files[0]!.windows);
    const plain = await scoreHere([good, good], out);
    expect(plain.stdout).toMatch(/good\.npy: \d+ windows, fault \d\.\d{3}: inner \d/);
  });

  it("fails when a file had no window, and says so", async () => {
    const { good, short, out } = createFolder();
    const { code, stdout, stderr } = await scoreHere([good, short], out, ["--json", ...flags]);
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
    const { code, stdout, stderr } = await scoreHere([join(folder, name)], out, given);
    expect([code, stdout]).toEqual([expected, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(folder).sort()).toEqual(["good.npy", "short.npy"]);
  });

  it("of a rate that the bundle does not take says who states it: nobody gave --rate-hz", async () => {
    const { folder, good, out } = createFolder();
    const [, , ...others] = flags;
    const score = (...more: string[]) => scoreHere([good], out, [...others, ...more]);
    writeFileSync(join(folder, "good.json"), JSON.stringify({ rateHz: 8000 }));
    const beside = await score();
    expect(beside.stderr).toContain("takes 10000 to 1000000 Hz, the .json beside it says 8000");
    expect(beside.stderr).toContain("record at 10000 Hz or faster");
    expect((await score("--rate-hz", "9000")).stderr).toContain("--rate-hz says 9000");
    rmSync(join(folder, "good.json"));
    const wav = join(folder, "slow.wav");
    writeFileSync(wav, encodeWav({ kind: "pcm16", rateHz: 8000, channels: [[...counts]] }));
    const { code, stderr } = await scoreHere([wav], out, others);
    expect([code, stderr]).toEqual([2, expect.stringContaining("Hz, the file itself says 8000")]);
  });

  it("says in the JSON which of the files could not be read", async () => {
    const { folder, good, out } = createFolder();
    const { code, stdout, stderr } = await scoreHere([good, join(folder, "no.npy")], out, [
      "--json",
      ...flags,
    ]);
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

  it("names a table that cannot be written", async () => {
    const { good, folder } = createFolder();
    const out = join(folder, "nowhere", "out.csv");
    const { code, stderr } = await scoreHere([good], out);
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

  it("explains another window of it, by seconds, and refuses what are none", async () => {
    const { good } = createFolder();
    const explain = (at: string) =>
      auroraHere("explain", shippedBundle, "--window", good, ...flags, "--json", "--at", at);
    const [first, later, wrong] = await Promise.all([explain("0"), explain("3"), explain("2026-01-01")]);
    const windowOf = ({ stdout }: { readonly stdout: string }): { fromMs: number; toMs: number } =>
      JSON.parse(stdout).window;
    expect(windowOf(first).fromMs).toBe(0);
    expect(windowOf(later).fromMs).toBeLessThanOrEqual(3000);
    expect(windowOf(later).toMs).toBeGreaterThan(3000);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/--at is .+2026-01-01.+no number of seconds/);
  });

  it("says of a recording that a bundle of rows wants a table", async () => {
    const { good } = createFolder();
    const { code, stderr } = await auroraHere("explain", scada, "--window", good);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*good\.npy is no table.*\nhint: .*column of times/);
  });
});
