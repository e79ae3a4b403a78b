/**
 * The one way to write a file that must be whole after a power cut: temporary file, fsync, rename, fsync of the
 * folder. Readers see the old bytes or the new ones, never a mixture.
 */
import { randomInt } from "node:crypto";
import type { Stats } from "node:fs";
import { lstat, mkdir, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AuroraError, systemCodeOf } from "../../contract/aurora-error.ts";

interface AtomicWriteOptions {
  /** Permission bits, whatever the umask; default: 0o644 without what the umask takes. Secrets: 0o600. */
  readonly mode?: number;
  /** Owner and group; default: this process's. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * Writes `bytes` (text as UTF-8) to `path`, whose folder must exist; when the promise resolves, they are on the disk.
 * Fails with `STORE` when the disk is full, the folder cannot be written, or a folder, a pipe or a device has that name (a rename
 * would take its place); what was there is then untouched. A link is replaced, not followed.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | string,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const folder = dirname(path);
  // By chance: in a container each process has the number of the one before, which may have been killed, and of others on a shared disk.
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${randomInt(2 ** 47)}.tmp`);
  try {
    await refuseOther(path);
    const file = await open(temporary, "wx", options.mode ?? 0o644);
    try {
      const { owner } = options;
      if (owner !== undefined) {
        const own = await file.stat();
        if (own.uid !== owner.uid || own.gid !== owner.gid) await file.chown(owner.uid, owner.gid);
        // Whatever the umask says; after the owner, whose change takes rights away.
        await file.chmod(options.mode ?? 0o644);
      } else if (options.mode !== undefined && ((await file.stat()).mode & options.mode) !== options.mode) {
        // The umask took some. Where it did not, a file system without rights (FAT) is asked for none.
        await file.chmod(options.mode);
      }
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error instanceof AuroraError ? error : storeError("write file", path, error);
  }
}

/** As {@link writeFileAtomic}, for what a person names as an output: where a link stands, the file that it leads to is replaced. */
export async function writeOutputFile(path: string, bytes: Uint8Array | string): Promise<void> {
  await writeFileAtomic(await followLinks(path), bytes);
}

/** The path that a write to `path` is meant for: behind its links, or itself where nothing is yet. Fails with `STORE`. */
export async function followLinks(path: string): Promise<string> {
  try {
    return (await lstat(path).catch(forgiveMissing)) === undefined ? path : await realpath(path);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw storeError("write file", path, error);
    const hint = "Name the place itself, or remove the link.";
    throw new AuroraError("STORE", `${path} is a link that leads nowhere`, {
      op: "write file",
      subject: path,
      hint,
    });
  }
}

/** @throws AuroraError STORE for what has the name and is neither a file nor a link */
async function refuseOther(path: string): Promise<void> {
  const there = await lstat(path).catch(forgiveMissing);
  if (there === undefined || there.isFile() || there.isSymbolicLink()) return;
  const hint = "Name a file: a folder, a pipe and a device stay as they are.";
  throw new AuroraError("STORE", `${path} is no regular file`, { op: "write file", subject: path, hint });
}

/**
 * As {@link writeFileAtomic}, for a file of a person: one that is there keeps its permission bits and its owner, and where a link
 * stands, the file that it leads to is replaced. `options` are those of one that is made.
 * Fails with `STORE` also for what is no regular file, a link that leads nowhere, and an owner that this user may not give it.
 */
export async function replaceFile(
  path: string,
  text: string,
  options: AtomicWriteOptions = {},
): Promise<void> {
  let target: string;
  let stats: Stats;
  try {
    if ((await lstat(path).catch(forgiveMissing)) === undefined)
      return await writeFileAtomic(path, text, options);
    target = await realpath(path);
    stats = await stat(target);
    await refuseOther(target);
  } catch (error) {
    throw error instanceof AuroraError ? error : storeError("replace", path, error);
  }
  const { mode, uid, gid } = stats;
  await writeFileAtomic(target, text, { mode: mode & 0o777, owner: { uid, gid } });
}

function forgiveMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

/** Renames a file or folder on the same file system and makes the new name durable. Replaces a file at `to`. */
export async function renameAtomic(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolder(dirname(to));
    if (dirname(from) !== dirname(to)) await syncFolder(dirname(from));
  } catch (error) {
    throw storeError("rename", from, error);
  }
}

/**
 * Makes the folder and those above it where they are missing, with these permission bits (default 0o755; secrets: 0o700).
 * Fails with `STORE`.
 */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  try {
    await makeMissing(path, mode);
  } catch (error) {
    throw storeError("make folder", path, error);
  }
}

/** Not Node's recursive mkdir: under /proc, where a name can be neither made nor found, that one never ends. */
async function makeMissing(path: string, mode: number): Promise<void> {
  for (const isLast of [false, true]) {
    try {
      // Whatever the umask: nobody else writes into what is served.
      await mkdir(path, { mode });
      return;
    } catch (error) {
      const code = systemCodeOf(error);
      // There already, also when somebody else made it just now.
      if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
      if (code !== "ENOENT" || isLast) throw error;
    }
    await makeMissing(dirname(path), 0o755);
  }
}

/** Makes the names in a folder durable. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The error `STORE` for what the system refused to do with `path`. */
export function storeError(op: string, path: string, cause: unknown): AuroraError {
  const code = systemCodeOf(cause);
  const hints: Readonly<Record<string, string>> = {
    ENOSPC: "Free some disk space, or remove files where no inodes are left (df -i).",
    EDQUOT: "Raise the disk quota or free some space.",
    EROFS: "The file system is read-only: choose a folder that can be written.",
    EACCES: "Give this user the right to write there.",
    EPERM: "Give this user the right to write there.",
    ENOENT: "Create the folder first.",
    EEXIST: "A file has that name: choose another.",
    ENOTDIR: "What stands before the last / must be a folder, and is a file.",
    ELOOP: "Its links lead in a circle: name the place itself.",
  };
  const hint = code === undefined ? undefined : hints[code];
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AuroraError("STORE", `cannot ${op} ${path}: ${reason}`, {
    op,
    subject: path,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
