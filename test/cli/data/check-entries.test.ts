import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { check, known, writeGood, writeManifest } from "./checked-folder.ts";
import { inventCounts, writeCounts } from "./invented-folder.ts";

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

  it("says once of many entries that nobody says their bearing", async () => {
    const dir = createTemporaryFolder();
    const names = ["a.npy", "b.npy", "c.npy"];
    for (const [seed, name] of names.entries()) writeCounts(dir, name, inventCounts({ seed }));
    const entries = names.map((file) => ({ file, label: "healthy", machine: file }));
    const path = writeManifest(dir, entries, { bearing: null });
    const { stdout } = await auroraHere("data", "check", path);
    expect(stdout.match(/nothing says the bearing/g)).toHaveLength(1);
    expect(stdout).toMatch(/the bearing of a\.npy \(and 2 more: lines \d+, \d+\)/);
  });

  it("names the option for recordings that lie elsewhere where a file is not there", async () => {
    const dir = createTemporaryFolder();
    for (const file of ["none.npy", "none/*.npy"]) {
      const path = writeManifest(dir, [{ file, label: "healthy", machine: "t1" }]);
      expect((await check(path)).check.findings[0]!.cure).toContain("--data FOLDER");
    }
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

  it("says why a column of times states no rate", async () => {
    const dir = createTemporaryFolder();
    const rows = Array.from({ length: 200 }, (_, row) => `${(row / 25.6).toFixed(1)},${row % 7}`);
    writeFileSync(join(dir, "a.csv"), `time [s],acc\n${rows.join("\n")}\n`);
    const path = join(dir, "recordings.yaml");
    const entry = "file: a.csv, channel: acc, label: healthy, machine: t1, rpm: 1500";
    writeFileSync(path, `recordings:\n  - {${entry}}\n`);
    const [first] = (await check(path)).check.findings;
    expect(first!.message).toContain("nothing says the sampling rate");
    expect(first!.cure).toMatch(/say rateHz: 25600 \(its column of times "time" repeats a time or lacks one/);
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

  it("is wrong usage without a file, and a clear error for one that is not there", async () => {
    expect((await auroraHere("data", "check")).code).toBe(2);
    expect((await auroraHere("data", "check", "/nowhere/x.yaml")).stderr).toContain("aurora data init DIR");
  });
});
