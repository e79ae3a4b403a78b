/**
 * The signed state of the repository: its root, the keys that sign, and the list of targets that is published. Changes
 * run one after the other, and each is on disk before it is what readers get. Knows nothing of bundles.
 */
import { join } from "node:path";
import type { Metadata, Root, TargetFile } from "@tufjs/models";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { RegistryKeys } from "./installation-keys.ts";
import { createMetadataFolder, type MetadataFolder } from "./metadata-folder.ts";
import { checkKeys, type Lifetimes, nextState, type RefreshFrom, refreshDue } from "./repository-state.ts";
import { parseRoot } from "./sign-root.ts";

export interface SignedRepositoryOptions {
  /** Folder of the repository, whose metadata is made in it if missing. */
  readonly dir: string;
  readonly keys: RegistryKeys;
  readonly clock: Clock;
  /** How long each file is good after it was signed. */
  readonly lifetimes: Lifetimes;
}

/** Targets by path. */
export type TargetFiles = Readonly<Record<string, TargetFile>>;

export interface SignedRepository {
  /** What is published. */
  readonly targets: TargetFiles;
  /** Runs one change after the other, whatever became of the one before. */
  exclusively<T>(change: () => Promise<T>): Promise<T>;
  /** Signs and publishes another list of targets; inside {@link exclusively}. */
  commit(targets: TargetFiles): Promise<void>;
  /** Signs anew what has used up half of its life. Returns whether anything was. */
  refresh(): Promise<boolean>;
  /** Takes a new root file (keys changed). @throws AuroraError KEY when it does not follow the present one. */
  installRoot(bytes: Uint8Array, keys: RegistryKeys): Promise<void>;
  /** Bytes of a metadata file by name, or null where there is none. */
  readMetadata(name: string): Promise<Uint8Array | null>;
}

/**
 * Opens the repository in a folder, or makes an empty one.
 * @throws AuroraError KEY when root does not list the keys, STORE when the folder is damaged.
 */
export async function openSignedRepository(options: SignedRepositoryOptions): Promise<SignedRepository> {
  const { clock, lifetimes } = options;
  const folder = createMetadataFolder(join(options.dir, "metadata"));
  let keys = options.keys;
  await folder.prepare();
  let root = await adoptRoot(folder, keys.root, options.dir);
  checkKeys(root, keys);
  let published = await folder.readState(root);
  published ??= await sign("targets", {});
  let queue: Promise<unknown> = Promise.resolve();

  async function sign(from: RefreshFrom, targetFiles: TargetFiles): Promise<NonNullable<typeof published>> {
    const change = { root, previous: published, from, targetFiles };
    const next = nextState(change, { keys, lifetimes, nowMs: clock.nowMs() });
    await folder.writeState(next);
    published = next;
    return next;
  }
  const targets = (): TargetFiles => published?.targets.signed.targets ?? {};
  const exclusively = <T>(change: () => Promise<T>): Promise<T> => {
    const result = queue.then(change);
    queue = result.catch(() => undefined);
    return result;
  };
  const commit = async (targetFiles: TargetFiles): Promise<void> => {
    await sign("targets", targetFiles);
  };
  const refresh = (): Promise<boolean> =>
    exclusively(async () => {
      const due = published === null ? null : refreshDue(published, lifetimes, clock.nowMs());
      if (due !== null) await sign(due, targets());
      return due !== null;
    });
  return {
    get targets() {
      return targets();
    },
    exclusively,
    commit,
    refresh,
    installRoot: (bytes, newKeys) =>
      exclusively(async () => {
        const adopted = await adoptRoot(folder, bytes, options.dir);
        checkKeys(adopted, newKeys);
        root = adopted;
        keys = newKeys;
        await commit(targets());
      }),
    readMetadata: async (name) => {
      // A refresh that fails is for the caller of refresh() to report; readers still get what there is.
      if (name === "timestamp.json") await refresh().catch(() => false);
      try {
        return await folder.read(name);
      } catch (error) {
        const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
        if (cause?.code === "ENOENT") return null;
        throw error;
      }
    },
  };
}

/** The newer of the installed root and a given one, which must follow it. */
async function adoptRoot(folder: MetadataFolder, bytes: Uint8Array, dir: string): Promise<Metadata<Root>> {
  try {
    const installed = await folder.readRoot();
    const given = parseRoot(bytes, null);
    if (installed !== null && given.signed.version <= installed.signed.version) return installed;
    const adopted = parseRoot(bytes, installed);
    await folder.writeRoot(adopted.signed.version, bytes);
    return adopted;
  } catch (cause) {
    throw new AuroraError("KEY", `the root metadata is not good: ${(cause as Error).message}`, {
      op: "open registry",
      subject: dir,
      hint: "Use the folder that `aurora keys init` made for this collector.",
      cause,
    });
  }
}
