import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { auroraHere } from "../aurora.ts";
import { check, known, writeGood } from "./checked-folder.ts";
import { inventCounts, rateHz, writeCounts } from "./invented-folder.ts";

const shippedBearing = join(import.meta.dirname, "..", "..", "..", "models", "bearing-vibration", "1.0.0");

describe("aurora data check", () => {
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

  it("says before a training that no healthy machine has as many windows as tell how they scatter", async () => {
    const dir = createTemporaryFolder();
    for (let machine = 1; machine <= 11; machine++) {
      writeCounts(dir, `healthy/t${machine}/a.npy`, inventCounts({ seed: machine, samples: 6 * rateHz }));
    }
    writeCounts(dir, "inner-race/t20/a.npy", inventCounts({ seed: 20, fault: "inner-race" }));
    await auroraHere("data", "init", dir, ...known);
    const { code, check: found } = await check(dir);
    expect([code, found.findings]).toEqual([
      1,
      [
        expect.objectContaining({
          severity: "error",
          check: "few-windows",
          message: expect.stringContaining("no healthy machine has 4 windows at one speed and load"),
          cure: expect.stringMatching(
            /for 8 s at one speed and load \(4 windows of 60 revolutions at 1800 rpm\)/,
          ),
        }),
      ],
    ]);
    // Another recording of one of them is as good as a longer one.
    writeCounts(dir, "healthy/t1/b.npy", inventCounts({ seed: 30, samples: 6 * rateHz }));
    await auroraHere("data", "init", dir, "--force", ...known);
    expect((await check(dir)).check.findings).toEqual([]);
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
});
