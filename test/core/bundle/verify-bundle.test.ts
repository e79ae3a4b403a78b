import { appendFile, mkdir, readdir, readFile, rename, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../src/core/bundle/canonical-json.ts";
import { packBundle, unpackTar } from "../../../src/core/bundle/tar.ts";
import {
  parseManifest,
  readBundle,
  verifyBundle,
  verifyBundleFiles,
} from "../../../src/core/bundle/verify-bundle.ts";
import { bundleEntries, createBundle, writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { hasErrorCode } from "../../../src/core/contract/aurora-error.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";
import { newKey, sampleContents, withTempDir } from "./sample-bundle.ts";

const key = newKey();
const trusted = [key.publicKey];

/** Expects a refusal with one of the BUNDLE_ codes, and gives the error. */
async function refusal(attempt: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!hasErrorCode(error)) throw new Error(`not refused properly: ${String(error)}`);
  expect(error.code).toMatch(/^BUNDLE_/);
  return error;
}

describe("a bundle", () => {
  it("is verified as it was written, and says who signed it", async () => {
    await withTempDir(async (dir) => {
      const written = await writeBundle(join(dir, "1.0.0"), sampleContents(), key);
      const verified = await verifyBundle(join(dir, "1.0.0"), trusted);
      expect(verified.signedBy).toEqual([key.keyId]);
      expect(verified.digest).toBe(written.digest);
      expect(verified.manifest.files).toHaveLength(7);
      expect(new TextDecoder().decode(verified.files.get("model.int8.onnx"))).toBe("a model");
      expect(await readdir(dir)).toEqual(["1.0.0"]);
    });
  });

  it("has the same digest and the same signature for the same content, whatever the order", () => {
    const contents = sampleContents();
    const reversed = { ...contents, files: new Map([...contents.files].reverse()) };
    const [first, second] = [createBundle(contents, key), createBundle(reversed, key)];
    expect(second.digest).toBe(first.digest);
    expect(bundleEntries(second)).toEqual(bundleEntries(first));
    expect(createBundle(sampleContents({}, "another model"), key).digest).not.toBe(first.digest);
  });

  it("is refused with any one byte of any file changed, cut off or appended", async () => {
    const bundle = createBundle(sampleContents(), key);
    const entries = bundleEntries(bundle);
    let tried = 0;
    for (const [name, bytes] of entries) {
      const step = bytes.length > 1500 ? 13 : 1;
      for (let index = 0; index < bytes.length; index += step) {
        for (const mask of [1 << (index % 8), 0x20, 0xff]) {
          const changed = bytes.slice();
          changed[index] = changed[index]! ^ mask;
          await refusal(verifyBundleFiles(new Map(entries).set(name, changed), trusted, "test"));
          tried++;
        }
      }
      for (const changed of [bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.from("\n")])]) {
        await refusal(verifyBundleFiles(new Map(entries).set(name, changed), trusted, "test"));
      }
    }
    expect(tried).toBeGreaterThan(3000);
  });

  it("is refused with any single bit of its signature file flipped", async () => {
    const bundle = createBundle(sampleContents(), key);
    const entries = bundleEntries(bundle);
    for (let bit = 0; bit < bundle.signatureBytes.length * 8; bit++) {
      const changed = bundle.signatureBytes.slice();
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      await refusal(verifyBundleFiles(new Map(entries).set("manifest.dsse.json", changed), trusted, "test"));
    }
  });

  it("is refused on disk too: changed, cut, missing, extra, renamed, linked, a folder", async () => {
    const attempts: Record<string, (dir: string) => Promise<unknown>> = {
      changed: (dir) => writeFile(join(dir, "reference.pb"), "other"),
      cut: (dir) => truncate(join(dir, "golden.bin"), 10),
      extra: (dir) => writeFile(join(dir, "NOTE"), ""),
      hidden: (dir) => writeFile(join(dir, ".hidden"), ""),
      folder: (dir) => mkdir(join(dir, "more")),
      renamed: (dir) => rename(join(dir, "MODEL_CARD.md"), join(dir, "model_card.md")),
      linked: async (dir) => {
        await rename(join(dir, "bom.cdx.json"), join(dir, "..", "outside"));
        await symlink("../outside", join(dir, "bom.cdx.json"));
      },
      unsigned: (dir) => rename(join(dir, "manifest.dsse.json"), join(dir, "..", "away")),
    };
    await withTempDir(async (dir) => {
      for (const [name, change] of Object.entries(attempts)) {
        const bundleDir = join(dir, name, "bundle");
        await writeBundle(bundleDir, sampleContents(), key);
        await change(bundleDir);
        const error = await refusal(verifyBundle(bundleDir, trusted));
        expect(error.message.length, name).toBeGreaterThan(5);
      }
    });
  });

  it("with a longer file than its manifest lists has another digest, and another form with a manifest past its bound", async () => {
    await withTempDir(async (dir) => {
      for (const [file, bytes, code] of [
        ["golden.bin", 1, "BUNDLE_DIGEST"],
        ["golden.bin", 10_000_000, "BUNDLE_DIGEST"],
        ["manifest.json", 10_000_000, "BUNDLE_FORMAT"],
      ] as const) {
        const bundleDir = join(dir, `${file}-${bytes}`);
        await writeBundle(bundleDir, sampleContents(), key);
        await appendFile(join(bundleDir, file), new Uint8Array(bytes));
        expect(await refusal(verifyBundle(bundleDir, trusted))).toMatchObject({ code });
      }
    });
  });

  it("is refused when a stranger signed it, and when a stranger signed beside a trusted key", async () => {
    const stranger = newKey();
    const foreign = createBundle(sampleContents(), stranger);
    const error = await refusal(verifyBundleFiles(bundleEntries(foreign), trusted, "test"));
    expect(error).toMatchObject({
      code: "BUNDLE_SIGNATURE",
      subject: "test/manifest.dsse.json",
      message: "0 trusted keys have signed, 1 needed",
    });
    await refusal(verifyBundleFiles(bundleEntries(foreign), [], "test"));
  });

  it("is refused when its signature belongs to another bundle", async () => {
    const bundle = createBundle(sampleContents(), key);
    const other = createBundle(sampleContents({ version: "1.0.1" }), key);
    const mixed = new Map(bundleEntries(bundle)).set("manifest.dsse.json", other.signatureBytes);
    const error = await refusal(verifyBundleFiles(mixed, trusted, "test"));
    expect(error.code).toBe("BUNDLE_SIGNATURE");
    expect(error.message).toBe("is not about this manifest");
  });

  it("is not read past its bounds", async () => {
    await withTempDir(async (dir) => {
      const { manifest, files } = sampleContents();
      const large = { manifest, files: new Map(files).set("large.bin", new Uint8Array(64 << 20)) };
      const entries = bundleEntries(createBundle(large, key));
      expect((await refusal(verifyBundleFiles(entries, trusted, "test"))).message).toMatch(
        /at most 67108864/,
      );
      await writeBundle(join(dir, "b"), sampleContents(), key);
      await truncate(join(dir, "b", "manifest.json"), 1 << 30);
      expect((await refusal(readBundle(join(dir, "b")))).message).toMatch(/at most 1048576/);
    });
  });

  it("survives its tar unchanged", async () => {
    const bundle = createBundle(sampleContents(), key);
    const verified = await verifyBundleFiles(unpackTar(packBundle(bundle)), trusted, "tar");
    expect(verified.digest).toBe(bundle.digest);
  });

  it("cannot be written with a wrong manifest or a file missing, nor over a foreign folder", async () => {
    const contents = sampleContents();
    const fewer = new Map(contents.files);
    fewer.delete("golden.bin");
    expect(() => createBundle({ ...contents, files: fewer }, key)).toThrow(/lacks golden.bin/);
    expect(() => createBundle(sampleContents({ version: "one" }), key)).toThrow(/a semantic version/);
    await withTempDir(async (dir) => {
      await writeFile(join(dir, "precious"), "");
      await refusal(writeBundle(dir, contents, key));
      expect(await readFile(join(dir, "precious"), "utf8")).toBe("");
    });
  });

  it("replaces the bundle that was there, leaving none of its files", async () => {
    await withTempDir(async (dir) => {
      const contents = sampleContents();
      const more = new Map(contents.files).set("model.mcu.bin", Uint8Array.of(1));
      await writeBundle(join(dir, "b"), { ...contents, files: more }, key);
      const second = await writeBundle(join(dir, "b"), contents, key);
      expect((await verifyBundle(join(dir, "b"), trusted)).digest).toBe(second.digest);
    });
  });

  it("is refused by a full disk in words, and leaves nothing there", async ({ skip }) => {
    const disk = mountSmallDisk(64);
    if (disk === null) return skip("nobody may mount a small disk here");
    const contents = sampleContents();
    const large = new Map(contents.files).set("model.mcu.bin", new Uint8Array(100_000));
    await expect(writeBundle(join(disk, "b"), { ...contents, files: large }, key)).rejects.toMatchObject({
      code: "STORE",
      message: expect.stringMatching(/cannot write .*ENOSPC/),
    });
    expect(await readdir(disk)).toEqual([]);
  });

  it("has a manifest in one form only", () => {
    const { manifest, manifestBytes } = createBundle(sampleContents(), key);
    expect(parseManifest(manifestBytes, "x")).toEqual(manifest);
    const pretty = Buffer.from(JSON.stringify(manifest, null, 2));
    expect(() => parseManifest(pretty, "x")).toThrow(/canonical form/);
    const reordered = { ...manifest, files: [...manifest.files].reverse() };
    expect(() => parseManifest(Buffer.from(canonicalJson(reordered)), "x")).toThrow(/sorted by path/);
  });
});
