import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createBundleShelf } from "../../../src/collector/fleet/bundle-shelf.ts";
import type { KnownModel } from "../../../src/collector/fleet/fleet-source.ts";
import { createKeyPair, parsePrivateKey } from "../../../src/core/bundle/keys.ts";
import { writeBundle } from "../../../src/core/bundle/write-bundle.ts";
import { bundleFileNames } from "../../../src/core/contract/bundle/manifest.ts";
import { silentLogger } from "../../../src/core/platform/logger.ts";
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
