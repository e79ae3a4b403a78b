/** The files of a bundle, in a folder or an unpacked tar. Reads are bounded; links and special files are refused. */
import { constants } from "node:fs";
import { open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { AuroraError } from "../contract/aurora-error.ts";

/** A flat set of named files. */
export interface FileSource {
  /** For error messages: the folder, or what the bytes came from. */
  readonly subject: string;
  /** Every name that is there, at most 66 and one more (so that too many are seen as too many). */
  names(): Promise<readonly string[]>;
  /** The whole file. @throws AuroraError BUNDLE_FORMAT: missing, not a plain file, unreadable; `tooLarge`: larger than `maxBytes`. */
  read(name: string, maxBytes: number, tooLarge: TooLarge): Promise<Uint8Array>;
}

/** A bound of the format, or the size that the manifest states. */
type TooLarge = "BUNDLE_FORMAT" | "BUNDLE_DIGEST";

/** What helps where a file is not the one that the manifest lists. */
export const changedHint = "It was changed or damaged; fetch the bundle again.";

/** Manifest, signature and the 64 files that a manifest may list. */
export const maxBundleEntries = 66;

export function folderSource(dir: string): FileSource {
  return {
    subject: dir,
    async names() {
      const names: string[] = [];
      try {
        for await (const entry of await opendir(dir)) {
          names.push(entry.name);
          if (names.length > maxBundleEntries) break;
        }
      } catch (cause) {
        throw describeFailure(dir, cause, "is not a folder");
      }
      return names.sort();
    },
    read: (name, maxBytes, tooLarge) => readBoundedFile(join(dir, name), maxBytes, tooLarge),
  };
}

/** Files that are in memory already. */
export function memorySource(files: ReadonlyMap<string, Uint8Array>, subject: string): FileSource {
  return {
    subject,
    names: async () => [...files.keys()].sort(),
    async read(name, maxBytes, tooLarge) {
      const bytes = files.get(name);
      if (bytes === undefined) throw badFile(`${subject}: ${name}`, "is missing");
      if (bytes.length > maxBytes)
        throw refuseLength(tooLarge, `${subject}: ${name}`, [bytes.length, maxBytes]);
      return bytes;
    },
  };
}

/** Reads a plain file of at most `maxBytes`; does not follow a link, does not block on a pipe. */
async function readBoundedFile(path: string, maxBytes: number, tooLarge: TooLarge): Promise<Uint8Array> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    throw describeFailure(path, cause, "is not a plain file");
  }
  try {
    const status = await file.stat();
    if (!status.isFile()) throw badFile(path, "is not a plain file");
    if (status.size > maxBytes) throw refuseLength(tooLarge, path, [status.size, maxBytes]);
    // One byte more than stated, so that a file that grows meanwhile is noticed.
    const bytes = new Uint8Array(status.size + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length !== status.size) throw badFile(path, "changed while it was read");
    return bytes.subarray(0, length);
  } catch (cause) {
    throw cause instanceof AuroraError ? cause : describeFailure(path, cause, "is not a plain file");
  } finally {
    await file.close();
  }
}

function refuseLength(
  code: TooLarge,
  subject: string,
  [sizeBytes, maxBytes]: readonly [number, number],
): AuroraError {
  const message = `has ${sizeBytes} bytes, at most ${maxBytes} were expected`;
  if (code === "BUNDLE_FORMAT") return badFile(subject, message);
  return new AuroraError(code, message, { op: "verify bundle", subject, hint: changedHint });
}

/** A link that is not followed, a socket, a file where a folder is due or the other way round. */
const otherKindCodes: ReadonlySet<string | undefined> = new Set(["ELOOP", "ENXIO", "ENOTDIR", "EISDIR"]);

/** What opening, listing or reading met: missing is not of another kind, and neither of them is unreadable. */
function describeFailure(subject: string, cause: unknown, otherKind: string): AuroraError {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT") return badFile(subject, "is missing", cause);
  if (otherKindCodes.has(code)) return badFile(subject, otherKind, cause);
  return new AuroraError("BUNDLE_FORMAT", `cannot be read: ${message}`, {
    op: "read bundle",
    subject,
    hint: "The bundle may be whole: check that this user may read it, and the disk.",
    cause,
  });
}

function badFile(subject: string, message: string, cause?: unknown): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", message, {
    op: "read bundle",
    subject,
    hint: "A bundle is a folder with a manifest.json and exactly the files that it lists.",
    cause,
  });
}
