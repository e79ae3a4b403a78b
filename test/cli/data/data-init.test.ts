import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadTrainingConfig } from "../../../src/training/training-config.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { check, known, writeGood } from "./checked-folder.ts";
import { inventCounts, writeCounts } from "./invented-folder.ts";

describe("aurora data init", () => {
  it("writes a manifest that the check finds good, and says which way the recordings allow", async () => {
    const dir = writeGood();
    const written = await auroraHere("data", "init", dir, ...known);
    expect(written.stdout).toContain("5 recordings of 4 machines (healthy, inner-race)");
    const { code, check: found } = await check(join(dir, "train.yaml"));
    expect(found.findings).toEqual([]);
    expect([code, found.passed, found.recordings, found.machines]).toEqual([0, true, 5, 4]);
    expect(found.path).toMatchObject({ name: "fine-tune", faultyMachines: 2, healthyMachines: 2 });
    expect(parse(readFileSync(join(dir, "train.yaml"), "utf8"))).toMatchObject({
      from: expect.stringMatching(/models\/bearing-vibration\/\d+\.\d+\.\d+$/),
      dataset: { kind: "recordings", manifest: "recordings.yaml" },
    });
  });

  it("writes a configuration that learns from scratch where asked to, with a machine of each label held out", async () => {
    const dir = writeGood();
    await auroraHere("data", "init", dir, "--scratch");
    const { recipe: config } = await loadTrainingConfig(join(dir, "train.yaml"));
    expect(config.liesBeside).toBe(true);
    expect(config.attachments).toEqual(["recordings.yaml"]);
    expect(config.config.dataset).toMatchObject({ heldOutGroups: ["t2", "t4"] });
  });

  it("holds out a third of the machines of a label, a machine with a fault among the healthy ones", async () => {
    const dir = createTemporaryFolder();
    for (const number of [1, 2, 3, 4, 5]) {
      for (const [label, at] of [
        ["inner-race", 0],
        ["ball", 5],
      ] as const) {
        const machine = `t${number + at + 10}`;
        writeCounts(dir, `${label}/${machine}/a.npy`, [1, 2, 3]);
        writeCounts(dir, `healthy/${machine}/b.npy`, [1, 2, 3]);
      }
      writeCounts(dir, `healthy/t${20 + number}/c.npy`, [1, 2, 3]);
    }
    await auroraHere("data", "init", dir, "--scratch");
    const { dataset } = parse(readFileSync(join(dir, "train.yaml"), "utf8"));
    // Two of five of each fault; of fifteen healthy ones five, four of which these are.
    expect(dataset.heldOutGroups).toEqual(["t14", "t15", "t19", "t20", "t25"]);
  });

  it("says next commands as a shell takes them, of a folder with blanks in its name as well", async () => {
    const dir = join(createTemporaryFolder(), "Mühle & Söhne's");
    writeCounts(dir, "gesund/t1/a.npy", [1, 2, 3]);
    const { stdout } = await auroraHere("data", "init", dir);
    expect(stdout).toContain(`aurora data check '${join(dir, "train.yaml").replace("'", "'\\''")}'\n`);
  });

  it("takes the only column beside one of times in German, and finds that a stated rate denies it", async () => {
    const dir = createTemporaryFolder();
    const rows = inventCounts({ seed: 4 }).map(
      (value, index) =>
        `${`${(index / 12_800).toFixed(6)};${(value / 1000).toFixed(4)}`.replaceAll(".", ",")}`,
    );
    mkdirSync(join(dir, "gesund", "t1"), { recursive: true });
    writeFileSync(join(dir, "gesund", "t1", "a.csv"), `Zeit [s];Beschleunigung [m/s²]\n${rows.join("\n")}\n`);
    await auroraHere("data", "init", dir, ...known);
    const { check: found } = await check(join(dir, "recordings.yaml"));
    expect(found.findings.map((each) => each.check)).toContain("rate-and-times");
    expect(found.unreadable).toEqual([]);
  });

  it("leaves what is there, unless it is told to write over it", async () => {
    const dir = writeGood();
    writeFileSync(join(dir, "train.yaml"), "mine");
    const refused = await auroraHere("data", "init", dir);
    expect([refused.code, existsSync(join(dir, "recordings.yaml"))]).toEqual([2, false]);
    expect(refused.stderr).toMatch(/train\.yaml is there already[\s\S]*--force/);
    expect((await auroraHere("data", "init", dir, "--force")).code).toBe(0);
    expect(readFileSync(join(dir, "train.yaml"), "utf8")).not.toBe("mine");
  });

  it("goes on where an earlier run was ended between its two files", async () => {
    const dir = writeGood();
    await auroraHere("data", "init", dir, ...known);
    const [manifest, config] = ["recordings.yaml", "train.yaml"].map((name) => join(dir, name)) as [
      string,
      string,
    ];
    const written = readFileSync(config, "utf8");
    rmSync(config);
    writeFileSync(join(dir, ".train.yaml.1-1.tmp"), "half");
    expect((await auroraHere("data", "init", dir, ...known)).code).toBe(0);
    expect(readFileSync(config, "utf8")).toBe(written);
    writeFileSync(manifest, "mine");
    expect((await auroraHere("data", "init", dir, ...known)).code).toBe(2);
    expect(readFileSync(manifest, "utf8")).toBe("mine");
  });

  it("says how to name folders where no name says a label, or nothing is there", async () => {
    const dir = createTemporaryFolder();
    expect((await auroraHere("data", "init", dir)).stderr).toMatch(
      /holds no recordings[\s\S]*healthy\/turbine1/,
    );
    writeCounts(dir, "a.npy", [1, 2, 3]);
    expect((await auroraHere("data", "init", dir)).stderr).toMatch(/no name of the 1 recordings/);
    expect((await auroraHere("data", "init", join(dir, "none"))).code).not.toBe(0);
  });
});
