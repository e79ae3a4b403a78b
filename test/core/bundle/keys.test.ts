import { generateKeyPairSync } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createKeyPair,
  loadPrivateKey,
  loadTrustedKeys,
  parsePublicKey,
  writeKeyPair,
} from "../../../src/core/bundle/keys.ts";
import { withTempDir } from "./sample-bundle.ts";

const keyError: unknown = expect.objectContaining({ code: "KEY" });

describe("keys", () => {
  it("are written for the owner alone, loaded again, and sign what the public half verifies", async () => {
    await withTempDir(async (dir) => {
      const pair = createKeyPair();
      await writeKeyPair(join(dir, "keys"), "release", pair);
      expect((await stat(join(dir, "keys", "release.key"))).mode & 0o777).toBe(0o600);
      expect((await stat(join(dir, "keys", "release.pub"))).mode & 0o777).toBe(0o644);
      const signer = await loadPrivateKey(join(dir, "keys", "release.key"));
      const [key] = await loadTrustedKeys(join(dir, "keys"));
      const [same] = await loadTrustedKeys(join(dir, "keys", "release.pub"));
      expect([signer.keyId, key?.keyId, same?.keyId]).toEqual([pair.keyId, pair.keyId, pair.keyId]);
      const data = Buffer.from("data");
      const signature = signer.sign(data);
      expect(key?.verify(data, signature)).toBe(true);
      expect(key?.verify(Buffer.from("date"), signature)).toBe(false);
      expect(key?.verify(data, signature.subarray(1))).toBe(false);
      expect(key?.raw).toHaveLength(32);
    });
  });

  it("need a folder, and say so of a file that is in its place", async () => {
    await withTempDir(async (dir) => {
      const file = join(dir, "file");
      await writeFile(file, "x");
      await expect(writeKeyPair(file, "release", createKeyPair())).rejects.toMatchObject({
        code: "STORE",
        message: expect.stringContaining(`cannot make folder ${file}`),
      });
    });
  });

  it("are never overwritten", async () => {
    await withTempDir(async (dir) => {
      await writeKeyPair(dir, "root", createKeyPair());
      const before = await readFile(join(dir, "root.key"), "utf8");
      await expect(writeKeyPair(dir, "root", createKeyPair())).rejects.toThrow(keyError);
      expect(await readFile(join(dir, "root.key"), "utf8")).toBe(before);
    });
  });

  it("are refused clearly: missing, empty folder, garbage, another kind, a private key among the trusted", async () => {
    await withTempDir(async (dir) => {
      await expect(loadTrustedKeys(join(dir, "none"))).rejects.toThrow(
        `${join(dir, "none")} cannot be read: ENOENT`,
      );
      await expect(loadTrustedKeys(dir)).rejects.toThrow(/holds no/);
      await writeFile(join(dir, "x.pub"), "garbage");
      await expect(loadTrustedKeys(dir)).rejects.toThrow(/not a key in PEM form/);
      await writeFile(join(dir, "x.pub"), createKeyPair().privateKeyPem);
      await expect(loadTrustedKeys(dir)).rejects.toThrow(/private key/);
      await writeFile(join(dir, "x.pub"), "x".repeat(5000));
      await expect(loadTrustedKeys(dir)).rejects.toThrow(/larger than/);
    });
    const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
    expect(() => parsePublicKey(pem)).toThrow(/is a ec key/);
  });
});
