import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeyPair, parsePrivateKey, writeKeyPair } from "../../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { serveBundle } from "../../../src/core/serving/loaded-bundle.ts";
import { openServedModels } from "../../../src/core/serving/served-models.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { createTestBundle, testBundleName } from "../../support/test-bundle.ts";

test("where devices infer the model before is open as well, until another one serves", async () => {
  const folder = createTemporaryFolder();
  const pair = createKeyPair();
  const key = parsePrivateKey(pair.privateKeyPem);
  await writeKeyPair(folder, "release", pair);
  const put = async (version: string): Promise<string> => {
    const dir = join(folder, "models", testBundleName, version);
    await writeBundle(dir, createTestBundle({ version }), key);
    return dir;
  };
  for (const version of ["1.0.0", "1.10.0", "1.9.0"]) await put(version);
  const open = (inferredNames: readonly string[]) =>
    openServedModels({
      names: [testBundleName],
      inferredNames,
      bundlesDir: join(folder, "models"),
      trustedKeyPaths: [join(folder, "release.pub")],
      stateDir: join(folder, "state"),
      engine: "integer",
      runtimeVersion: "0.1.0",
      files: nodeFileSystem,
      logger: silentLogger,
      onRefused: (dir) => expect.fail(dir),
    });
  const ofSamples = await open([]);
  expect(ofSamples.former(testBundleName)).toBeNull();
  await ofSamples.close();
  const models = await open([testBundleName]);
  const before = models.former(testBundleName)!;
  expect([models.current(testBundleName).ref.version, before.ref.version]).toEqual(["1.10.0", "1.9.0"]);
  before.retain();
  const dir = await put("2.0.0");
  const next = await verifyBundle(dir, [key.publicKey]);
  models.replace(await serveBundle(dir, next, { engine: "integer", logger: silentLogger }));
  expect(models.former(testBundleName)).toBeNull();
  // Whoever still computes with it has it open.
  let isClosed = false;
  const closed = models.close().then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isClosed).toBe(false);
  before.release();
  await closed;
});
