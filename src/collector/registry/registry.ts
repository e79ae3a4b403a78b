/**
 * The update repository on the collector's side (TUF 1.0, consistent snapshots): its targets are bundles, each one
 * tar. Publishes only what a trusted key has signed and never changes what a version means. Holds no root key.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { TargetFile } from "@tufjs/models";
import type { TrustedKey } from "../../core/bundle/dsse.ts";
import { packBundle } from "../../core/bundle/tar.ts";
import { verifyBundle } from "../../core/bundle/verify-bundle.ts";
import { compareVersions } from "../../core/bundle/version.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import {
  type UpdateTarget,
  updateTargetPath,
  updateTargetSchema,
} from "../../core/contract/bundle/update-target.ts";
import type { Clock } from "../../core/platform/clock.ts";
import { writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { RegistryKeys } from "./installation-keys.ts";
import { defaultLifetimes, type Lifetimes } from "./repository-state.ts";
import { openSignedRepository } from "./signed-repository.ts";

/** A bundle that gateways can fetch. */
export interface PublishedBundle extends UpdateTarget {
  /** Bytes of its tar. */
  readonly sizeBytes: number;
  /** SHA-256 of its tar, lower-case hex. */
  readonly sha256: string;
}

export interface RegistryOptions {
  /** Folder of the repository; made if missing. */
  readonly dir: string;
  readonly keys: RegistryKeys;
  /** Keys that bundles must be signed with. */
  readonly trustedKeys: readonly TrustedKey[];
  readonly clock: Clock;
  /** How long each file is good after it was signed. */
  readonly lifetimes?: Lifetimes;
}

/** The repository. Calls that change it run one after the other. */
export interface Registry {
  /**
   * Verifies the bundle in `bundleDir` and makes it available. Publishing the same bundle again changes nothing.
   * @throws AuroraError BUNDLE_* when it is not good, UPDATE when that version is another bundle already.
   */
  publish(bundleDir: string): Promise<PublishedBundle>;
  /** Takes a version out of the signed list. Returns whether it was in it. */
  withdraw(name: string, version: string): Promise<boolean>;
  /** What is published: by name, newest version first. */
  list(): readonly PublishedBundle[];
  /** Signs anew what has used up half of its life. Returns whether anything was. Call it at least once an hour. */
  refresh(): Promise<boolean>;
  /** Takes a new root file (keys changed). @throws AuroraError KEY when it does not follow the present one. */
  installRoot(bytes: Uint8Array, keys: RegistryKeys): Promise<void>;
  /** Bytes of a metadata file by name, or null where there is none. `timestamp.json` is refreshed first when it is due. */
  readMetadata(name: string): Promise<Uint8Array | null>;
  /** Path, size and SHA-256 of a published tar by model and file name (`<sha256>.<version>.tar`), or null. */
  findTarget(name: string, file: string): { path: string; sizeBytes: number; sha256: string } | null;
}

/**
 * Opens the repository in `dir`, or makes an empty one.
 * @throws AuroraError KEY when root does not list the keys, STORE when the folder is damaged.
 */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { dir, keys, clock, lifetimes = defaultLifetimes, trustedKeys } = options;
  const repository = await openSignedRepository({ dir, keys, clock, lifetimes });
  const { exclusively, refresh, installRoot, readMetadata } = repository;
  const tarPath = (name: string, file: string): string => join(dir, "targets", name, file);

  const publish = async (bundleDir: string): Promise<PublishedBundle> => {
    const bundle = await verifyBundle(bundleDir, trustedKeys);
    const { name, version } = bundle.manifest;
    const path = updateTargetPath(name, version);
    const present = repository.targets[path];
    if (present !== undefined) return samePublished(present, bundle.digest);
    const tar = packBundle(bundle);
    const sha256 = sha256Hex(tar);
    await mkdir(join(dir, "targets", name), { recursive: true });
    await writeFileAtomic(tarPath(name, `${sha256}.${version}.tar`), tar);
    const target = new TargetFile({
      path,
      length: tar.length,
      hashes: { sha256 },
      unrecognizedFields: { custom: { name, version, digest: bundle.digest } },
    });
    await repository.commit({ ...repository.targets, [path]: target });
    return describeTarget(target);
  };

  return {
    refresh,
    installRoot,
    readMetadata,
    publish: (bundleDir) => exclusively(() => publish(bundleDir)),
    withdraw: (name, version) =>
      exclusively(async () => {
        const { [updateTargetPath(name, version)]: present, ...rest } = repository.targets;
        if (present === undefined) return false;
        await repository.commit(rest);
        return true;
      }),
    list: () => Object.values(repository.targets).map(describeTarget).sort(byNameNewestFirst),
    findTarget: (name, file) => {
      const version = file.slice(65, -4);
      const target = repository.targets[updateTargetPath(name, version)];
      if (target === undefined || file !== `${target.hashes.sha256}.${version}.tar`) return null;
      const { sizeBytes, sha256 } = describeTarget(target);
      return { path: tarPath(name, file), sizeBytes, sha256 };
    },
  };
}

function byNameNewestFirst(left: PublishedBundle, right: PublishedBundle): number {
  if (left.name !== right.name) return left.name < right.name ? -1 : 1;
  return compareVersions(right.version, left.version);
}

function samePublished(present: TargetFile, digest: string): PublishedBundle {
  const bundle = describeTarget(present);
  if (bundle.digest === digest) return bundle;
  throw new AuroraError(
    "UPDATE",
    `${bundle.name}@${bundle.version} is published already, with other content`,
    {
      op: "publish bundle",
      subject: `${bundle.name}@${bundle.version}`,
      hint: "Give the new content a new version.",
    },
  );
}

function describeTarget(target: TargetFile): PublishedBundle {
  const custom = updateTargetSchema.parse(target.custom);
  return { ...custom, sizeBytes: target.length, sha256: target.hashes.sha256 ?? "" };
}
