import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { readBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames, mcuModelFileName } from "../../../src/core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../../src/core/inference/onnx-codec.ts";
import { type DeviceImage, readDeviceImage, readDeviceKey } from "../../../src/core/serving/device-image.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createTestBundle } from "../../support/test-bundle.ts";

interface Installed {
  /** Of the image. */
  readonly path: string;
  read(): Promise<DeviceImage | null>;
}

async function install(): Promise<Installed> {
  const dir = join(createTemporaryFolder(), "bundle");
  await writeBundle(dir, createTestBundle(), parsePrivateKey(createKeyPair().privateKeyPem));
  const { manifest, files } = await readBundle(dir);
  const student = decodeStudent(files.get(bundleFileNames.model)!);
  return { path: join(dir, mcuModelFileName), read: () => readDeviceImage(dir, manifest, student) };
}

test("an image comes with the probes that prove it", async () => {
  const image = await (await install()).read();
  expect(image?.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(image?.probes.length).toBeGreaterThan(0);
  expect(image?.probes.length).toBeLessThanOrEqual(256);
});

test("an image that is missing, changed or unreadable is told apart", async () => {
  const { path, read } = await install();
  writeFileSync(path, "other bytes");
  await expect(read()).rejects.toMatchObject({
    code: "BUNDLE_DIGEST",
    hint: expect.stringContaining("install it anew"),
  });
  rmSync(path);
  await expect(read()).rejects.toMatchObject({
    code: "BUNDLE_DIGEST",
    message: expect.stringContaining("is missing"),
  });
  // A folder is no file: nobody changed a byte.
  mkdirSync(path);
  await expect(read()).rejects.toMatchObject({
    code: "DATA_MISSING",
    message: expect.stringContaining("a regular file is needed"),
  });
});

test("a key is 64 hexadecimal digits or 32 bytes", async () => {
  const path = join(createTemporaryFolder(), "key");
  const key = Uint8Array.from({ length: 32 }, (_, index) => index);
  writeFileSync(path, key);
  expect(await readDeviceKey(path)).toEqual(key);
  writeFileSync(path, ` ${Buffer.from(key).toString("hex").toUpperCase()}\n`);
  expect(await readDeviceKey(path)).toEqual(key);
});

test.each([
  ["is missing", () => {}, /Write 64 hexadecimal digits/],
  ["is a folder", (path: string) => mkdirSync(path), /64 hexadecimal digits, or 32 bytes/],
  ["is empty", (path: string) => writeFileSync(path, ""), /64 hexadecimal digits, or 32 bytes/],
  ["is too large", (path: string) => writeFileSync(path, "0".repeat(5_000)), /64 hexadecimal digits, or 32/],
])("a key file that %s is a fault of the configuration, with what helps", async (_what, make, hint) => {
  const path = join(createTemporaryFolder(), "key");
  make(path);
  await expect(readDeviceKey(path)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(path),
    hint: expect.stringMatching(hint),
  });
});
