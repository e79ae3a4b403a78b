/**
 * Where finished steps wait for a run that is taken up again: one file a step, named by the digest of all that it was
 * made from. A file that is damaged is as good as none; one that cannot be read is an error. Keeps nothing that the last whole run did not use.
 */

import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { makeFolder, writeFileAtomic } from "../../core/platform/files/atomic-file.ts";
import { sha256 } from "../../core/platform/files/sha256.ts";

export interface WorkFolder {
  /** The bytes kept under `key`; null where there are none or they are damaged. Fails with STORE. */
  read(key: string): Promise<Uint8Array | null>;
  /** Keeps `bytes` under `key`; they are on the disk when it resolves. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Removes what was neither read nor written since the folder was opened. */
  prune(): Promise<void>;
}

const suffix = ".step";
const digestBytes = 32;

/** Opens `dir`, made if missing. Fails with STORE when it cannot be written. */
export async function openWorkFolder(dir: string): Promise<WorkFolder> {
  await makeFolder(dir);
  const used = new Set<string>();
  return {
    read: async (key) => {
      const path = join(dir, key + suffix);
      const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === "ENOENT") return null;
        throw new AuroraError("STORE", `cannot read the finished step ${path}`, {
          op: "read step",
          subject: path,
          cause,
        });
      });
      if (bytes === null) return null;
      const content = bytes.subarray(0, Math.max(0, bytes.length - digestBytes));
      if (!sha256(content).equals(bytes.subarray(content.length))) return null;
      used.add(key + suffix);
      return content;
    },
    write: async (key, bytes) => {
      await writeFileAtomic(join(dir, key + suffix), Buffer.concat([bytes, sha256(bytes)]));
      used.add(key + suffix);
    },
    prune: async () => {
      for (const name of await readdir(dir)) {
        if (name.endsWith(suffix) && !used.has(name)) await rm(join(dir, name), { force: true });
      }
    },
  };
}

/** Keeps nothing: every step runs. */
export const noWorkFolder: WorkFolder = {
  read: async () => null,
  write: async () => {},
  prune: async () => {},
};
