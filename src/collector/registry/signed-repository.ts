/**
 * The signed state of the repository: its root, the keys that sign, and the list of targets that is published. Changes
 * run one after the other, of all processes that share the folder, and each is on disk before it is what readers get.
 * Knows nothing of bundles.
 */

import { join } from "node:path";
import type { TargetFile } from "@tufjs/models";
import { parseRoot } from "../../core/bundle/update-metadata.ts";
import { AuroraError, hasErrorCode } from "../../core/contract/aurora-error.ts";
import { minuteMs } from "../../core/maths/durations.ts";
import { type Clock, calendarOffsetMs } from "../../core/platform/clock.ts";
import { isMissing } from "../../core/platform/files/file-system.ts";
import { sha256Hex } from "../../core/platform/files/sha256.ts";
import { createWorkQueue } from "../../core/platform/work-queue.ts";
import { adoptRoot } from "./adopt-root.ts";
import { olderRootName, type RegistryKeys } from "./installation-keys.ts";
import { createMetadataFolder, type RepositoryState } from "./metadata-folder.ts";
import {
  defaultLifetimes,
  findUnsigned,
  nextState,
  type RefreshFrom,
  refreshDue,
} from "./repository-state.ts";
import { encodeMetadata } from "./tuf-signing.ts";

interface SignedRepositoryOptions {
  /** Folder of the repository, whose metadata is made in it if missing. */
  readonly dir: string;
  readonly keys: RegistryKeys;
  readonly clock: Clock;
  /** See {@link ClockDoubt}; default: none. */
  readonly isBehind?: ClockDoubt | undefined;
  /** See {@link ChangeLock}; default: no other process writes here. */
  readonly lock?: ChangeLock | undefined;
}

/**
 * Runs a change while no other process that shares the folder runs one.
 * @throws AuroraError STORE when others do not end in time, or cannot be asked
 */
export type ChangeLock = <T>(change: () => Promise<T>) => Promise<T>;

/** Is the clock behind what was believed before, for so short a time that either may be right? */
export type ClockDoubt = () => Promise<boolean>;

const alone: ChangeLock = (change) => change();

/** Targets by path. */
type TargetFiles = Readonly<Record<string, TargetFile>>;

interface SignedRepository {
  /** What is published. */
  readonly targets: TargetFiles;
  /** SHA-256 of the newest root metadata: what this repository is called by whoever trusts it. */
  readonly id: string;
  /** Takes up what another process has published. */
  sync(): Promise<void>;
  /** Runs one change after the other, whatever became of the one before. @throws AuroraError STORE once it is closed */
  exclusively<T>(change: () => Promise<T>): Promise<T>;
  /** Signs and publishes another list of targets; inside {@link exclusively}. */
  commit(targets: TargetFiles): Promise<void>;
  /** Signs anew what has used up half of its life, and all once after the opening, after the clock was set and after it was in doubt. Returns whether anything was. */
  refresh(): Promise<boolean>;
  /** Bytes of a metadata file by name, or null where there is none. */
  readMetadata(name: string): Promise<Uint8Array | null>;
  /** Changes nothing more; resolves when what was asked for before has ended. */
  close(): Promise<void>;
}

/**
 * Opens the repository in a folder, or makes an empty one.
 * @throws AuroraError KEY or CLOCK when the given roots do not fit those in it, or no key of theirs has signed what is published, STORE
 *   when the folder is damaged.
 */
export async function openSignedRepository(options: SignedRepositoryOptions): Promise<SignedRepository> {
  const { keys, clock, lock = alone, isBehind = () => Promise.resolve(false) } = options;
  const folder = createMetadataFolder(join(options.dir, "metadata"));
  await folder.prepare();
  const root = await adoptRoot({ folder, keys, subject: options.dir, nowMs: clock.nowMs() });
  const { version } = root.signed;
  const id = sha256Hex(await folder.read(olderRootName(version)));
  let published: RepositoryState | null = null;
  // Processes that still sign by older keys may have written it.
  let isByOlderKeys = false;
  // What is found may be a copy of some time ago, and gateways may know newer files: all is signed anew once, and once more by a clock
  // that was wrong then and was set.
  let signedOffsetMs = Number.NEGATIVE_INFINITY;
  let signedInDoubt = false;
  const queue = createWorkQueue();

  async function take(state: RepositoryState): Promise<void> {
    const roots = [...(await folder.readRoots())].map(([at, bytes]) =>
      at === version ? root : parseRoot(bytes),
    );
    const [unsigned] = findUnsigned(state, roots);
    if (unsigned !== undefined) throw refuseUnsigned(unsigned, options.dir);
    published = state;
    // One with newer keys signs by those.
    isByOlderKeys = roots.length === version && findUnsigned(state, [root]).length > 0;
  }

  async function sign(from: RefreshFrom, targetFiles: TargetFiles): Promise<void> {
    const change = { root, previous: published, from, targetFiles };
    const isDoubted = await isBehind();
    const signing = { keys, lifetimes: defaultLifetimes, nowMs: clock.nowMs(), isBehind: isDoubted };
    const next = nextState(change, signing);
    await folder.writeState(next);
    [published, isByOlderKeys] = [next, false];
    if (from === "targets") [signedOffsetMs, signedInDoubt] = [calendarOffsetMs(clock), isDoubted];
  }
  const targets = (): TargetFiles => published?.targets.signed.targets ?? {};
  const sync = async (): Promise<void> => {
    const newest = await folder.readTimestamp();
    if (newest === null || (published !== null && isSame(published, newest))) return;
    const read = await folder.readState(root);
    // A change of this process may have ended while an older state was read.
    const known = isByOlderKeys ? 0 : (published?.timestamp.signed.version ?? 0);
    if (read !== null && read.timestamp.signed.version >= known) await take(read);
  };
  const exclusively = <T>(change: () => Promise<T>): Promise<T> => {
    if (queue.isClosed) return Promise.reject(refuseClosed(options.dir));
    return queue.run(() =>
      lock(async () => {
        await sync();
        const newest = await folder.newestRoot();
        if (newest > version) throw refuseOldKeys(newest, options.dir);
        return change();
      }),
    );
  };
  const findDue = async (): Promise<RefreshFrom | null> => {
    if (published === null || isByOlderKeys) return "targets";
    if (Math.abs(calendarOffsetMs(clock) - signedOffsetMs) > minuteMs) return "targets";
    if (signedInDoubt && !(await isBehind())) return "targets";
    return refreshDue(published, clock.nowMs());
  };
  const refreshOnce = async (): Promise<boolean> => {
    await sync();
    // Without the lock, which every gateway's question would ask for.
    if ((await findDue()) === null) return false;
    return exclusively(async () => {
      const due = await findDue();
      if (due !== null) await sign(due, targets());
      return due !== null;
    });
  };
  let refreshing: Promise<boolean> | null = null;
  // All gateways ask at once after a start: they wait for one signing.
  const refresh = (): Promise<boolean> => {
    refreshing ??= refreshOnce().finally(() => {
      refreshing = null;
    });
    return refreshing;
  };
  await sync();
  // Past the end of its root nothing is offered; whoever publishes, or calls refresh(), is told.
  if (published === null) await refresh().catch(forgiveClock);
  // Who follows to it takes nothing that older keys have signed, whichever process is asked.
  else if (isByOlderKeys) await refresh().catch(() => false);
  return {
    get targets() {
      return targets();
    },
    id,
    sync,
    close: queue.close,
    exclusively,
    commit: (targetFiles) => sign("targets", targetFiles),
    refresh,
    readMetadata: async (name) => {
      // A refresh that fails is for the caller of refresh() to report; readers still get what there is.
      if (name === "timestamp.json") await refresh().catch(() => false);
      try {
        return await folder.read(name);
      } catch (error) {
        if (isMissing((error as Error).cause)) return null;
        throw error;
      }
    },
  };
}

function forgiveClock(error: unknown): void {
  if (!hasErrorCode(error, "CLOCK")) throw error;
}

function refuseClosed(dir: string): AuroraError {
  return new AuroraError("STORE", "the registry is closed", { op: "change registry", subject: dir });
}

function refuseOldKeys(newest: number, subject: string): AuroraError {
  return new AuroraError(
    "KEY",
    `another process has taken up root ${newest}, and this one signs by older keys`,
    {
      op: "change registry",
      subject,
      hint: "Give it the same keys (registry.keysDir), and start it again.",
    },
  );
}

function refuseUnsigned(name: string, subject: string): AuroraError {
  return new AuroraError("KEY", `no key of the roots has signed ${name}`, {
    op: "open registry",
    subject,
    hint: "Restore the folder from a backup, or move it away: begun anew it offers what is published again.",
  });
}

function isSame({ timestamp }: RepositoryState, newest: Uint8Array): boolean {
  return Buffer.compare(encodeMetadata(timestamp), newest) === 0;
}
