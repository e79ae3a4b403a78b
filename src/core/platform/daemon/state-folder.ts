/**
 * Makes a daemon's state folder its own: what a daemon keeps there is readable by its user only, also what was there before,
 * and rid of what a kill left half written. Reads no file, follows no link, touches nothing that no daemon made (somebody
 * may name their home, or /etc), and is no reason not to start.
 */
import { chmod, lstat, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { hasErrorCode, systemCodeOf } from "../../contract/aurora-error.ts";
import { collectorState, gatewayState } from "../../contract/config/state-names.ts";
import { makeFolder } from "../files/atomic-file.ts";
import type { Logger } from "../logger.ts";

/** What was done, and what could not be. */
interface StateFolderReport {
  /** Files and folders that others could read until now. */
  readonly tightened: number;
  readonly leftoversRemoved: number;
  /** The first thing that the system refused, or null. */
  readonly refused: string | null;
}

/** What a kill left of an atomic write: `.<name>.<pid>-<number>.tmp`. */
const leftoverPattern = /^\..+\.(\d+)-\d+\.tmp$/;
/** A write takes less; a process of the same number may be another's after a restart of the machine. */
const writeTakesMs = 600_000;
const ownerOnly = 0o700;
const sticky = 0o1000;
/** Entries looked at, from the top downwards: a start is not held up by millions of files, and all are in a closed folder. */
const maxEntries = 20_000;

/** Did a daemon make what has this name at the top of a state folder? Either one: both may share a folder. */
function isOwnState(name: string): boolean {
  return (
    leftoverPattern.test(name) ||
    [gatewayState, collectorState].some(
      (own) => name.startsWith(own.record) || Object.values(own).includes(name),
    )
  );
}

/** Makes `dir` where it is missing, closes what is a daemon's to others, the folder too if it holds nothing else, and tidies it. */
export async function prepareStateFolder(
  dir: string,
  {
    nowMs,
    logger,
    setMode = chmod,
  }: {
    readonly nowMs: number;
    readonly logger: Logger;
    /** For tests of a file system that keeps no rights. */
    readonly setMode?: (path: string, mode: number) => Promise<void>;
  },
): Promise<StateFolderReport> {
  let isWithoutRights = false;
  const report = { tightened: 0, leftoversRemoved: 0, refused: null as string | null };
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      report.refused ??= error instanceof Error ? error.message : String(error);
    }
  };
  const tighten = (path: string): Promise<void> =>
    attempt(async () => {
      const { mode } = await (path === dir ? stat(path) : lstat(path));
      // A folder that many share is no state folder.
      if ((mode & 0o077) === 0 || (mode & sticky) !== 0) return;
      await setMode(path, mode & ownerOnly);
      // Some file systems (exFAT) take what they do not keep.
      if (((await stat(path)).mode & 0o077) === 0) report.tightened += 1;
      // There the bits say nothing.
      else isWithoutRights = process.platform !== "win32";
    });
  const tidy = (folder: string, name: string): Promise<void> =>
    attempt(async () => {
      const writer = leftoverPattern.exec(name)?.[1];
      if (writer === undefined) return;
      const path = join(folder, name);
      const { mtimeMs } = await lstat(path);
      if (isAlive(Number(writer)) && Math.abs(nowMs - mtimeMs) < writeTakesMs) return;
      await rm(path, { force: true });
      report.leftoversRemoved += 1;
    });

  await attempt(() => makeFolder(dir, ownerOnly));
  const folders = [dir];
  let isShared = false;
  let looked = 0;
  for (const folder of folders) {
    await attempt(async () => {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        looked += 1;
        if (looked > maxEntries || !(entry.isFile() || entry.isDirectory())) continue;
        if (folder === dir && !isOwnState(entry.name)) {
          isShared = true;
          continue;
        }
        const path = join(folder, entry.name);
        await tighten(path);
        if (entry.isDirectory()) folders.push(path);
        else await tidy(folder, entry.name);
      }
    });
    if (looked > maxEntries) break;
  }
  if (!isShared) await tighten(dir);
  const { tightened, leftoversRemoved, refused } = report;
  if (tightened + leftoversRemoved > 0)
    logger.info("the state folder was closed to others and tidied", { dir, tightened, leftoversRemoved });
  if (isWithoutRights)
    logger.warn(
      "this file system keeps no rights: whoever is on this machine reads what is kept here, and may give orders",
      {
        dir,
        hint: "Name a folder on another disk as stateDir.",
      },
    );
  if (refused !== null) logger.warn("the state folder could not be tidied", { dir, reason: refused });
  return report;
}

/** An error of the system, not of ours. */
function isRefusal(error: unknown): boolean {
  return hasErrorCode(error, "STORE") || typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** Whether another process of this number runs. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, and is another user's.
    return systemCodeOf(error) === "EPERM";
  }
}

/** From now on nobody but its user reads what this process makes, whichever library writes it. Of a process of its own only. */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}
