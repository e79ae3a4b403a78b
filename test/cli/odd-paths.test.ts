import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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
