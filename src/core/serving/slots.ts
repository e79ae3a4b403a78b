/**
 * Two folders for bundles, `slots/a` and `slots/b`, and the file `active` that says which one serves. The pointer is
 * replaced atomically; the slot it names is never written to.
 */
import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { Bundle } from "../bundle/bundle.ts";
import { writeBundleFolder } from "../bundle/write-bundle.ts";
import { writeFileAtomic } from "../platform/files/atomic-file.ts";
import { readFileBounded } from "../platform/files/bounded-read.ts";

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

const content = { slot: z.enum(["a", "b"]), digest: z.string().regex(/^[0-9a-f]{64}$/) };
const pointerSchema: z.ZodType<ActivePointer> = z.strictObject({
  ...content,
  previous: z.strictObject(content).nullable(),
});

/** The slots under a state folder. */
export interface Slots {
  /** Absolute path of a slot's folder. */
  dir(slot: SlotName): string;
  /** Which slot serves; null before the first update, and when the pointer cannot be read. */
  active(): Promise<ActivePointer | null>;
  /** The slot that may be overwritten while the bundle in `runningDir` serves. */
  free(runningDir: string): Promise<SlotName>;
  /** Replaces the content of a slot: all of it or nothing. Durable when it returns. */
  stage(slot: SlotName, bundle: Bundle): Promise<void>;
  /** Makes `slot` the one that serves from the next start on. */
  activate(slot: SlotName, digest: string): Promise<void>;
}

/** Opens the slots under `stateDir`. Touches the disk only when a method is called. */
export function openSlots(stateDir: string): Slots {
  const root = resolve(stateDir, "slots");
  const pointerPath = resolve(stateDir, "active");
  const dir = (slot: SlotName): string => join(root, slot);

  async function active(): Promise<ActivePointer | null> {
    try {
      const bytes = await readFileBounded(pointerPath, 4096);
      return pointerSchema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
    } catch {
      return null; // never written, or damaged: the caller falls back to what was shipped
    }
  }

  const writePointer = (pointer: ActivePointer): Promise<void> =>
    writeFileAtomic(pointerPath, `${JSON.stringify(pointer)}\n`);

  return {
    dir,
    active,
    async free(runningDir) {
      const running = resolve(runningDir);
      if (running === dir("a")) return "b";
      if (running === dir("b")) return "a";
      return (await active())?.slot === "a" ? "b" : "a";
    },
    async stage(slot, bundle) {
      await mkdir(root, { recursive: true });
      const pointer = await active();
      // From here on the old content is gone: nobody may fall back to it.
      if (pointer?.previous?.slot === slot) await writePointer({ ...pointer, previous: null });
      for (const name of await readdir(root)) {
        // Half-written folders of a power cut, too.
        if (name === slot || name.startsWith(`.${slot}.new-`)) {
          await rm(join(root, name), { recursive: true, force: true });
        }
      }
      await writeBundleFolder(dir(slot), bundle);
    },
    async activate(slot, digest) {
      const pointer = await active();
      if (pointer?.slot === slot && pointer.digest === digest) return;
      const previous =
        pointer !== null && pointer.slot !== slot ? { slot: pointer.slot, digest: pointer.digest } : null;
      await mkdir(stateDir, { recursive: true });
      await writePointer({ slot, digest, previous });
    },
  };
}
