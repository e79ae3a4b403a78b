/**
 * What is said of a recording beside it: by a `NAME.json` of its own, and by the `index.json` of its folder, which lists files
 * in a sidecar's words, each with what holds for its channels:
 *
 *   {"recordings": [{"file": "a.npy", "fs_hz": 12000, "rpm": 1796, "channels": [{"name": "DE", "scale": 0.00016}]}]}
 */
import { basename, dirname, join } from "node:path";
import { AuroraError, hasErrorCode } from "../../../core/contract/aurora-error.ts";
import { fieldsOf, isFields } from "../../../core/contract/fields.ts";
import { readDataText } from "../read-data-file.ts";
import { parseSidecarWords, type SidecarPart } from "../sidecar/sidecar.ts";
import { readOwnSidecar } from "../sidecar/sidecar-files.ts";

const maxIndexBytes = 16 * 1024 * 1024;
const maxIndexed = 200_000;

/** Of one file. */
interface IndexedFile {
  readonly part: SidecarPart;
  /** In the order in which the file holds them. */
  readonly channels: readonly { readonly name: string; readonly part: SidecarPart }[];
}

export interface FileNotes {
  /** What is said of a channel, the source that counts first; fails with CONFIG_INVALID. */
  of(path: string, channel: string | null): Promise<readonly SidecarPart[]>;
  /** Which of the file's channels one is called so; null: nobody says. */
  placeOf(path: string, channel: string | null): Promise<number | null>;
  /** The file's channels in the order in which it holds them; empty: the index names none. */
  channelsOf(path: string): Promise<readonly string[]>;
  /** The indices that were found, below `root`. */
  readonly indices: readonly string[];
}

/** Reads notes as they are asked for, an index once. */
export function createFileNotes(): FileNotes {
  const folders = new Map<string, ReadonlyMap<string, IndexedFile>>();
  const found: string[] = [];
  const indexed = async (path: string): Promise<IndexedFile | undefined> => {
    const folder = dirname(path);
    let index = folders.get(folder);
    if (index === undefined) {
      const own = join(folder, "index.json");
      const read = await readIndex(own);
      if (read !== null) found.push(own);
      index = read ?? new Map();
      folders.set(folder, index);
    }
    return index.get(basename(path));
  };
  return {
    of: async (path, channel) => {
      const file = await indexed(path);
      const own = file?.channels.find(({ name }) => name === channel);
      return [await readOwnSidecar(path), own?.part ?? {}, file?.part ?? {}];
    },
    placeOf: async (path, channel) => {
      const at = (await indexed(path))?.channels.findIndex(({ name }) => name === channel) ?? -1;
      return at < 0 ? null : at;
    },
    channelsOf: async (path) => (await indexed(path))?.channels.map(({ name }) => name) ?? [],
    indices: found,
  };
}

/** Null where there is none, or where it is another thing's. */
async function readIndex(path: string): Promise<ReadonlyMap<string, IndexedFile> | null> {
  let document: unknown;
  try {
    document = JSON.parse(await readDataText(path, maxIndexBytes));
  } catch (cause) {
    if (hasErrorCode(cause, "DATA_MISSING")) return null;
    throw new AuroraError("DATA_FORMAT", `${path} is no index of recordings in JSON`, {
      op: "read index of recordings",
      subject: path,
      hint: 'it is {"recordings": [{"file": "a.npy", "rate_hz": 12000, "rpm": 1500}]}; mend it, or take it away from beside the recordings',
      cause,
    });
  }
  const recordings = fieldsOf(document).recordings;
  if (!Array.isArray(recordings) || recordings.length > maxIndexed) return null;
  const files = new Map<string, IndexedFile>();
  for (const [index, fields] of (recordings as unknown[]).entries()) {
    if (!isFields(fields) || typeof fields.file !== "string") continue;
    const { channels, ...rest } = fields;
    const where = `${path}, recording ${index + 1}`;
    const listed = Array.isArray(channels) ? (channels as unknown[]).filter(isFields) : [];
    files.set(fields.file, {
      part: parseSidecarWords(rest, where),
      channels: listed.map((each) => ({
        name: `${each.name as string}`,
        part: parseSidecarWords(each, where),
      })),
    });
  }
  return files;
}
