/** Which bundle serves each model name: chosen and verified at start, replaced by updates while windows flow. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { VerifiedBundle } from "../bundle/bundle.ts";
import type { TrustedKey } from "../bundle/dsse.ts";
import { loadTrustedKeys } from "../bundle/keys.ts";
import { compareVersions } from "../bundle/version.ts";
import { AuroraError } from "../contract/aurora-error.ts";
import { semverPattern } from "../contract/bundle/manifest.ts";
import { gatewayState } from "../contract/config/state-names.ts";
import type { ModelRef } from "../contract/prediction.ts";
import type { FileSystem } from "../platform/files/file-system.ts";
import type { Logger } from "../platform/logger.ts";
import { chooseFormer, chooseOpened, type RefusedBundle } from "./choose-bundle.ts";
import type { FitCheck } from "./find-misfit.ts";
import { describeServing, type LoadedBundle, serveBundle } from "./loaded-bundle.ts";

interface ServedModelsOptions {
  /** Names that the measuring points ask for. */
  readonly names: readonly string[];
  /** Those of them that devices infer with: what served before is opened as well. */
  readonly inferredNames: readonly string[];
  /** Folder with `<name>/<version>/`. */
  readonly bundlesDir: string;
  readonly trustedKeyPaths: readonly string[];
  /** Folder for update slots, one below it a name. */
  readonly stateDir: string;
  readonly engine: "auto" | "onnx" | "integer";
  readonly runtimeVersion: string;
  /** For the update slots. */
  readonly files: FileSystem;
  readonly logger: Logger;
  /** Does what came by an update fit as the shipped one does? */
  readonly findMisfit: FitCheck;
  /** Rejects where a bundle in a slot below `stateDir` does not compute here what it must. Absent: that is not asked. */
  readonly proveSlot?: (stateDir: string, dir: string, bundle: VerifiedBundle) => Promise<void>;
  /** A bundle that should have served cannot; `serves` does in its place. */
  readonly onRefused: (refused: RefusedBundle, serves: ModelRef) => void;
  /** What serves at the start, by whose keys it is signed. Absent: nobody is told. */
  readonly onServes?: (serves: ModelRef, signedBy: readonly string[]) => void;
}

export interface ServedModels {
  readonly trustedKeys: readonly TrustedKey[];
  readonly names: readonly string[];
  /** What serves `name` from the next window on. */
  current(name: string): LoadedBundle;
  /** What served `name` before this run, for a device that still infers with it; null: nothing, or nothing that is good. */
  former(name: string): LoadedBundle | null;
  /** Folder for the updates of `name`. */
  updateDir(name: string): string;
  /** What should have served `name` at the start and cannot; nothing once another update has come. */
  refusedOf(name: string): readonly RefusedBundle[];
  /**
   * Makes `next` current while `take` hands it to whoever serves with it; the old one closes itself after its last window.
   * @throws what `take` throws: it is then handed the old one, which serves on, and `next` closes itself.
   */
  replace(next: LoadedBundle, take: (bundle: LoadedBundle) => void): void;
  close(): Promise<void>;
}

/**
 * Chooses, verifies and opens a bundle for every name.
 * @throws AuroraError BUNDLE_*, DATA_MISSING, INFERENCE: without its models a gateway does not start.
 */
export async function openServedModels(options: ServedModelsOptions): Promise<ServedModels> {
  const trustedKeys = (await Promise.all(options.trustedKeyPaths.map(loadTrustedKeys))).flat();
  const updateDir = (name: string): string => join(options.stateDir, gatewayState.updates, name);
  const current = new Map<string, LoadedBundle>();
  const former = new Map<string, LoadedBundle>();
  const refused = new Map<string, readonly RefusedBundle[]>();
  const retiring = new Set<Promise<void>>();
  for (const name of options.names) {
    const shippedDirs = await listVersions(options.bundlesDir, name);
    const place = {
      stateDir: updateDir(name),
      trustedKeys,
      runtime: { runtimeVersion: options.runtimeVersion },
      files: options.files,
      proveSlot: options.proveSlot?.bind(null, updateDir(name)),
    };
    const chosen = await chooseOpened(
      { ...place, shippedDir: shippedDirs[0], findMisfit: options.findMisfit },
      (dir, verified) => serveBundle(dir, verified, options),
    );
    const bundle = chosen.opened;
    refused.set(name, chosen.refused);
    for (const each of chosen.refused) options.onRefused(each, bundle.ref);
    options.logger.info("model serves", describeServing(bundle, chosen.bundle));
    options.onServes?.(bundle.ref, chosen.bundle.signedBy);
    current.set(name, bundle);
    if (!options.inferredNames.includes(name)) continue;
    const before = await chooseFormer(chosen, shippedDirs, place);
    if (before === null) continue;
    try {
      former.set(name, await serveBundle(before.dir, before.bundle, options));
      options.logger.info("scores of the model before are taken too", { model: former.get(name)!.ref });
    } catch (error) {
      options.logger.warn("the model before cannot be opened", { dir: before.dir, error });
    }
  }
  const find = (name: string): LoadedBundle => {
    const bundle = current.get(name);
    if (bundle === undefined) throw new Error(`no bundle serves ${name}`);
    return bundle;
  };
  const retire = (bundle: LoadedBundle): void => {
    const done = bundle.retire().finally(() => retiring.delete(done));
    retiring.add(done);
  };
  return {
    trustedKeys,
    names: options.names,
    current: find,
    former: (name) => former.get(name) ?? null,
    updateDir,
    refusedOf: (name) => refused.get(name) ?? [],
    replace: (next, take) => {
      const { name } = next.ref;
      const old = find(name);
      current.set(name, next);
      try {
        take(next);
      } catch (error) {
        current.set(name, old);
        retire(next);
        take(old);
        throw error;
      }
      for (const each of [old, former.get(name)]) if (each !== undefined) retire(each);
      former.delete(name);
      refused.delete(name);
    },
    close: async () => {
      for (const bundle of [...current.values(), ...former.values()]) retire(bundle);
      await Promise.all([...retiring]);
    },
  };
}

/**
 * The folder of the highest version below `<bundlesDir>/<name>/`.
 * @throws AuroraError DATA_MISSING when there is none, or the folder cannot be read.
 */
export async function findNewestVersion(bundlesDir: string, name: string): Promise<string> {
  const [newest] = await listVersions(bundlesDir, name);
  return newest;
}

/** The folders of all versions, the newest first. @throws as {@link findNewestVersion}. */
async function listVersions(bundlesDir: string, name: string): Promise<readonly [string, ...string[]]> {
  const folder = join(bundlesDir, name);
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw new AuroraError("DATA_MISSING", `${folder} cannot be read: ${error.message}`, {
      op: "find bundle",
      subject: folder,
      hint: "bundles.dir is a folder of folders, and this user must be allowed to read it.",
      cause: error,
    });
  });
  const [newest, ...older] = entries
    .filter((entry) => semverPattern.test(entry))
    .sort((one, other) => compareVersions(other, one))
    .map((version) => join(folder, version));
  if (newest === undefined) {
    throw new AuroraError(
      "DATA_MISSING",
      `there is no bundle ${name} in ${bundlesDir}, where its first version is put by hand`,
      {
        op: "find bundle",
        subject: folder,
        hint: "A bundle stands in <bundles.dir>/<name>/<version>/; set bundles.dir to that folder.",
      },
    );
  }
  return [newest, ...older];
}
