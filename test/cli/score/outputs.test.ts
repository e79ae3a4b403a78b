import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { until } from "../../support/until.ts";
import { auroraHere, startAurora } from "../aurora.ts";
import { encodeNpy, shippedBundle, sidecarArguments, simulateFault } from "./recordings.ts";

const { counts, sidecar } = simulateFault(2);
const recording = encodeNpy(counts, [counts.length]);

function createFolder(): (name: string) => string {
  const folder = createTemporaryFolder();
  writeFileSync(join(folder, "a.npy"), recording);
  writeFileSync(join(folder, "b.npy"), recording);
  mkdirSync(join(folder, "sub"));
  symlinkSync(folder, join(folder, "sub", "up"));
  return (name) => join(folder, name);
}

describe("what aurora score writes", () => {
  it.each([
    ["a table in place of a baseline's recording", ["--baseline", "b.npy", "--out", "b.npy"]],
    ["a table in place of an input by another way", ["--out", "sub/up/a.npy"]],
    [
      "a baseline in place of an input",
      ["--baseline", "b.npy", "--out", "o.csv", "--write-baseline", "a.npy"],
    ],
    [
      "a baseline in place of its own recording",
      ["--baseline", "b.npy", "--out", "o.csv", "--write-baseline", "b.npy"],
    ],
    [
      "a baseline in place of the table",
      ["--baseline", "b.npy", "--out", "o.csv", "--write-baseline", "o.csv"],
    ],
  ])("is never %s", async (_, options) => {
    const at = createFolder();
    const args = options.map((option) => (option.startsWith("--") ? option : at(option)));
    const { code, stdout, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      at("a.npy"),
      ...args,
      ...sidecarArguments(sidecar),
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/would replace it/);
    for (const name of ["a.npy", "b.npy"]) expect(readFileSync(at(name)).equals(recording)).toBe(true);
  });

  it("is no second baseline of one that is learnt already", async () => {
    const at = createFolder();
    writeFileSync(at("h.json"), "{}");
    const { code, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      at("a.npy"),
      "--out",
      at("o.csv"),
      "--baseline",
      at("h.json"),
      "--write-baseline",
      at("i.json"),
      ...sidecarArguments(sidecar),
    );
    expect([code, stderr]).toEqual([2, expect.stringMatching(/is a baseline already/)]);
  });

  it("is whole where the command fails and its reader is slow", async () => {
    const at = createFolder();
    const inputs = Array.from({ length: 1000 }, (_, index) => at(`${index}${"-".repeat(200)}.npy`));
    const { child, finished } = startAurora([
      "score",
      shippedBundle,
      "--input",
      ...inputs,
      "--out",
      at("o.csv"),
      "--json",
      ...sidecarArguments(sidecar),
    ]);
    child.stdout!.pause();
    let told = "";
    child.stderr!.on("data", (text: string) => {
      told += text;
    });
    await until(() => told.includes(`${inputs.at(-1)!}\nhint: `), "the last complaint", 45_000);
    child.stdout!.resume();
    const { code, stdout } = await finished;
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as { files: object[] }).files).toHaveLength(1000);
  });

  it("shows no control character of a file on a terminal", async () => {
    const at = createFolder();
    writeFileSync(at("a.csv"), "time\u001b[2J,x\n1,2\n1,2\n1,2\n1,2\n");
    const { code, stderr } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      at("a.csv"),
      "--out",
      at("o.csv"),
      "--channel",
      "y",
      ...sidecarArguments(sidecar),
    );
    expect([code, stderr]).toEqual([2, expect.stringMatching(/: time\ufffd\[2J, x\n/)]);
  });

  it("goes to a device as it is, and leaves it one", async () => {
    const at = createFolder();
    // A link to one: what goes wrong must not cost the machine its own.
    symlinkSync("/dev/null", at("null"));
    const { code } = await auroraHere(
      "score",
      shippedBundle,
      "--input",
      at("a.npy"),
      "--out",
      at("null"),
      ...sidecarArguments(sidecar),
    );
    expect(code).toBe(0);
    expect(readFileSync(at("null"), "utf8")).toBe("");
  });
});
