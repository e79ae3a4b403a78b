import { readdirSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { bundleCommand } from "../../src/cli/commands/bundle.ts";
import { keysCommand } from "../../src/cli/commands/keys.ts";
import { loadPrivateKey } from "../../src/core/bundle/keys.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { resignBundle, writeBundle } from "../../src/core/bundle/write-bundle.ts";
import { decodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { checkDeviceModel } from "../../src/training/gate/bundle-checks.ts";
import { newKey, sampleContents, withTempDir } from "../core/bundle/sample-bundle.ts";
import { createTemporaryFolder } from "../support/temporary-folder.ts";
import { auroraHere } from "./aurora.ts";

let stdout = "";
let stderr = "";
beforeEach(() => {
  stdout = "";
  stderr = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

const run = (command: ReturnType<typeof bundleCommand>, ...args: string[]): Promise<unknown> =>
  command.exitOverride().parseAsync(args, { from: "user" });

describe("aurora bundle and aurora keys", () => {
  it("make keys, sign, verify, find a flipped bit, inspect and compare", async () => {
    await withTempDir(async (dir) => {
      const [keys, one, two] = [join(dir, "keys"), join(dir, "one"), join(dir, "two")];
      await run(keysCommand(), "init", keys, "--json");
      const { keyIds, rootFile } = JSON.parse(stdout) as {
        keyIds: Record<string, string>;
        rootFile: string;
      };
      const { signed } = JSON.parse(await readFile(rootFile, "utf8")) as {
        signed: { roles: Record<string, { keyids: string[] }> };
      };
      const ofRoles = Object.entries(signed.roles).map(([role, { keyids }]) => [role, keyids[0]]);
      const { keyId: release } = await loadPrivateKey(join(keys, "release.key"));
      expect(keyIds).toEqual({ ...Object.fromEntries(ofRoles), release });
      expect((await stat(join(keys, "root.key"))).mode & 0o777).toBe(0o600);

      await writeBundle(one, sampleContents(), newKey());
      await writeBundle(two, sampleContents({ version: "1.1.0" }), newKey());
      for (const bundle of [one, two]) {
        await run(bundleCommand(), "sign", bundle, "--key", join(keys, "release.key"));
      }
      await run(bundleCommand(), "verify", one, two, "--keys", join(keys, "release.pub"));
      const releaseId = (await loadPrivateKey(join(keys, "release.key"))).keyId;
      const signer = `signed by ${releaseId} (${join(keys, "release.pub")})`;
      const verified = stdout
        .slice(stdout.indexOf(`${one}: good`))
        .replace(/digest [0-9a-f]{64}/g, "digest D");
      expect(verified.split("\n")).toEqual([
        `${one}: good, bearing-sample@1.0.0, digest D`,
        signer,
        `${two}: good, bearing-sample@1.1.0, digest D`,
        signer,
        "",
      ]);
      expect(process.exitCode ?? 0).toBe(0);

      stdout = "";
      await run(bundleCommand(), "inspect", one);
      expect(stdout).toContain("bearing-sample@1.0.0");
      expect(stdout).toContain("model.int8.onnx");
      expect(stdout).toContain(`signature   by key ${releaseId}; not verified here (aurora bundle verify)\n`);
      stdout = "";
      await run(bundleCommand(), "diff", one, two);
      expect(stdout).toBe("version: 1.0.0 → 1.1.0\n");

      const card = await readFile(join(two, "MODEL_CARD.md"));
      card[0] = card[0]! ^ 1;
      await writeFile(join(two, "MODEL_CARD.md"), card);
      stdout = "";
      await run(bundleCommand(), "verify", one, two, "--keys", join(keys, "release.pub"), "--json");
      const { bundles } = JSON.parse(stdout) as { bundles: { ok: boolean; code?: string }[] };
      expect(bundles.map((bundle) => bundle.ok)).toEqual([true, false]);
      expect(bundles[1]?.code).toBe("BUNDLE_DIGEST");
      expect(process.exitCode).toBe(1);
      await run(bundleCommand(), "verify", two, "--keys", join(keys, "release.pub"));
      expect(stderr).toContain("REFUSED (BUNDLE_DIGEST): MODEL_CARD.md");
    });
  });

  it("trust no key of another installation, and never overwrite keys", async () => {
    await withTempDir(async (dir) => {
      const keys = join(dir, "keys");
      await run(keysCommand(), "init", keys);
      expect(stdout).toContain("Take root.key and release.key offline");
      await expect(run(keysCommand(), "init", keys)).rejects.toThrow(/never overwritten/);
      await writeBundle(join(dir, "b"), sampleContents(), newKey());
      await run(bundleCommand(), "verify", join(dir, "b"), "--keys", keys);
      expect(process.exitCode).toBe(1);
      expect(stderr).toContain("BUNDLE_SIGNATURE");
    });
  });
});

test("of several keys that signed, verify names each with the file that holds it, of a folder as well", async () => {
  const dir = createTemporaryFolder();
  const [keys, own] = [join(dir, "keys"), join(dir, "own")];
  const signers = [newKey(), newKey()];
  await mkdir(keys);
  for (const [index, { publicKey }] of signers.entries()) {
    await writeFile(join(keys, `${index}.pub`), publicKey.pem);
    // The same key once more: the first file is named.
    await writeFile(join(keys, `copy-of-${index}.pub`), publicKey.pem);
  }
  await writeBundle(own, sampleContents(), newKey());
  await resignBundle(own, signers);
  const { stdout } = await auroraHere("bundle", "verify", own, "--keys", keys);
  for (const [index, { keyId }] of signers.entries())
    expect(stdout).toContain(`${keyId} (${join(keys, `${index}.pub`)})`);
  expect(stdout.split("signed by")).toHaveLength(2);
});

test("inspect obeys no words of a signature that nobody has checked, and shows a bundle whose signature cannot be read", async () => {
  const dir = createTemporaryFolder();
  await writeBundle(dir, sampleContents(), newKey());
  const file = join(dir, "manifest.dsse.json");
  const envelope = JSON.parse(await readFile(file, "utf8")) as { signatures: { keyid: string }[] };
  envelope.signatures[0]!.keyid = "\u001b[2Jsomebody";
  await writeFile(file, JSON.stringify(envelope));
  const strange = await auroraHere("bundle", "inspect", dir);
  expect([strange.code, strange.stdout]).toEqual([
    0,
    expect.stringContaining("signature   by a key whose id is none; not verified here"),
  ]);
  expect(strange.stdout).not.toContain("somebody");
  await writeFile(file, "no envelope");
  const none = await auroraHere("bundle", "inspect", dir);
  expect([none.code, none.stdout]).toEqual([
    0,
    expect.stringContaining("signature   cannot be read: the signature envelope is not JSON"),
  ]);
});

test("a key of another role signs no bundle: neither one of an update repository nor a publisher's", async () => {
  const dir = createTemporaryFolder();
  const [keys, own] = [join(dir, "keys"), join(dir, "own")];
  await auroraHere("keys", "init", keys);
  await auroraHere("keys", "publisher", join(dir, "publishers"), "ci");
  await writeBundle(own, sampleContents(), newKey());
  const republish = (key: string) =>
    auroraHere("bundle", "republish", own, "--as", "1.2.0", "--key", key, "--out", join(dir, "1.2.0"));
  const targets = await republish(join(keys, "targets.key"));
  expect([targets.code, targets.stderr]).toEqual([
    1,
    expect.stringMatching(/targets key of an update repository[\s\S]*release\.key/),
  ]);
  const sign = await auroraHere("bundle", "sign", own, "--key", join(keys, "root.key"));
  expect([sign.code, sign.stderr]).toEqual([1, expect.stringContaining("root key of an update repository")]);
  await auroraHere("bundle", "sign", own, "--key", join(keys, "release.key"));
  const publisher = await republish(join(dir, "publishers", "ci.key"));
  expect([publisher.code, publisher.stderr]).toEqual([
    1,
    expect.stringMatching(/neither by .*ci\.key[\s\S]*not a publisher's[\s\S]*--keys FILE/),
  ]);
  expect((await republish(join(keys, "release.key"))).stdout).toContain("must trust its public half");
});

test("a bundle is republished: the same model under a higher version, signed anew, which is proved as before", async () => {
  const dir = createTemporaryFolder();
  const aurora = (...args: string[]) => auroraHere("bundle", ...args);
  await auroraHere("keys", "init", join(dir, "keys"));
  const key = join(dir, "keys", "release.key");
  const shipped = "models/bearing-vibration/1.0.0";
  const made = await aurora(
    "republish",
    shipped,
    "--as",
    "1.2.0",
    "--key",
    key,
    "--out",
    join(dir, "1.2.0"),
    "--json",
  );
  expect(made.stderr).toBe("");
  const result = JSON.parse(made.stdout) as { out: string; digest: string; of: { digest: string } };
  expect(result).toMatchObject({ name: "bearing-vibration", version: "1.2.0", of: { version: "1.0.0" } });
  const [before, after] = [await readBundle(shipped), await readBundle(result.out)];
  const kept = [...before.files.keys()].filter((name) =>
    Buffer.from(before.files.get(name)!).equals(after.files.get(name)!),
  );
  expect([...before.files.keys()].filter((name) => !kept.includes(name))).toEqual([
    "MODEL_CARD.md",
    "bom.cdx.json",
    "model.mcu.bin",
  ]);
  expect(after.manifest.lineage.republished).toEqual({ version: "1.0.0", digest: before.digest });
  expect(decodeMcuModel(after.files.get("model.mcu.bin")!)).toEqual({
    ...decodeMcuModel(before.files.get("model.mcu.bin")!),
    version: "1.2.0",
    securityCounter: 0x01020000,
  });
  expect(checkDeviceModel(after).outcome).toBe("passed");
  expect(new TextDecoder().decode(after.files.get("MODEL_CARD.md"))).toMatch(
    /^# Rolling bearing diagnosis from vibration 1\.2\.0\n\n`bearing-vibration@1\.2\.0`: 1\.0\.0 once more/,
  );
  const verified = await aurora("verify", result.out, "--keys", join(dir, "keys", "release.pub"));
  expect(verified).toMatchObject({ code: 0 });
  expect((await aurora("inspect", result.out)).stdout).toContain("model of    bearing-vibration@1.0.0");

  // Once more, from what was made: beside it, with a reason.
  const again = await aurora(
    "republish",
    result.out,
    "--as",
    "1.3.0",
    "--key",
    key,
    "--because",
    "1.2.1 was loud",
  );
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(join(dir, "1.3.0")) });
  expect((await readBundle(join(dir, "1.3.0"))).manifest).toMatchObject({
    changelog: "1.2.1 was loud",
    lineage: { republished: { version: "1.2.0", digest: result.digest } },
  });
  for (const [words, code, ...args] of [
    ["is not a version higher than 1.0.0", 2, shipped, "--as", "1.0.0"],
    ["A semantic version", 2, shipped, "--as", "two"],
    ["there is a bundle in", 2, result.out, "--as", "1.3.0"],
    ["there is no folder", 2, "bearing-vibration@1.0.0", "--as", "1.3.0"],
    ["cannot hold", 1, shipped, "--as", "1.2.3-a-very-long-name", "--out", join(dir, "long")],
  ] as const) {
    expect(await aurora("republish", ...args, "--key", key)).toMatchObject({
      code,
      stderr: expect.stringContaining(words),
    });
  }
  const foreign = await aurora(
    "republish",
    shipped,
    "--as",
    "2.0.0",
    "--key",
    key,
    "--keys",
    join(dir, "keys", "root.pub"),
  );
  expect(foreign).toMatchObject({ code: 1, stderr: expect.stringContaining("trusted key") });
  expect(readdirSync(dir).sort()).toEqual(["1.2.0", "1.3.0", "keys"]);
});
