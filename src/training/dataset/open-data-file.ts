/** Opens files that are read in parts, because they may be larger than memory. */
import { type FileHandle, open } from "node:fs/promises";
import { AuroraError } from "../../core/contract/aurora-error.ts";

/** Opens `path` to read; `op` says what for. Fails with DATA_MISSING. */
export async function openDataFile(path: string, op: string): Promise<FileHandle> {
  return open(path, "r").catch((cause: unknown) => {
    throw new AuroraError("DATA_MISSING", `cannot read ${path}`, { op, subject: path, cause });
  });
}

/** Fills `into` with the bytes from `position` on. Fails with DATA_FORMAT where the file ends before. */
export async function readWhole(
  file: FileHandle,
  into: Uint8Array,
  position: number,
  { path, op }: { readonly path: string; readonly op: string },
): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) {
      throw new AuroraError("DATA_FORMAT", `${path} became shorter while it was read`, {
        op,
        subject: path,
        hint: "the file may be cut off or damaged: copy or write it again",
      });
    }
    done += bytesRead;
  }
}
