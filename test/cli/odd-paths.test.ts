import { execFileSync } from "node:child_process";
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../src/core/maths/random.ts";
import { encodeNpy } from "../../src/core/platform/files/encode-npy.ts";
import { fillDisk, mountSmallDisk } from "../support/small-disk.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { auroraHere } from "./aurora.ts";

const bearing = "models/bearing-vibration/1.0.0";
const scada = "models/turbine-scada/1.0.0";
const machine = [
  "--rate-hz",
  "12000",
  "--shaft-rpm",
  "1800",
  "--bearing",
  "bpfo=3.58,bpfi=5.42,bsf=4.71,ftf=0.398",
];
const answers = "--site s --connect mqtt --bearing 6205-2RS --yes".split(" ");

/** Every place where a command takes a path; `PATH` stands for it, `SIGNED` for a bundle that may be signed, `KEY` for a device's key. */
const places: Readonly<Record<string, readonly string[]>> = {
  "init FILE": ["init", "PATH", ...answers],
  "gateway --config": ["gateway", "--config", "PATH"],
  "collector --config": ["collector", "--config", "PATH"],
  "config validate": ["config", "validate", "PATH"],
  "doctor --config": ["doctor", "--config", "PATH"],
  "device list --config": ["device", "list", "--config", "PATH"],
  "device capture --config": [
    "device",
    "capture",
    "--device",
    "d",
    "--seconds",
    "1",
    "--out",
    "o.npy",
    "--config",
    "PATH",
  ],
  "device push BUNDLE": ["device", "push", "PATH", "--device", "tcp://127.0.0.1:1", "--key", "KEY"],
  "device push --key": ["device", "push", bearing, "--device", "tcp://127.0.0.1:1", "--key", "PATH"],
  "device image": ["device", "image", "PATH", "--key", "KEY", "--out", "o.bin"],
  "baseline show --config": ["baseline", "show", "--config", "PATH"],
  train: ["train", "PATH"],
  evaluate: ["evaluate", "PATH"],
  "score BUNDLE": ["score", "PATH", "--input", "package.json", "--out", "o.csv"],
  "score --input": ["score", bearing, "--input", "PATH", "--out", "o.csv", ...machine],
  "score --columns": ["score", scada, "--input", "package.json", "--columns", "PATH", "--out", "o.csv"],
  "explain --window": ["explain", bearing, "--window", "PATH", ...machine],
  "bundle inspect": ["bundle", "inspect", "PATH"],
  "bundle verify": ["bundle", "verify", "PATH"],
  "bundle verify --keys": ["bundle", "verify", bearing, "--keys", "PATH"],
  "bundle sign --key": ["bundle", "sign", "SIGNED", "--key", "PATH"],
  "bundle diff": ["bundle", "diff", bearing, "PATH"],
  "bundle export-c": ["bundle", "export-c", "PATH", "--out", "o"],
  "data check": ["data", "check", "PATH"],
  "data init": ["data", "init", "PATH"],
};

/** What may stand there instead of what is meant, each of which would hang, fill the memory or be taken for something else. */
function createOddPaths(folder: string): Readonly<Record<string, string>> {
  const at = (name: string): string => join(folder, name);
  mkdirSync(at("folder"));
  execFileSync("mkfifo", [at("pipe")]);
  writeFileSync(
    at("binary"),
    Uint8Array.from({ length: 4096 }, (_, index) => (index * 151 + 127) & 255),
  );
  for (const name of ["large", "empty"]) writeFileSync(at(name), "");
  // Sparse: it takes no room on the disk.
  truncateSync(at("large"), 2 ** 30);
  return {
    missing: at("missing/file"),
    folder: at("folder"),
    device: "/dev/null",
    endless: "/dev/zero",
    pipe: at("pipe"),
    binary: at("binary"),
    large: at("large"),
    empty: at("empty"),
    nothing: "",
    dash: "-",
  };
}

test.each(Object.keys(places))("%s: what is no such file is refused in words that name it", async (place) => {
  const folder = createTemporaryFolder();
  const paths = createOddPaths(folder);
  const signed = join(folder, "signed");
  cpSync(bearing, signed, { recursive: true });
  writeFileSync(join(folder, "device.key"), "5a".repeat(32), { mode: 0o600 });
  for (const [kind, path] of Object.entries(paths)) {
    // That is what it is for.
    if (place === "init FILE" && kind === "missing") continue;
    const stand: Readonly<Record<string, string>> = {
      PATH: path,
      SIGNED: signed,
      KEY: join(folder, "device.key"),
    };
    const { code, stdout, stderr } = await auroraHere(...places[place]!.map((word) => stand[word] ?? word));
    const said = `${stdout}${stderr}`;
    expect.soft([code === 1 || code === 2, kind, said]).toEqual([true, kind, expect.stringMatching(/./)]);
    // No system's own words for nothing, and no trace of the program.
    expect.soft(said).not.toMatch(/\n\s+at .*:\d+|''|undefined|\[object/);
    const named = kind === "nothing" ? / is empty/ : kind === "dash" ? / is "-"/ : null;
    if (named !== null) expect.soft([code, kind, said]).toEqual([2, kind, expect.stringMatching(named)]);
    else expect.soft([kind, said]).toEqual([kind, expect.stringContaining(path)]);
  }
});

/** Every command that writes a file whose place it is told; `PATH` stands for it, `KEY` for a device's key, `WAVE` for a recording. */
const outputs: Readonly<Record<string, readonly string[]>> = {
  "init FILE": ["init", "PATH", "--force", ...answers],
  "score --out": ["score", bearing, "--input", "WAVE", "--out", "PATH", ...machine],
  "bundle export-c --out": ["bundle", "export-c", bearing, "--out", "PATH"],
  "device image --out": ["device", "image", bearing, "--key", "KEY", "--out", "PATH"],
};

/** Every command that writes files into a folder which it is told. */
const folders: Readonly<Record<string, readonly string[]>> = {
  "keys init": ["keys", "init", "PATH"],
  "keys publisher": ["keys", "publisher", "PATH", "ci"],
  "keys authority": ["keys", "authority", "PATH"],
  "fleet enrol": ["fleet", "enrol", "gw", "--site", "s", "--dir", "PATH"],
};

/** Fills a fresh folder with what may have the name of an output; returns a command's words with what stands for what. */
function createPlaces() {
  const folder = createTemporaryFolder();
  const at = (name: string): string => join(folder, name);
  const random = createRandom(7);
  mkdirSync(at("folder"));
  execFileSync("mkfifo", [at("pipe")]);
  symlinkSync("loop", at("loop"));
  symlinkSync("nowhere/x", at("dangling"));
  writeFileSync(at("file"), "precious");
  writeFileSync(at("device.key"), "5a".repeat(32), { mode: 0o600 });
  writeFileSync(
    at("wave.npy"),
    encodeNpy([Int16Array.from({ length: 24_000 }, () => random.uniform() * 20_000 - 10_000)]),
  );
  if (process.getuid?.() === 0) {
    // As /dev/null and /dev/full are, which no mistake here may cost this machine.
    execFileSync("mknod", [at("null"), "c", "1", "3"]);
    execFileSync("mknod", [at("full"), "c", "1", "7"]);
  }
  const run = (words: readonly string[], path: string) => {
    const stand: Readonly<Record<string, string>> = {
      PATH: path,
      KEY: at("device.key"),
      WAVE: at("wave.npy"),
    };
    return auroraHere(...words.map((word) => stand[word] ?? word));
  };
  return { at, run };
}

const said = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string =>
  `${stdout}${stderr}`;

describe.each(Object.keys(outputs))("%s", (name) => {
  const words = outputs[name]!;

  test("puts itself in the place of no folder, pipe, device or link, and says so with a hint", async () => {
    const { at, run } = createPlaces();
    const kinds = [
      "folder",
      "pipe",
      "loop",
      "dangling",
      ...(process.getuid?.() === 0 ? ["null", "full"] : []),
    ];
    for (const kind of kinds) {
      const before = lstatSync(at(kind));
      const told = await run(words, at(kind));
      // Rows may go to a device: that is what /dev/null is for.
      if (name === "score --out" && kind === "null") expect.soft([kind, told.code]).toEqual([kind, 0]);
      else {
        expect.soft([kind, told.code, said(told)]).toEqual([kind, 1, expect.stringContaining(at(kind))]);
        expect.soft([kind, said(told)]).toEqual([kind, expect.stringMatching(/\nhint: (?!Check the state)/)]);
      }
      const { mode, ino } = lstatSync(at(kind));
      expect.soft([kind, mode, ino]).toEqual([kind, before.mode, before.ino]);
    }
    expect(readdirSync(at("folder"))).toEqual([]);
    expect(readdirSync(at(".")).filter((entry) => entry.endsWith(".tmp"))).toEqual([]);
  });

  test("writes what a link leads to, and leaves the link", async () => {
    const { at, run } = createPlaces();
    symlinkSync("file", at("link"));
    const told = await run(words, at("link"));
    expect([told.code, told.stderr]).toEqual([0, expect.anything()]);
    expect(lstatSync(at("link")).isSymbolicLink()).toBe(true);
    expect(readFileSync(at("file"), "latin1")).not.toBe("precious");
  });

  test("leaves what was there on a full disk, and nothing half written", async ({ skip }) => {
    const disk = mountSmallDisk(64);
    if (disk === null) return skip("nobody may mount a small disk here");
    const { run } = createPlaces();
    const out = join(disk, "out");
    writeFileSync(out, "precious");
    fillDisk(disk);
    const told = await run(words, out);
    expect([told.code, said(told)]).toEqual([1, expect.stringContaining(out)]);
    expect(said(told)).toMatch(/\nhint: /);
    expect(readFileSync(out, "utf8")).toBe("precious");
    expect(readdirSync(disk).sort()).toEqual(["filling", "out"]);
  });

  test("names what is wrong with a path through a file, and where there is no folder", async () => {
    const { at, run } = createPlaces();
    const told = await run(words, at("file/x"));
    expect([told.code, said(told)]).toEqual([1, expect.stringContaining(at("file"))]);
    expect(said(told)).toMatch(/\nhint: (?!Check the state)/);
    expect(readFileSync(at("file"), "utf8")).toBe("precious");
  });
});

describe.each(Object.keys(folders))("%s", (name) => {
  const words = folders[name]!;

  test("makes no folder in the place of something else, and says so with a hint", async () => {
    const { at, run } = createPlaces();
    for (const kind of ["pipe", "loop", "dangling", "file", "file/x"]) {
      const told = await run(words, at(kind));
      expect.soft([kind, told.code, said(told)]).toEqual([kind, 1, expect.stringContaining(at(kind))]);
      expect.soft([kind, said(told)]).toEqual([kind, expect.stringMatching(/\nhint: (?!Check the state)/)]);
    }
    expect(readFileSync(at("file"), "utf8")).toBe("precious");
  });

  test("leaves no key on a full disk, so that it can be tried again", async ({ skip }) => {
    const disk = mountSmallDisk(256);
    if (disk === null) return skip("nobody may mount a small disk here");
    const { run } = createPlaces();
    const dir = join(disk, "keys");
    // With room for some of the files, and for none.
    for (const leftKib of [0, 4]) {
      const free = fillDisk(disk, leftKib);
      const told = await run(words, dir);
      expect.soft([leftKib, told.code, said(told)]).toEqual([leftKib, 1, expect.stringContaining(dir)]);
      expect.soft(said(told)).toMatch(/(ENOSPC|disk is full)[\s\S]*\nhint: Free some/);
      free();
    }
    const told = await run(words, dir);
    expect([told.code, told.stderr]).toEqual([0, ""]);
  });
});
