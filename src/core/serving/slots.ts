/**
 * Two folders for bundles, `slots/a` and `slots/b`, and the file `active` that says which one serves. The pointer is
 * replaced atomically; the slot it names is never written to.
 */
import { join, resolve } from "node:path";
import { z } from "zod";
import { type Bundle, bundleLimits, type VerifiedBundle } from "../bundle/bundle.ts";
import type { TrustedKey } from "../bundle/dsse.ts";
import { maxBundleEntries } from "../bundle/file-source.ts";
import { verifyBundleFiles } from "../bundle/verify-bundle.ts";
import { writeBundleFolder } from "../bundle/write-bundle.ts";
import { hasErrorCode } from "../contract/aurora-error.ts";
import { sha256Pattern } from "../contract/bundle/plain-name.ts";
import { sayIssue } from "../contract/config/describe-issue.ts";
import { onDemand } from "../contract/on-demand.ts";
import type { FileSystem } from "../platform/files/file-system.ts";
import { parseJsonBytes } from "../platform/files/parse-json.ts";

export type SlotName = "a" | "b";

/** What is in a slot that serves or has served. */
export interface SlotContent {
  readonly slot: SlotName;
  /** Digest of the bundle in it. */
  readonly digest: string;
}

/** Content of the file `active`. */
export interface ActivePointer extends SlotContent {
  /** What served before in the other slot, proved then; null if nothing or if it has been overwritten. */
  readonly previous: SlotContent | null;
}

const content = onDemand(() => ({ slot: z.enum(["a", "b"]), digest: z.string().regex(sha256Pattern) }));
const pointerSchema: () => z.ZodType<ActivePointer> = onDemand(() =>
  // What a later version adds to it is nothing that this one needs.
  z.object({ ...content(), previous: z.object(content()).nullable() }),
);

/** The slots under a state folder. What the disk refuses is `STORE`, and never taken for "nothing there". */
export interface Slots {
  /** Absolute path of a slot's folder. */
  dir(slot: SlotName): string;
  /** Which slot serves; null before the first update. Rejects where the pointer is damaged; the next update replaces that one. */
  active(): Promise<ActivePointer | null>;
  /** The slot that may be overwritten while the bundle in `runningDir` serves. */
  free(runningDir: string): Promise<SlotName>;
  /** The bundle in a slot, if one of `keys` signed it. @throws AuroraError BUNDLE_*. */
  verify(slot: SlotName, keys: readonly TrustedKey[]): Promise<VerifiedBundle>;
  /** Replaces the content of a slot: all of it or nothing. Durable when it returns. */
  stage(slot: SlotName, bundle: Bundle): Promise<void>;
  /** Makes `slot` the one that serves from the next start on. */
  activate(slot: SlotName, digest: string): Promise<void>;
}

/** Opens the slots under `stateDir`. Touches the disk only when a method is called. */
export function openSlots(stateDir: string, files: FileSystem): Slots {
  const root = resolve(stateDir, "slots");
  const pointerPath = resolve(stateDir, "active");
  const dir = (slot: SlotName): string => join(root, slot);
  const writePointer = (pointer: ActivePointer): Promise<void> =>
    files.writeAtomic(pointerPath, `${JSON.stringify(pointer)}\n`);
  const active = async (): Promise<ActivePointer | null> => {
    const pointer = await readPointer(files, pointerPath);
    if (pointer instanceof Error) throw pointer;
    return pointer;
  };
  /** What is damaged points nowhere. */
  const pointed = async (): Promise<ActivePointer | null> => {
    const pointer = await readPointer(files, pointerPath);
    return pointer instanceof Error ? null : pointer;
  };

  return {
    dir,
    active,
    async free(runningDir) {
      const running = resolve(runningDir);
      if (running === dir("a")) return "b";
      if (running === dir("b")) return "a";
      return (await pointed())?.slot === "a" ? "b" : "a";
    },
    verify: async (slot, keys) => verifyBundleFiles(await readBundleFiles(files, dir(slot)), keys, dir(slot)),
    async stage(slot, bundle) {
      await files.makeFolder(root);
      const pointer = await pointed();
      // From here on the old content is gone: nobody may fall back to it.
      if (pointer?.previous?.slot === slot) await writePointer({ ...pointer, previous: null });
      for (const name of await files.list(root)) {
        // Half-written folders of a power cut, too.
        if (name === slot || name.startsWith(`.${slot}.new-`)) await files.remove(join(root, name));
      }
      await writeBundleFolder(dir(slot), bundle, files);
    },
    async activate(slot, digest) {
      const pointer = await pointed();
      if (pointer?.slot === slot && pointer.digest === digest) return;
      const previous =
        pointer !== null && pointer.slot !== slot ? { slot: pointer.slot, digest: pointer.digest } : null;
      await files.makeFolder(resolve(stateDir));
      await writePointer({ slot, digest, previous });
    },
  };
}

/** Null: there is none; an error: it is damaged. */
async function readPointer(files: FileSystem, path: string): Promise<ActivePointer | Error | null> {
  const bytes = await files.read(path, 4096).catch((error: unknown) => {
    if (hasErrorCode(error, "DATA_FORMAT")) return error;
    throw error;
  });
  if (bytes === null || bytes instanceof Error) return bytes;
  const json = parseJsonBytes(bytes);
  const parsed = pointerSchema().safeParse(json);
  if (parsed.success) return parsed.data;
  const wrong = json === undefined ? "it is no JSON" : sayIssue(parsed.error.issues[0], json);
  return new Error(`the pointer to the slot that serves is damaged: ${wrong}`);
}

/** As much of a folder as a bundle can be; what is wrong with it is for {@link verifyBundleFiles} to say. */
async function readBundleFiles(files: FileSystem, dir: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  let leftBytes = bundleLimits.totalBytes;
  for (const name of (await files.list(dir)).slice(0, maxBundleEntries + 1)) {
    const bytes = await files.read(join(dir, name), leftBytes);
    if (bytes === null) continue;
    found.set(name, bytes);
    leftBytes -= bytes.length;
  }
  return found;
}
