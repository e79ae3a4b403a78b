import { join } from "node:path";
import { expect, test } from "vitest";
import { createKeyPair, parsePrivateKey, writeKeyPair } from "../../../src/core/bundle/keys.ts";
import { verifyBundle } from "../../../src/core/bundle/verify-bundle.ts";
import { type BundleContents, createBundle, writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";
import { gatewayConfigSchema } from "../../../src/core/contract/config/gateway-config-schema.ts";
import { nodeFileSystem } from "../../../src/core/platform/files/file-system.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
import { createFitCheck } from "../../../src/core/serving/find-misfit.ts";
import { type LoadedBundle, serveBundle } from "../../../src/core/serving/loaded-bundle.ts";
import { openServedModels, type ServedModels } from "../../../src/core/serving/served-models.ts";
import { openSlots } from "../../../src/core/serving/slots.ts";
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
      ...servedFrom(folder),
      inferredNames,
      findMisfit: () => null,
      onRefused: ({ dir }) => expect.fail(dir),
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
  models.replace(await serveBundle(dir, next, { engine: "integer", logger: silentLogger }), () => {});
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

/** What a gateway is told of its model where all is in `folder`. */
function servedFrom(folder: string) {
  return {
    names: [testBundleName],
    bundlesDir: join(folder, "models"),
    trustedKeyPaths: [join(folder, "release.pub")],
    stateDir: join(folder, "state"),
    engine: "integer",
    runtimeVersion: "0.1.0",
    files: nodeFileSystem,
    logger: silentLogger,
  } as const;
}

/** Shipped 1.0.0; 1.1.0 and then `active` were activated. Versions that are `wrong` compute otherwise here. */
async function openOver(
  active: BundleContents,
  { inferredNames = [], wrong = [] }: { inferredNames?: string[]; wrong?: string[] } = {},
): Promise<{
  readonly models: ServedModels;
  readonly told: readonly string[];
  serve(version: string): Promise<LoadedBundle>;
}> {
  const folder = createTemporaryFolder();
  const pair = createKeyPair();
  const key = parsePrivateKey(pair.privateKeyPem);
  await writeKeyPair(folder, "release", pair);
  await writeBundle(join(folder, "models", testBundleName, "1.0.0"), createTestBundle(), key);
  const slots = openSlots(join(folder, "state", "updates", testBundleName), nodeFileSystem);
  for (const [slot, contents] of [
    ["a", createTestBundle({ version: "1.1.0" })],
    ["b", active],
  ] as const) {
    const bundle = createBundle(contents, key);
    await slots.stage(slot, bundle);
    await slots.activate(slot, bundle.digest);
  }
  const told: string[] = [];
  const config = gatewayConfigSchema().parse({
    gateway: { id: "gw-1", site: "north" },
    devices: [{ id: "mcu-1", connect: "mqtt" }],
    turbines: [{ id: "WT1", points: [{ ...point, bundle: testBundleName }] }],
  });
  const models = await openServedModels({
    ...servedFrom(folder),
    inferredNames,
    findMisfit: createFitCheck(config),
    proveSlot: async (_stateDir, _dir, { manifest: { version } }) => {
      if (wrong.includes(version)) throw new Error(`${version} computes otherwise`);
    },
    onRefused: ({ error }, serves) => told.push(`${error.message}; ${serves.version}`),
  });
  const serve = (version: string) =>
    serveBundle(folder, createBundle(createTestBundle({ version }), key), {
      engine: "integer",
      logger: silentLogger,
    });
  return { models, told, serve };
}

const point = {
  component: "pump",
  device: "mcu-1",
  channel: "x",
  bearing: { bpfo: 3.0775, bpfi: 4.9225, bsf: 4.0634, ftf: 0.3847 },
};

test("an active bundle that cannot be served, or does not fit, is passed over for the one before it, and told", async () => {
  const good = createTestBundle({ version: "1.2.0" });
  const levels = { ...good.manifest.features, catalogueVersion: 2 };
  const reference = levels.list.map(() => null);
  const spoilt: readonly [Partial<BundleContents["manifest"]>, RegExp][] = [
    [{ baseline: { levels, reference, minWindows: 16 } }, /needs features catalogue 2/],
    [{ window: { unit: "revolutions", length: 900, hop: 900 } }, /longer than the/],
    [{ channels: [{ ...good.manifest.channels[0]!, unit: "m/s2" }] }, /does not fit this gateway: .* m\/s2/],
  ];
  for (const [changes, words] of spoilt) {
    const { models, told } = await openOver({ ...good, manifest: { ...good.manifest, ...changes } });
    expect(models.current(testBundleName).ref.version).toBe("1.1.0");
    expect(told).toEqual([expect.stringMatching(words)]);
    expect(told[0]).toMatch(/; 1\.1\.0$/);
    expect(models.refusedOf(testBundleName)).toHaveLength(1);
    await models.close();
  }
  const model = new Map([...good.files, [bundleFileNames.model, new Uint8Array(9)]]);
  const { models, told, serve } = await openOver({ ...good, files: model });
  expect([models.current(testBundleName).ref.version, told.length]).toEqual(["1.1.0", 1]);
  models.replace(await serve("1.3.0"), () => {});
  expect(models.refusedOf(testBundleName)).toEqual([]);
  await models.close();
});

test.for([
  [[], "1.2.0", "1.1.0"],
  [["1.2.0"], "1.1.0", "1.0.0"],
  [["1.1.0"], "1.2.0", "1.0.0"],
  [["1.1.0", "1.2.0"], "1.0.0", undefined],
] as const)(
  "what was refused at a start, or computes otherwise, is no model before either: %j",
  async ([wrong, serves, before]) => {
    const change = { inferredNames: [testBundleName], wrong: [...wrong] };
    const { models } = await openOver(createTestBundle({ version: "1.2.0" }), change);
    const { current, former } = models;
    expect([current, former].map((find) => find(testBundleName)?.ref.version)).toEqual([serves, before]);
    await models.close();
  },
);

test("a bundle that is not taken into use is let go of, and the one before it serves on", async () => {
  const { models, told, serve } = await openOver(createTestBundle({ version: "1.2.0" }));
  const old = models.current(testBundleName);
  const next = await serve("1.3.0");
  const taken: string[] = [];
  expect(() =>
    models.replace(next, ({ ref }) => {
      taken.push(ref.version);
      if (ref.version === "1.3.0") throw new Error("no memory");
    }),
  ).toThrow("no memory");
  expect([taken, told]).toEqual([["1.3.0", "1.2.0"], []]);
  expect(models.current(testBundleName)).toBe(old);
  const features = new Float32Array(old.manifest.features.list.length);
  await expect(old.score({ features })).resolves.toBeDefined();
  await next.retire();
  await expect(next.score({ features })).rejects.toThrow();
  await models.close();
});
