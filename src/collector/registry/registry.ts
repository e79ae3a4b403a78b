/**
 * The update repository on the collector's side (TUF 1.0, consistent snapshots): its targets are bundles, each one
 * tar. Publishes only what a trusted key has signed and never changes what a version means. Holds no root key.
 */
import { join } from "node:path";
import { TargetFile } from "@tufjs/models";
import type { VerifiedBundle } from "../../core/bundle/bundle.ts";
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
import { makeFolder, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import type { RegistryKeys } from "./installation-keys.ts";
import { createPublicationJournal, type Publication } from "./publication-journal.ts";
import { type ChangeLock, type ClockDoubt, openSignedRepository } from "./signed-repository.ts";

/** A bundle that gateways can fetch. */
export interface PublishedBundle extends UpdateTarget {
  /** Bytes of its tar. */
  readonly sizeBytes: number;
  /** SHA-256 of its tar, lower-case hex. */
  readonly sha256: string;
}

interface RegistryOptions {
  /** Folder of the repository; made if missing. */
  readonly dir: string;
  readonly keys: RegistryKeys;
  /** Keys that bundles must be signed with. */
  readonly trustedKeys: readonly TrustedKey[];
  readonly clock: Clock;
  /** Default: the clock is in no doubt. */
  readonly isBehind?: ClockDoubt | undefined;
  /** Where several processes share the folder; default: no other does. */
  readonly lock?: ChangeLock | undefined;
}

/** The repository. Calls that change it run one after the other. */
export interface Registry {
  /**
   * Verifies the bundle in `bundleDir` and makes it available. Publishing the same bundle again changes nothing.
   * @throws AuroraError BUNDLE_* when it is not good, UPDATE when that version is another bundle already, PUBLISH when there is no
   *   room for more.
   */
  publish(bundleDir: string): Promise<PublishedBundle>;
  /**
   * As {@link publish}, of a bundle that a trusted key is known to have signed, because somebody asked for it: with an entry in
   * the journal, none for a bundle that is published already.
   */
  publishFor(
    publication: Publication,
    bundle: VerifiedBundle,
  ): Promise<{ readonly bundle: PublishedBundle; readonly isNew: boolean }>;
  /** Brings the journal in line with what is published: what a kill left open. */
  settle(): Promise<void>;
  /** What is published under a name and version, or null. @throws AuroraError UPDATE when that has another digest. */
  findPublished(target: UpdateTarget): PublishedBundle | null;
  /** SHA-256 of the newest root metadata, lower-case hex. */
  readonly id: string;
  /** Takes up what another process that shares the folder has published. */
  sync(): Promise<void>;
  /** Takes a version out of the signed list. Returns whether it was in it. */
  withdraw(name: string, version: string): Promise<boolean>;
  /** What is published: by name, newest version first. */
  list(): readonly PublishedBundle[];
  /**
   * Signs anew what has used up half of its life, and all once after the opening. Returns whether anything was. Call it
   * at least once an hour.
   */
  refresh(): Promise<boolean>;
  /** Bytes of a metadata file by name, or null where there is none. `timestamp.json` is refreshed first when it is due. */
  readMetadata(name: string): Promise<Uint8Array | null>;
  /** Path, size and SHA-256 of a published tar by model and file name (`<sha256>.<version>.tar`), or null. */
  findTarget(name: string, file: string): { path: string; sizeBytes: number; sha256: string } | null;
  /** Changes nothing more; resolves when what was asked for before has ended. */
  close(): Promise<void>;
}

/** Each is some 300 bytes of signed metadata, of which a gateway reads 4 MiB. */
const maxTargets = 4_096;

/**
 * Opens the repository in `dir`, or makes an empty one.
 * @throws AuroraError KEY or CLOCK when the given roots do not fit those in it, STORE when the folder is damaged.
 */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { dir, keys, clock, isBehind, trustedKeys, lock } = options;
  const repository = await openSignedRepository({ dir, keys, clock, isBehind, lock });
  const { exclusively, refresh, readMetadata, sync, close } = repository;
  const journal = createPublicationJournal(dir, nodeFileSystem);
  const tarPath = (name: string, file: string): string => join(dir, "targets", name, file);

  const findPublished = ({ name, version, digest }: UpdateTarget): PublishedBundle | null => {
    const present = repository.targets[updateTargetPath(name, version)];
    return present === undefined ? null : samePublished(present, digest);
  };
  const settle = (): Promise<void> =>
    journal.settle(
      ({ name, version, digest }) =>
        repository.targets[updateTargetPath(name, version)]?.custom.digest === digest,
    );
  const publish = async (bundle: VerifiedBundle): Promise<PublishedBundle> => {
    const { name, version } = bundle.manifest;
    const path = updateTargetPath(name, version);
    const present = findPublished({ name, version, digest: bundle.digest });
    if (present !== null) return present;
    if (Object.keys(repository.targets).length >= maxTargets) throw refuseMore(dir);
    const tar = packBundle(bundle);
    const sha256 = sha256Hex(tar);
    await makeFolder(join(dir, "targets", name));
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
    readMetadata,
    sync,
    close,
    get id() {
      return repository.id;
    },
    publish: async (bundleDir) => {
      const bundle = await verifyBundle(bundleDir, trustedKeys);
      return exclusively(() => publish(bundle));
    },
    publishFor: (publication, bundle) =>
      exclusively(async () => {
        const present = findPublished(publication.order);
        if (present !== null) return { bundle: present, isNew: false };
        await settle();
        await journal.begin(publication);
        const published = await publish(bundle);
        await settle();
        return { bundle: published, isNew: true };
      }),
    settle: () => exclusively(settle),
    findPublished,
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

function refuseMore(dir: string): AuroraError {
  return new AuroraError("PUBLISH", `${maxTargets} bundles are published, and there is room for no more`, {
    op: "publish bundle",
    subject: dir,
    hint: "Begin a repository anew with other keys, or publish the rest from another collector.",
  });
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
  const custom = updateTargetSchema().parse(target.custom);
  return { ...custom, sizeBytes: target.length, sha256: target.hashes.sha256 ?? "" };
}
