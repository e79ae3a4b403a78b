/** The bundles of the demonstration: a shipped one, and a next version of it that the collector offers later. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Signer } from "../../src/core/bundle/dsse.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { compareVersions } from "../../src/core/bundle/version.ts";
import { writeBundle } from "../../src/core/bundle/write-bundle.ts";
import { bundleFileNames, mcuModelFileName } from "../../src/core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { createMcuModel } from "../../src/training/bundle/create-mcu-model.ts";

/** A bundle to make others of. */
export interface BundleSource {
  readonly name: string;
  readonly version: string;
  /** The patch version after it. */
  readonly nextVersion: string;
  /** Writes the bundle in another version below `<parent>/<version>`, signed with another key. */
  write(parent: string, version: string, signer: Signer): Promise<string>;
}

/** The newest version below `folder`. @throws AuroraError BUNDLE_* when it is not sound. */
export async function openNewestBundle(folder: string): Promise<BundleSource> {
  const newest = (await readdir(folder))
    .filter((name) => /^\d+\.\d+\.\d+$/.test(name))
    .sort(compareVersions)
    .at(-1);
  if (newest === undefined) throw new Error(`there is no bundle in ${folder}`);
  const { manifest, files } = await readBundle(join(folder, newest));
  const [major, minor, patch] = manifest.version.split(".").map(Number);
  const student = decodeStudent(files.get(bundleFileNames.model)!);
  return {
    name: manifest.name,
    version: manifest.version,
    nextVersion: `${major}.${minor}.${patch! + 1}`,
    write: async (parent, version, signer) => {
      const { files: _, ...rest } = manifest;
      const next = { ...rest, version };
      const dir = join(parent, version);
      // The device's image names its version: it is made anew with it, as training does.
      await writeBundle(
        dir,
        { manifest: next, files: new Map([...files, [mcuModelFileName, createMcuModel(next, student)]]) },
        signer,
      );
      return dir;
    },
  };
}
