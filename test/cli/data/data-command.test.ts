import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { DataCheck } from "../../../src/cli/data/check-recordings.ts";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { loadTrainingConfig } from "../../../src/training/training-config.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { encodeWav } from "../../training/dataset/samples/encode-wav.ts";
import { auroraHere } from "../aurora.ts";
import { bearing, inventCounts, rateHz, rpm, writeCounts } from "./invented-folder.ts";

const shippedBearing = join(import.meta.dirname, "..", "..", "..", "models", "bearing-vibration", "1.0.0");
const geometry = "balls=9,ball_diameter=7.94,pitch_diameter=39.04";

/** 16 windows: two such recordings are as many as a training takes. */
const healthySamples = 32 * rateHz;

/** Four machines in three formats, nothing wrong with them but their number. */
function writeGood(): string {
  const dir = createTemporaryFolder();
  writeCounts(dir, "healthy/t1/a.wav", inventCounts({ seed: 1, samples: healthySamples }));
  writeCounts(dir, "healthy/t1/b.wav", inventCounts({ seed: 2, samples: healthySamples }));
  writeCounts(dir, "healthy/t2/a.npy", inventCounts({ seed: 3 }));
  writeCounts(dir, "inner-race/t3/a.csv", inventCounts({ seed: 4, fault: "inner-race" }));
  writeCounts(dir, "inner-race/t4/a.npy", inventCounts({ seed: 5, fault: "inner-race" }));
  return dir;
}

const known = [
  "--rate-hz",
  `${rateHz}`,
  "--shaft-rpm",
  `${rpm}`,
  "--unit",
  "g",
  "--scale",
  "0.001",
  "--bearing",
  geometry,
];

async function check(
  ...args: string[]
): Promise<{ readonly code: number | null; readonly check: DataCheck }> {
  const { code, stdout } = await auroraHere("data", "check", ...args, "--json");
  return { code, check: JSON.parse(stdout) as DataCheck };
}

/** A manifest over files that are in the folder. */
function writeManifest(dir: string, entries: readonly object[], common: object = {}): string {
  const path = join(dir, "recordings.yaml");
  const all = { rateHz, rpm, unit: "g", scale: 0.001, bearing, ...common };
  writeFileSync(path, JSON.stringify({ ...all, recordings: entries }, null, 1));
  return path;
}

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

describe("aurora data check", () => {
  it("refuses what data init left to the author, and takes it when it is said", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "not healthy/t1/a.npy", inventCounts({ seed: 1 }));
    writeCounts(dir, "healthy/rec_1.npy", inventCounts({ seed: 2 }));
    const { stdout } = await auroraHere("data", "init", dir, ...known);
    expect(stdout).toContain("2 entries say TODO where no name says label or machine for sure");
    const asked = await check(dir);
    expect([asked.code, asked.check.findings.map(({ message }) => message)]).toEqual([
      1,
      [
        "machine is still TODO: no name says it, so its author must",
        "label is still TODO: no name says it, so its author must",
      ],
    ]);
    const path = join(dir, "recordings.yaml");
    const said = readFileSync(path, "utf8")
      .replace("label: TODO", "label: ball")
      .replace(/machine: TODO/, "machine: t2");
    writeFileSync(path, said);
    const { findings, machines } = (await check(dir)).check;
    expect([findings.filter((each) => each.check === "entry"), machines]).toEqual([[], 2]);
  });

  it("counts files that cannot be read, names them once, and says each place once", async () => {
    const dir = createTemporaryFolder();
    for (const name of ["a.wav", "b.wav", "c.npy"]) writeCounts(dir, `t1/${name}`, inventCounts({ seed: 1 }));
    writeFileSync(join(dir, "t1", "a.wav"), "");
    writeFileSync(join(dir, "t1", "b.wav"), readFileSync(join(dir, "t1", "b.wav")).subarray(0, 9000));
    symlinkSync("gone.npy", join(dir, "t1", "d.npy"));
    const path = writeManifest(dir, [{ file: "t1/*", label: "healthy", machine: "t1" }]);
    const { check: found } = await check(path);
    expect(found.unreadable).toEqual(["t1/a.wav", "t1/b.wav", "t1/d.npy"]);
    const lines = found.findings.map(({ where, message }) => `${where}: ${message}`);
    for (const line of lines) expect(line.split(path).length, line).toBe(2);
    expect(lines[0]).toMatch(/a\.wav is empty: it has 0 bytes/);
    expect((await auroraHere("data", "check", path)).stdout).toContain(
      "3 recordings cannot be read: t1/a.wav, t1/b.wav, t1/d.npy",
    );
  });

  it("says one finding of many entries once, with their lines", async () => {
    const dir = createTemporaryFolder();
    const names = ["a.npy", "b.npy", "c.npy"];
    for (const [seed, name] of names.entries()) writeCounts(dir, name, inventCounts({ seed }));
    const entries = names.map((file) => ({ file, label: "healthy", machine: file }));
    const path = writeManifest(dir, entries, { scale: 1 });
    const { stdout } = await auroraHere("data", "check", path);
    expect(stdout.match(/reaches/g)).toHaveLength(1);
    expect(stdout).toMatch(/a\.npy reaches .* \(and 2 more: lines \d+, \d+\)/);
  });

  it("says of whole numbers in g that they are counts, and of a speed that has gaps how much is lost", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 1, samples: 40_000 });
    writeCounts(dir, "a.wav", counts);
    const rows = counts.map((count, at) => {
      const speed = at < 20_000 ? (at % 3 === 0 ? "" : "1500") : at < 30_000 ? "" : "1600";
      return `${count / 1000},${speed}`;
    });
    writeFileSync(join(dir, "b.csv"), `acc,rpm\n${rows.join("\n")}\n`);
    const path = writeManifest(
      dir,
      [
        { file: "a.wav", label: "healthy", machine: "t1" },
        { file: "b.csv", label: "healthy", machine: "t2", channel: "acc", speed: "rpm", scale: 1 },
      ],
      { scale: undefined },
    );
    const { findings } = (await check(path)).check;
    expect(findings.find((each) => each.check === "range")!.cure).toContain(
      "of 16 bits that are ± 50 g: 0.001526",
    );
    expect(findings.find((each) => each.check === "speed-gaps")!.message).toBe(
      "the speed of b.csv#acc is missing or 0 in 26.19 % of the recording",
    );
  });

  it("takes a name in either form of its letters, and machines so named for one", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "Mu\u0308hle/a.npy", inventCounts({ seed: 1 }));
    writeCounts(dir, "M\u00fchle/b.npy", inventCounts({ seed: 2 }));
    const path = writeManifest(dir, [
      { file: "M\u00fchle/a.npy", label: "healthy", machine: "Mu\u0308hle" },
      { file: "M\u00fchle/b*.npy", label: "healthy", machine: "M\u00fchle" },
    ]);
    const { findings, recordings, machines } = (await check(path)).check;
    expect([findings.filter((each) => each.check === "entry"), recordings, machines]).toEqual([[], 2, 1]);
  });

  it("asks for all that nobody says, at the line of the entry", async () => {
    const dir = writeGood();
    await auroraHere("data", "init", dir);
    const { code, check: found } = await check(dir);
    expect(code).toBe(1);
    const entries = found.findings.filter(({ check: kind }) => kind === "entry");
    expect(entries.map(({ message }) => message)).toEqual([
      expect.stringContaining("nothing says the shaft speed of healthy/t1/a.wav (and 1 more of this entry)"),
      expect.stringContaining("nothing says the sampling rate"),
      expect.stringContaining("nothing says the sampling rate"),
      expect.stringContaining("nothing says the sampling rate"),
    ]);
    expect(entries[0]!.where).toMatch(/recordings\.yaml:\d+$/);
    expect(entries[0]!.cure).toContain("rpm: 1500");
  });

  const clipped = inventCounts({ seed: 9 }).map((count) => Math.max(-250, Math.min(250, count)));
  const stuck = [...inventCounts({ seed: 10 }), ...new Array<number>(400).fill(7), 8];
  it.each([
    ["silent", "error", new Array<number>(26_000).fill(3), {}],
    ["stuck", "error", stuck, {}],
    ["clipped", "warning", clipped, {}],
    ["short", "warning", inventCounts({ seed: 11, samples: 900 }), {}],
    ["range", "error", inventCounts({ seed: 12 }), { scale: 1 }],
    ["rate-and-duration", "error", inventCounts({ seed: 13 }), { duration: 4 }],
    ["rate-of-contract", "error", inventCounts({ seed: 14 }), { rateHz: 2000 }],
    ["unit", "warning", inventCounts({ seed: 15 }), { unit: "V", scale: null }],
    ["bearing", "error", inventCounts({ seed: 16 }), { bearing: { bpfo: 5.4, bpfi: 3.6, bsf: 4.7 } }],
    [
      "bearing",
      "warning",
      inventCounts({ seed: 18 }),
      { bearing: { bpfo: 3.5, bpfi: 5.4, bsf: 4.7, ftf: 0.6 } },
    ],
  ])("finds what is %s (%s), with its file and a cure", async (kind, severity, counts, fields) => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "a.npy", counts);
    const common = "scale" in fields && fields.scale === null ? { scale: undefined, unit: undefined } : {};
    const own = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
    const path = writeManifest(dir, [{ file: "a.npy", label: "healthy", machine: "t1", ...own }], common);
    const { check: found } = await check(path);
    expect(found.findings).toContainEqual(
      expect.objectContaining({ check: kind, severity, file: "a.npy", cure: expect.stringMatching(/\w{4}/) }),
    );
    expect(found.passed).toBe(found.findings.every((finding) => finding.severity !== "error"));
  });

  it("doubts a stated speed that the lines of a machine's shaft deny, over its recordings together", async () => {
    const dir = createTemporaryFolder();
    const files = Array.from({ length: 8 }, (_, index) => `r${index}.npy`);
    for (const [index, file] of files.entries()) {
      const turns = (at: number): number => (2 * Math.PI * 25.7 * at) / rateHz + index;
      const counts = inventCounts({ seed: 40 + index, samples: 3 * rateHz }).map((count, at) => {
        return Math.round([1, 2, 3].reduce((sum, order) => sum + 60 * Math.cos(order * turns(at)), count));
      });
      writeCounts(dir, file, counts);
    }
    const speedsOf = async (rpm: number) => {
      const entries = files.map((file) => ({ file, label: "healthy", machine: "t1", rpm }));
      const { check: found } = await check(writeManifest(dir, entries));
      return found.findings.filter((finding) => finding.check === "speed");
    };
    expect(await speedsOf(1542)).toEqual([]);
    expect(await speedsOf(1800)).toEqual([
      expect.objectContaining({
        severity: "warning",
        message: expect.stringMatching(
          /^machine t1: lines of a shaft stand at 1542 rpm, 0\.857 times the stated 1800 rpm/,
        ),
        cure: expect.stringMatching(/^check rpm, and rateHz/),
      }),
    ]);
  });

  it("finds one recording under two machines, whatever its format, and a bearing with two faults or two geometries", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 1 });
    writeCounts(dir, "a.npy", counts);
    writeCounts(dir, "b.csv", counts);
    writeCounts(dir, "c.npy", inventCounts({ seed: 2 }));
    writeCounts(
      dir,
      "d.npy",
      inventCounts({ seed: 3 }).map((count) => 40 * count),
    );
    const path = writeManifest(dir, [
      { file: "a.npy", label: "healthy", machine: "t1" },
      { file: "b.csv", label: "ball", machine: "t2" },
      { file: "c.npy", label: "inner-race", machine: "t2", bearing: { bpfo: 3.05, bpfi: 4.95, bsf: 3.99 } },
      { file: "d.npy", label: "healthy", machine: "t1" },
    ]);
    const { code, check: found } = await check(path);
    expect(code).toBe(1);
    expect(found.findings.map(({ check: kind }) => kind).sort()).toEqual([
      "duplicate",
      "two-labels",
      "two-machines",
      "two-machines",
    ]);
    expect(found.findings[0]!.message).toMatch(
      /b\.csv \(t2, ball\) holds the signal of a\.npy \(t1, healthy/,
    );
  });

  it("finds one signal on two machines as counts, as a float WAV in other units, and as a text of four digits", async () => {
    const dir = createTemporaryFolder();
    const counts = inventCounts({ seed: 1 });
    const volts = counts.map((count) => 0.1 + count / 25_000);
    writeCounts(dir, "a.npy", counts);
    writeFileSync(join(dir, "b.wav"), encodeWav({ kind: "float32", rateHz, channels: [volts] }));
    writeFileSync(join(dir, "c.csv"), `acc\n${volts.map((volt) => volt.toPrecision(4)).join("\n")}\n`);
    const path = writeManifest(dir, [
      { file: "a.npy", label: "healthy", machine: "t1" },
      { file: "b.wav", label: "healthy", machine: "t2", scale: 25 },
      { file: "c.csv", label: "healthy", machine: "t3", scale: 25 },
    ]);
    const { code, check: found } = await check(path);
    const duplicates = found.findings.filter(({ check: kind }) => kind === "duplicate");
    expect([code, duplicates.map(({ severity, file }) => [severity, file])]).toEqual([
      1,
      [
        ["error", "b.wav"],
        ["error", "c.csv"],
      ],
    ]);
  });

  it("takes the rate of a column of times, and finds where these go back or are missing", async () => {
    const dir = createTemporaryFolder();
    const write = (file: string, timeOf: (row: number) => number): void => {
      const rows = inventCounts({ seed: file.charCodeAt(0) * file.charCodeAt(1) }).map(
        (count, row) => `${(timeOf(row) / 12_000).toFixed(7)},${count}`,
      );
      writeFileSync(join(dir, file), `time [s],acc\n${rows.join("\n")}\n`);
    };
    write("good.csv", (row) => row);
    write("back.csv", (row) => row % 20_000);
    write("gap.csv", (row) => (row < 13_000 ? row : row + 12_000));
    const listed = { label: "healthy", machine: "t1", channel: "acc" };
    const entries = [
      { ...listed, file: "good.csv" },
      { ...listed, file: "gap.csv" },
      { ...listed, file: "back.csv", rateHz },
    ];
    const path = writeManifest(dir, entries, { rateHz: undefined });
    const { findings } = (await check(path)).check;
    expect(findings.map(({ check: kind, file, severity }) => [kind, file, severity])).toEqual(
      expect.arrayContaining([
        ["gaps-in-times", "gap.csv", "warning"],
        ["order-of-times", "back.csv", "error"],
      ]),
    );
    expect(findings.filter(({ file }) => file === "good.csv")).toEqual([]);
  });

  it("finds a label that stands for a machine, and a rate that a header or a column of times denies", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "healthy/a.wav", inventCounts({ seed: 1 }));
    writeCounts(dir, "healthy/b.npy", inventCounts({ seed: 2 }));
    const rows = inventCounts({ seed: 3 }).map((count, index) => `${index / 51_200},${count}`);
    writeFileSync(join(dir, "c.csv"), `time,acc\n${rows.join("\n")}\n`);
    const path = writeManifest(dir, [
      { file: "healthy/*", label: "healthy", machine: "healthy" },
      { file: "c.csv", label: "ball", machine: "t1", channel: "acc" },
    ]);
    const named = (await check(path)).check.findings.map(({ check: kind }) => kind);
    expect(named).toEqual(["rate-and-times", "label-as-machine"]);
    writeManifest(dir, [{ file: "healthy/a.wav", label: "healthy", machine: "t1", rateHz: 25_600 }]);
    const [denied] = (await check(path)).check.findings;
    expect(denied).toMatchObject({
      check: "entry",
      message: expect.stringContaining("25600 Hz, healthy/a.wav itself 12000 Hz"),
    });
  });

  it("goes on after an entry or a file that cannot be read, and names each", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "a.npy", inventCounts({ seed: 1 }));
    writeFileSync(join(dir, "b.npy"), "no recording");
    const path = writeManifest(dir, [
      { file: "a.npy", label: "healthy", machine: "t1" },
      { file: "b.npy", label: "ball", machine: "t2" },
      { file: "none.npy", label: "ball", machine: "t2" },
      { file: "a.npy", lable: "ball" },
    ]);
    const { code, check: found } = await check(path);
    expect([code, found.recordings]).toEqual([1, 2]);
    expect(found.findings.map(({ message }) => message)).toEqual([
      expect.stringContaining('nobody reads the key "lable"'),
      expect.stringContaining("there is no file none.npy"),
      expect.stringContaining("b.npy: expected a .npy file"),
    ]);
    for (const { where } of found.findings) expect(where).toMatch(/recordings\.yaml:\d+/);
  });

  it("says before a training that it would have too few windows of healthy machines, and what would be enough", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "healthy/t1/a.npy", inventCounts({ seed: 1, samples: 6 * rateHz }));
    writeCounts(dir, "inner-race/t2/a.npy", inventCounts({ seed: 2, fault: "inner-race" }));
    await auroraHere("data", "init", dir, ...known);
    const { code, check: found } = await check(dir);
    expect([code, found.findings]).toEqual([
      1,
      [
        expect.objectContaining({
          severity: "error",
          check: "few-windows",
          message: expect.stringContaining("3 windows of healthy machines to learn from: a bundle takes 32"),
          cure: expect.stringMatching(/for 58 s more \(29 windows of 60 revolutions at 1800 rpm\)/),
        }),
      ],
    ]);
    expect((await check(join(dir, "recordings.yaml"))).check.findings).toEqual([]);
  });

  it("says before a training from scratch that a single faulty machine cannot be learnt from and judged on", async () => {
    const dir = createTemporaryFolder();
    writeCounts(dir, "healthy/t1/a.npy", inventCounts({ seed: 1 }));
    writeCounts(dir, "healthy/t2/a.npy", inventCounts({ seed: 3 }));
    writeCounts(dir, "inner-race/t3/a.npy", inventCounts({ seed: 2, fault: "inner-race" }));
    await auroraHere("data", "init", dir, "--scratch", ...known);
    const { code, check: found } = await check(dir);
    expect([code, found.findings]).toEqual([
      1,
      [
        expect.objectContaining({
          check: "held-out",
          message: expect.stringContaining("no faulty recording is held out: there is 1 such machine in all"),
          cure: expect.stringContaining("record a second one"),
        }),
      ],
    ]);
  });

  it("warns before a training from scratch that two machines that are held out are no evidence", async () => {
    const dir = writeGood();
    await auroraHere("data", "init", dir, "--scratch", ...known);
    const { check: found } = await check(dir);
    expect(found.findings).toContainEqual(
      expect.objectContaining({
        severity: "warning",
        check: "held-out",
        message: expect.stringMatching(/^2 machines are held out, too few .* it takes 5 machines in all/),
        cure: expect.stringContaining("from:"),
      }),
    );
  });

  it("holds recordings against the data contract of the bundle that a configuration goes on from, where one trusts it", async () => {
    const [dir, parentDir] = [writeGood(), join(createTemporaryFolder(), "1.0.0")];
    const keys = createKeyPair();
    const { manifest, files } = await readBundle(shippedBearing);
    const faster = new TextDecoder()
      .decode(files.get("train.yaml")!)
      .replace("minRateHz: 10000", "minRateHz: 20000");
    const changed = new Map([...files, ["train.yaml", new TextEncoder().encode(faster)]]);
    await writeBundle(parentDir, { manifest, files: changed }, parsePrivateKey(keys.privateKeyPem));
    await auroraHere("data", "init", dir, ...known);
    writeFileSync(
      join(dir, "train.yaml"),
      `from: ${parentDir}\ndataset: { kind: recordings, manifest: recordings.yaml }\n`,
    );
    writeFileSync(join(dir, "own.pub"), keys.publicKeyPem);
    const { code, check: found } = await check(dir, "--keys", join(dir, "own.pub"));
    expect([code, found.findings.length > 0]).toEqual([1, true]);
    for (const each of found.findings) {
      expect(each).toMatchObject({
        check: "rate-of-contract",
        message: expect.stringContaining("12000 Hz, outside the data contract's 20000"),
      });
    }
    const untrusted = await auroraHere("data", "check", dir);
    expect([untrusted.code, untrusted.stderr]).toEqual([1, expect.stringMatching(/sign/)]);
  });

  it("looks at tables where the configuration learns from tables", async () => {
    const config = join(import.meta.dirname, "..", "..", "..", "models", "turbine-scada", "train.yaml");
    const { code, stderr } = await auroraHere("data", "check", config, "--data", createTemporaryFolder());
    expect(code).toBe(1);
    expect(stderr).toMatch(/edp|T01|turbine/i);
  });

  it("is wrong usage without a file, and a clear error for one that is not there", async () => {
    expect((await auroraHere("data", "check")).code).toBe(2);
    expect((await auroraHere("data", "check", "/nowhere/x.yaml")).stderr).toContain("aurora data init DIR");
  });
});
