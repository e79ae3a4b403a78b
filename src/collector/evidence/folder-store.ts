/**
 * Raw evidence in a folder: `<first two digits>/<digest>.npy` and `.json` beside it, as `aurora score` reads them. For the
 * owner alone (0700 and 0600). Follows no link.
 */
import { constants } from "node:fs";
import { chmod, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AuroraError, hasErrorCode, systemCodeOf } from "../../core/contract/aurora-error.ts";
import { makeFolder, storeError, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { asStoreError, isMissing, nodeFileSystem } from "../../core/platform/files/file-system.ts";
import { hintOfClosedFolder } from "../../core/platform/sqlite/sqlite-error.ts";
import { type EvidenceStore, evidenceFileKinds, evidenceFileName } from "./evidence-store.ts";

/** A store that may be looked through. */
export interface FolderStore extends EvidenceStore {
  readonly isRemote: false;
  readonly dir: string;
  /** The first two digits of all evidence that has a folder. @throws AuroraError STORE */
  listParts(): Promise<readonly string[]>;
  /** Names of the files of evidence whose digests begin with these two digits. @throws AuroraError STORE */
  list(digits: string): Promise<readonly string[]>;
}

const fileName = new RegExp(`^[0-9a-f]{64}\\.(${evidenceFileKinds.join("|")})$`);

/** Opens the store in `dir`, which is made. @throws AuroraError STORE */
export async function openFolderStore(dir: string): Promise<FolderStore> {
  await makePrivateFolder(dir);
  return {
    isRemote: false,
    dir,
    listParts: async () => {
      const names = await nodeFileSystem.list(dir);
      return names.filter((name) => /^[0-9a-f]{2}$/.test(name));
    },
    list: async (digits) => {
      const names = await nodeFileSystem.list(join(dir, digits));
      return names.filter((name) => name.startsWith(digits) && fileName.test(name));
    },
    put: async (id, kind, bytes) => {
      const path = join(dir, evidenceFileName(id, kind));
      await makePrivateFolder(dirname(path));
      await writeFileAtomic(path, bytes, { mode: 0o600 });
    },
    open: async (id, kind) => {
      const path = join(dir, evidenceFileName(id, kind));
      try {
        const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
        return { sizeBytes: (await file.stat()).size, body: file.createReadStream() };
      } catch (error) {
        if (isMissing(error)) return null;
        throw storeError("read", path, error);
      }
    },
    remove: async (id) => {
      for (const kind of evidenceFileKinds)
        await nodeFileSystem.remove(join(dir, evidenceFileName(id, kind)));
    },
  };
}

/** Makes a folder that only its owner may look into, and the one above it where it is missing. @throws AuroraError STORE */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await makeFolder(dirname(path), 0o700);
    await makeFolder(path, 0o700);
    await asStoreError("make folder", path, chmod(path, 0o700));
  } catch (error) {
    // Only then: to look for a hint makes what is missing where that can be made.
    if (!hasErrorCode(error, "STORE") || systemCodeOf(error.cause) !== "EROFS") throw error;
    const hint = hintOfClosedFolder(path);
    if (hint === undefined) throw error;
    const { code, message, op, cause } = error;
    throw new AuroraError(code, message, { op, subject: path, hint, cause });
  }
}
