import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { type BundleShelf, createBundleShelf } from "../../../src/collector/fleet/bundle-shelf.ts";
import type { KnownModel } from "../../../src/collector/fleet/fleet-source.ts";
import { loadShippedModels } from "../../../src/collector/fleet/shipped-models.ts";
import type { Registry } from "../../../src/collector/registry/registry.ts";
import { manifestFileName } from "../../../src/core/bundle/bundle.ts";
import type { TrustedKey } from "../../../src/core/bundle/dsse.ts";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";
import { storeError } from "../../../src/core/platform/files/atomic-file.ts";
import { type Logger, silentLogger } from "../../../src/core/platform/logger.ts";
import { createTemporaryFolder } from "../../support/temporary-folder.ts";
import { fleetBundle } from "../fleet-fixture.ts";

/** The model of a bundle whose evaluation is this text. */
async function takeUp(evaluation: string): Promise<KnownModel> {
  const dir = createTemporaryFolder();
  const release = parsePrivateKey(createKeyPair().privateKeyPem);
  const bundle = fleetBundle();
  const files = new Map(bundle.files);
  files.set(bundleFileNames.evaluation, new TextEncoder().encode(evaluation));
  await writeBundle(join(dir, "1.2.0"), { ...bundle, files }, release);
  const shelf = createBundleShelf({
    dirs: [dir],
    trustedKeys: [release.publicKey],
    registryDir: null,
    registry: null,
    logger: silentLogger,
  });
  expect(await shelf.scan()).toBe(1);
  return [...shelf.models.values()][0]!;
}

describe("the shelf of bundles", () => {
  it("keeps what an evaluation says of the reliability of probabilities", async () => {
    const row = { stated: 0.1, observed: 0.08, cases: 500 };
    const model = await takeUp(JSON.stringify({ reliability: { outOfFold: [row], heldOut: [] } }));
    expect(model.reliability).toEqual([row]);
  });

  it("takes up a bundle whose evaluation says none, or nothing that it understands", async () => {
    for (const evaluation of ["{}", "not JSON", '{"reliability":{"outOfFold":[{"stated":2}]}}']) {
      expect((await takeUp(evaluation)).reliability, evaluation).toBeUndefined();
    }
  });
});

describe("a folder of more bundles than are looked at", () => {
  it("is told of once, and gives the first by name", async () => {
    const dir = createTemporaryFolder();
    const release = parsePrivateKey(createKeyPair().privateKeyPem);
    const add = async (name: string, version: string): Promise<void> => {
      const bundle = fleetBundle();
      const manifest = { ...bundle.manifest, version };
      await writeBundle(join(dir, name), { ...bundle, manifest }, release);
    };
    await add("z", "1.2.0");
    for (let index = 0; index < 255; index++) mkdirSync(join(dir, `1.${index}.0`));
    await add("2.0.0", "1.3.0");
    const told: unknown[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, fields) => told.push(fields) };
    const around = { trustedKeys: [release.publicKey], registryDir: null, registry: null, logger };
    const shelf = createBundleShelf({ dirs: [dir], ...around });
    expect([await shelf.scan(), await shelf.scan()]).toEqual([1, 0]);
    expect([...shelf.models.values()].map(({ manifest }) => manifest.version)).toEqual(["1.3.0"]);
    expect(told).toEqual([{ dir, folders: 257, maxFolders: 256 }]);
    mkdirSync(join(dir, "zz"));
    await shelf.scan();
    expect(told[1]).toEqual({ dir, folders: 258, maxFolders: 256 });
  });
});

describe("a bundle that is looked at while it is being copied", () => {
  it("is refused, which is said once, and taken up when it is whole", async () => {
    const from = createTemporaryFolder();
    const to = join(createTemporaryFolder(), "1.2.0");
    const release = parsePrivateKey(createKeyPair().privateKeyPem);
    await writeBundle(from, fleetBundle(), release);
    mkdirSync(to);
    const lines: string[] = [];
    const shelf = createBundleShelf({
      dirs: [to],
      trustedKeys: [release.publicKey],
      registryDir: null,
      registry: null,
      logger: {
        ...silentLogger,
        error: (message) => void lines.push(message),
        info: (message) => void lines.push(message),
      },
    });
    copyFileSync(join(from, manifestFileName), join(to, manifestFileName));
    expect([await shelf.scan(), await shelf.scan()]).toEqual([0, 0]);
    for (const name of readdirSync(from)) {
      if (name !== manifestFileName) copyFileSync(join(from, name), join(to, name));
    }
    expect([await shelf.scan(), await shelf.scan()]).toEqual([1, 0]);
    expect(lines).toEqual(["bundle refused", "bundle taken up"]);
  });
});

describe("a disk that refuses what is published", () => {
  it("is told of once, whatever the name of the file that could not be written", async () => {
    const dir = createTemporaryFolder();
    const release = parsePrivateKey(createKeyPair().privateKeyPem);
    await writeBundle(dir, fleetBundle(), release);
    let tries = 0;
    const registry = {
      publish: async () => {
        const cause = new Error(`ENOSPC: no space left on device, open '.root.json.7-${++tries}.tmp'`);
        throw storeError("write file", "/registry/root.json", cause);
      },
    };
    const lines: string[] = [];
    const logger = { ...silentLogger, error: (message: string) => void lines.push(message) };
    const trustedKeys = [release.publicKey];
    const shelf = createBundleShelf({ dirs: [dir], registryDir: null, trustedKeys, registry, logger });
    expect([await shelf.scan(), await shelf.scan(), tries]).toEqual([0, 0, 2]);
    expect(lines).toEqual(["bundle refused"]);
  });
});

describe("a bundle of a name and version that another one is published under", () => {
  it("is refused, which is told, and known all the same", async () => {
    const dir = createTemporaryFolder();
    const release = parsePrivateKey(createKeyPair().privateKeyPem);
    await writeBundle(dir, fleetBundle(), release);
    const publish = vi.fn().mockRejectedValue(new Error("another digest is published"));
    const told: string[] = [];
    const shelf = createBundleShelf({
      dirs: [dir],
      registryDir: null,
      trustedKeys: [release.publicKey],
      registry: { publish },
      logger: {
        ...silentLogger,
        error: (message) => void told.push(message),
        info: (message) => void told.push(message),
      },
    });
    expect([await shelf.scan(), shelf.models.size]).toEqual([0, 1]);
    publish.mockResolvedValue({ isNew: true });
    expect([await shelf.scan(), await shelf.scan(), shelf.models.size]).toEqual([1, 0, 1]);
    expect(told).toEqual(["bundle refused", "bundle taken up"]);
  });
});

describe("the models of an installation", () => {
  /** Two models, of which one is damaged, and the key that they are signed with. */
  async function install(): Promise<{ readonly modelsDir: string; readonly key: TrustedKey }> {
    const modelsDir = createTemporaryFolder();
    const pair = createKeyPair();
    const release = parsePrivateKey(pair.privateKeyPem);
    for (const name of ["whole", "damaged"])
      await writeBundle(join(modelsDir, name, "1.2.0"), fleetBundle(), release);
    writeFileSync(join(modelsDir, "damaged", "1.2.0", bundleFileNames.reference), "cut off");
    writeFileSync(join(modelsDir, "release.pub"), pair.publicKeyPem);
    return { modelsDir, key: release.publicKey };
  }

  it("are known without being published, and one that is published as well is new then", async () => {
    const { modelsDir, key } = await install();
    const known = await loadShippedModels(modelsDir, silentLogger);
    expect([...known.values()].map(({ manifest }) => manifest.version)).toEqual(["1.2.0"]);
    const published: string[] = [];
    const registry: Pick<Registry, "publish"> = {
      publish: async (dir) => {
        published.push(dir);
        return { isNew: true } as never;
      },
    };
    const open = (dirs: readonly string[]): BundleShelf =>
      createBundleShelf({
        dirs,
        registryDir: null,
        trustedKeys: [key],
        registry,
        known,
        logger: silentLogger,
      });
    const none = open([]);
    expect(await none.scan()).toBe(0);
    expect([...none.models.keys()]).toEqual([...known.keys()]);
    expect(published).toEqual([]);
    expect([...none.models.values()].map(({ isOnlyShipped }) => isOnlyShipped)).toEqual([true]);
    const one = open([join(modelsDir, "whole")]);
    expect(await one.scan()).toBe(1);
    expect(published).toEqual([join(modelsDir, "whole", "1.2.0")]);
    expect(await one.scan()).toBe(0);
    expect([...one.models.values()].map(({ isOnlyShipped }) => isOnlyShipped)).toEqual([undefined]);
  });

  it("are none where their folder is missing, or their key is none", async () => {
    const { modelsDir } = await install();
    writeFileSync(join(modelsDir, "release.pub"), "no key");
    for (const dir of [modelsDir, join(modelsDir, "missing")]) {
      const lines: string[] = [];
      const logger: Logger = { ...silentLogger, warn: (message) => void lines.push(message) };
      expect((await loadShippedModels(dir, logger)).size).toBe(0);
      expect(lines).toHaveLength(1);
    }
  });
});
