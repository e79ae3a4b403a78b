/**
 * The signed files of the repository on disk. `timestamp.json` is the commit: whatever it does not lead to was never
 * published, so a power cut between two writes leaves the old state whole.
 */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  Metadata,
  MetadataKind,
  type Root,
  type Snapshot,
  type Targets,
  type Timestamp,
} from "@tufjs/models";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { makeFolder, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { readFileBounded } from "../../core/platform/files/bounded-read.ts";
import { type JsonObject, parseJsonObject } from "../../core/platform/files/parse-json-object.ts";
import { encodeMetadata } from "./tuf-signing.ts";

/** Highest version that is signed: of ten digits, as {@link metadataFilePattern} takes them. */
export const maxVersion = 9_999_999_999;

/** Name of a file that clients may ask for. */
export const metadataFilePattern: RegExp = /^(?:timestamp|[1-9]\d{0,9}\.(?:root|snapshot|targets))\.json$/;

/** The signed state of the repository. */
export interface RepositoryState {
  readonly root: Metadata<Root>;
  readonly timestamp: Metadata<Timestamp>;
  readonly snapshot: Metadata<Snapshot>;
  readonly targets: Metadata<Targets>;
}

/** Versions of snapshot and targets metadata that stay on disk for clients that are just reading them. */
const keptVersions = 16;
const maxFileBytes = 8 << 20;

/** Opens (makes) the folder. */
export function createMetadataFolder(dir: string): MetadataFolder {
  const read = (name: string): Promise<Uint8Array> =>
    readFileBounded(join(dir, name), maxFileBytes, { op: "read update metadata" });
  const parse = async (name: string): Promise<JsonObject> => parseJsonObject(await read(name));

  /** Lowest first. */
  async function versionsOf(kind: "root" | "snapshot" | "targets"): Promise<number[]> {
    const versions = (await readdir(dir)).flatMap((name) => {
      const match = /^([1-9]\d{0,9})\.(\w+)\.json$/.exec(name);
      return match?.[2] === kind ? [Number(match[1])] : [];
    });
    return versions.sort((left, right) => left - right);
  }

  return {
    prepare: () => makeFolder(dir),
    read,
    writeRoot: (version, bytes) => writeFileAtomic(join(dir, `${version}.root.json`), bytes),
    async readRoots() {
      const roots = new Map<number, Uint8Array>();
      for (const version of await versionsOf("root")) roots.set(version, await read(`${version}.root.json`));
      return roots;
    },
    newestRoot: async () => (await versionsOf("root")).at(-1) ?? 0,
    readTimestamp: async () =>
      (await readdir(dir)).includes("timestamp.json") ? await read("timestamp.json") : null,
    async readState(root) {
      if (!(await readdir(dir)).includes("timestamp.json")) return null;
      try {
        const timestamp = Metadata.fromJSON(MetadataKind.Timestamp, await parse("timestamp.json"));
        const snapshotVersion = timestamp.signed.snapshotMeta.version;
        const snapshot = Metadata.fromJSON(
          MetadataKind.Snapshot,
          await parse(`${snapshotVersion}.snapshot.json`),
        );
        const targetsVersion = snapshot.signed.meta["targets.json"]?.version;
        const targets = Metadata.fromJSON(
          MetadataKind.Targets,
          await parse(`${targetsVersion}.targets.json`),
        );
        return { root, timestamp, snapshot, targets };
      } catch (cause) {
        throw new AuroraError("STORE", "the update repository's own files are damaged", {
          op: "open registry",
          subject: dir,
          hint: "Restore the folder from a backup, or move it away: begun anew it offers what is published again.",
          cause,
        });
      }
    },
    async writeState(state) {
      const targetsVersion = state.targets.signed.version;
      const snapshotVersion = state.snapshot.signed.version;
      await writeFileAtomic(join(dir, `${targetsVersion}.targets.json`), encodeMetadata(state.targets));
      await writeFileAtomic(join(dir, `${snapshotVersion}.snapshot.json`), encodeMetadata(state.snapshot));
      await writeFileAtomic(join(dir, "timestamp.json"), encodeMetadata(state.timestamp));
      await removeOlder("targets", targetsVersion);
      await removeOlder("snapshot", snapshotVersion);
    },
  };

  async function removeOlder(kind: "snapshot" | "targets", newest: number): Promise<void> {
    const versions = (await versionsOf(kind)).filter((version) => version <= newest);
    for (const version of versions.slice(0, -keptVersions)) {
      await rm(join(dir, `${version}.${kind}.json`), { force: true });
    }
  }
}

/** See {@link createMetadataFolder}. */
export interface MetadataFolder {
  /** Makes the folder. */
  prepare(): Promise<void>;
  /** Bytes of one file. @throws AuroraError DATA_MISSING. */
  read(name: string): Promise<Uint8Array>;
  writeRoot(version: number, bytes: Uint8Array): Promise<void>;
  /** Bytes of all roots by version, lowest first. */
  readRoots(): Promise<ReadonlyMap<number, Uint8Array>>;
  /** Version of the newest root, 0 if there is none. */
  newestRoot(): Promise<number>;
  /** Bytes of the commit, or null if nothing was published yet. */
  readTimestamp(): Promise<Uint8Array | null>;
  /** The published state, or null if nothing was published yet. @throws AuroraError STORE when it is damaged. */
  readState(root: Metadata<Root>): Promise<RepositoryState | null>;
  /** Writes the files in an order in which every power cut leaves a whole state. */
  writeState(state: RepositoryState): Promise<void>;
}
