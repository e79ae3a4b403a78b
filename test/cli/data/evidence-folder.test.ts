import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { DataCheck } from "../../../src/cli/data/check-recordings.ts";
import type { EvidenceAbout, EvidenceVerdict } from "../../../src/core/contract/evidence.ts";
import { encodeNpy } from "../../../src/core/platform/files/encode-npy.ts";
import { sha256Hex } from "../../../src/core/platform/files/sha256.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { inventCounts, rateHz, rpm } from "./invented-folder.ts";

const healthy: EvidenceVerdict = { verdict: "healthy", failureModes: [], probability: 0.01 };
const alarmOf = (...failureModes: string[]): EvidenceVerdict => {
  return { verdict: "alarm", failureModes, probability: 0.97 };
};
/** As many windows as a training takes. */
const samples = 32 * rateHz;

interface Written {
  readonly turbine: string;
  readonly said: EvidenceVerdict;
  readonly seed: number;
  readonly fault?: "inner-race" | "outer-race";
  /** What else stands in the description. */
  readonly more?: object;
  readonly about?: Partial<EvidenceAbout["evidence"]>;
}

/** Two files as a collector keeps them. */
function writeEvidence(
  dir: string,
  file: string,
  { turbine, said, seed, fault, more, about }: Written,
): void {
  const counts = Int16Array.from(inventCounts({ seed, samples, ...(fault === undefined ? {} : { fault }) }));
  const npy = encodeNpy([counts]);
  const facts: EvidenceAbout = {
    rateHz,
    shaftRpm: rpm,
    scale: 0.001,
    bearing: { bpfo: 3.585, bpfi: 5.415, bsf: 4.714 / 2, ftf: 0.398 },
    device: `mcu-${turbine}`,
    channel: "accel-de",
    unit: "g",
    from: "2026-06-01T12:00:00.000Z",
    firstSample: 0,
    evidence: {
      version: 1,
      kind: said.verdict === "alarm" ? "alarm" : "reference",
      gateway: "gw",
      site: "north",
      turbine,
      component: "outer-bearing",
      to: "2026-06-01T12:00:32.000Z",
      samples,
      model: { name: "bearing-vibration", version: "1.0.0", digest: "ab".repeat(32) },
      said,
      npySha256: sha256Hex(npy),
      packed: { codec: "split-brotli", bytes: 9, sha256: "cd".repeat(32) },
      ...about,
    },
  };
  const path = join(dir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, npy);
  writeFileSync(path.replace(/npy$/, "json"), JSON.stringify({ ...facts, ...more }));
}

interface Entry {
  readonly file: string;
  readonly label: string;
  readonly machine: string;
  readonly component: string;
  readonly time: string;
}

async function init(dir: string) {
  const run = await auroraHere("data", "init", dir);
  const manifest = run.code === 0 ? readFileSync(join(dir, "recordings.yaml"), "utf8") : "";
  return { ...run, manifest, entries: (parse(manifest)?.recordings ?? []) as readonly Entry[] };
}

async function check(file: string): Promise<DataCheck> {
  return JSON.parse((await auroraHere("data", "check", file, "--json")).stdout) as DataCheck;
}

describe("aurora data init of raw evidence", () => {
  it("writes a manifest by what lies beside each recording, which the check takes for a training", async () => {
    const dir = createTemporaryFolder();
    writeEvidence(dir, "ab/ab01.npy", { turbine: "WT01", said: healthy, seed: 1 });
    writeEvidence(dir, "ab/ab02.npy", { turbine: "WT02", said: healthy, seed: 2 });
    writeEvidence(dir, "cd/cd01.npy", {
      turbine: "WT03",
      said: alarmOf("inner-race"),
      seed: 3,
      fault: "inner-race",
    });
    writeEvidence(dir, "cd/cd02.npy", {
      turbine: "WT04",
      said: alarmOf("outer-race"),
      seed: 4,
      fault: "outer-race",
    });
    writeEvidence(dir, "ef/ef01.npy", {
      turbine: "WT05",
      said: { ...healthy, verdict: "no-alarm" },
      seed: 5,
    });
    const { stdout, manifest, entries } = await init(dir);
    expect(entries.map(({ label, machine }) => [label, machine])).toEqual([
      ["healthy", "north/WT01"],
      ["healthy", "north/WT02"],
      ["inner-race", "north/WT03"],
      ["outer-race", "north/WT04"],
    ]);
    expect(entries[0]).toMatchObject({ component: "outer-bearing", time: "2026-06-01T12:00:00.000Z" });
    expect(manifest).toMatch(/# - \{ file: "ef\/ef01\.npy", label: , machine: north\/WT05.*no alarm stood/);
    expect(stdout).toMatch(/1 recordings have no label/);
    expect(stdout).toMatch(/4 labels are the verdict of the model/);
    const found = await check(join(dir, "train.yaml"));
    expect(found.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect([found.passed, found.recordings, found.machines]).toEqual([true, 4, 4]);
  });

  it("takes a person's word before the model's, and no recording's name for a label", async () => {
    const dir = createTemporaryFolder();
    // As `evidence get` names them; the component is called as a fault is.
    writeEvidence(dir, "WT01-outer-bearing-ab.npy", { turbine: "WT01", said: healthy, seed: 1 });
    writeEvidence(dir, "inner race/WT02-outer-bearing-ab.npy", {
      turbine: "WT02",
      said: alarmOf("outer-race"),
      seed: 2,
    });
    writeEvidence(dir, "c.npy", {
      turbine: "WT03",
      said: alarmOf("outer-race"),
      seed: 3,
      more: { label: "healthy" },
    });
    writeEvidence(dir, "d.npy", {
      turbine: "WT04",
      said: alarmOf("ball"),
      seed: 4,
      more: { label: "broken" },
    });
    const { stdout, manifest, entries } = await init(dir);
    expect(entries.map(({ label, machine }) => [label, machine]).sort()).toEqual([
      ["healthy", "north/WT01"],
      ["healthy", "north/WT03"],
      ["inner-race", "north/WT02"],
    ]);
    expect(manifest).toMatch(/# - \{ file: "d\.npy".*its label is none of healthy, faulty/);
    expect(stdout).toMatch(/1 labels are the verdict/);
  });

  it("guesses nothing where nobody said it, and takes nothing that is damaged, strange or there twice", async () => {
    const dir = createTemporaryFolder();
    writeEvidence(dir, "a.npy", { turbine: "WT01", said: healthy, seed: 1 });
    writeEvidence(dir, "copy/a.npy", { turbine: "WT01", said: healthy, seed: 1 });
    writeEvidence(dir, "b.npy", { turbine: "WT02", said: alarmOf("inner-race", "outer-race"), seed: 2 });
    writeEvidence(dir, "c.npy", { turbine: "WT03", said: alarmOf("gearbox-oil"), seed: 3 });
    writeEvidence(dir, "d.npy", { turbine: "WT04", said: alarmOf(), seed: 4 });
    writeEvidence(dir, "e.npy", {
      turbine: "WT05",
      said: healthy,
      seed: 5,
      about: { npySha256: "0".repeat(64) },
    });
    writeEvidence(dir, "f.npy", { turbine: "WT06", said: healthy, seed: 6, about: { version: 2 as 1 } });
    writeEvidence(dir, "g.npy", { turbine: "WT|`\n07", said: healthy, seed: 7 });
    writeFileSync(join(dir, "g.json"), "{");
    writeFileSync(join(dir, "h.npy"), "");
    mkdirSync(join(dir, "h.json"));
    const { manifest, entries } = await init(dir);
    expect(entries.map(({ file }) => file)).toEqual(["a.npy"]);
    for (const words of [
      /copy\/a\.npy.*the same samples as a\.npy/,
      /b\.npy.*an alarm of inner-race, outer-race, which is no one label/,
      /c\.npy.*an alarm of gearbox-oil, which is no one label/,
      /d\.npy.*an alarm of nothing/,
      /e\.npy.*its samples are not those of its description/,
      /f\.npy.*its description is not understood/,
    ])
      expect(manifest).toMatch(words);
    expect(manifest).toMatch(/# - \{ file: "g\.npy", label: , machine: {2}\}\n/);
  });

  it("refuses a folder in which nobody said anything, and says why", async () => {
    const dir = createTemporaryFolder();
    writeEvidence(dir, "a.npy", { turbine: "WT01", said: { ...healthy, verdict: "no-alarm" }, seed: 1 });
    const { code, stderr } = await init(dir);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no name of the 1 recordings.*and nothing beside them.*no alarm stood/);
  });
});
