/**
 * Which bundle a gateway starts with: the active slot, the one before, or the shipped one, the first that can serve; and which
 * served before it. Verifies, never repairs.
 */
import type { VerifiedBundle } from "../bundle/bundle.ts";
import { checkCompatibility, checkFit, type RuntimeIdentity } from "../bundle/compatibility.ts";
import type { TrustedKey } from "../bundle/dsse.ts";
import { verifyBundle } from "../bundle/verify-bundle.ts";
import { compareVersions } from "../bundle/version.ts";
import type { Manifest } from "../contract/bundle/manifest.ts";
import type { FileSystem } from "../platform/files/file-system.ts";
import { type ActivePointer, openSlots, type SlotContent, type Slots } from "./slots.ts";

interface ChooseBundleOptions {
  /** Folder of the updater's state. */
  readonly stateDir: string;
  /** Bundle that came with the installation. */
  readonly shippedDir: string;
  readonly trustedKeys: readonly TrustedKey[];
  readonly runtime: RuntimeIdentity;
  readonly files: FileSystem;
  /** In what the first does not fit this gateway that the second, the shipped one, fits; null: nothing. Default: all fit. */
  readonly findMisfit?: (next: Manifest, shipped: Manifest) => string | null;
  /** Rejects where a slot's bundle does not compute here what it must. Absent: that is not asked. */
  readonly proveSlot?: ((dir: string, bundle: VerifiedBundle) => Promise<void>) | undefined;
}

/** A folder whose bundle should have served, and why it does not. */
export interface RefusedBundle {
  readonly dir: string;
  readonly error: Error;
}

export interface ChosenBundle {
  /** Folder of the bundle: a slot's or the shipped one. */
  readonly dir: string;
  readonly bundle: VerifiedBundle;
  /** Folders that were tried before and refused, with the reason; each is worth an event. */
  readonly refused: readonly RefusedBundle[];
}

/** … and what it was opened as. */
interface OpenedChoice<T> extends ChosenBundle {
  readonly opened: T;
}

/** As {@link chooseOpened}, and opens none. */
export function chooseBundle(options: ChooseBundleOptions): Promise<ChosenBundle> {
  return chooseOpened(options, async () => null);
}

/**
 * Chooses, and opens what it chose. A slot counts only with the very bundle that was activated there, of the model that was
 * shipped, not older than the shipped one (an upgrade of the installation may bring a newer model than the last update did), that
 * fits where that one does, computes here what it must, and opens.
 * @throws AuroraError of the shipped bundle when that one is not good either, and what `open` throws of it.
 */
export async function chooseOpened<T>(
  options: ChooseBundleOptions,
  open: (dir: string, bundle: VerifiedBundle) => Promise<T>,
): Promise<OpenedChoice<T>> {
  const { shippedDir } = options;
  const slots = openSlots(options.stateDir, options.files);
  const refused: RefusedBundle[] = [];
  // A gateway that cannot read its pointer serves what was shipped rather than nothing, and says so.
  const pointer = await slots.active().catch((error: Error): ActivePointer | null => {
    refused.push({ dir: options.stateDir, error });
    return null;
  });
  const shipped = await openShipped(shippedDir, options).catch((error: Error) => error);
  for (const content of [pointer, pointer?.previous ?? null]) {
    if (content === null) continue;
    const dir = slots.dir(content.slot);
    try {
      const bundle = await openSlot(slots, content, options);
      if (!(shipped instanceof Error)) {
        const { name, version } = shipped.manifest;
        if (bundle.manifest.name !== name) throw new Error(`holds another model than ${name}`);
        if (compareVersions(bundle.manifest.version, version) < 0) continue;
        checkFit(bundle.manifest, options.findMisfit?.(bundle.manifest, shipped.manifest) ?? null);
      }
      await options.proveSlot?.(dir, bundle);
      return { dir, bundle, refused, opened: await open(dir, bundle) };
    } catch (error) {
      refused.push({ dir, error: error as Error });
    }
  }
  if (shipped instanceof Error) throw shipped;
  return { dir: shippedDir, bundle: shipped, refused, opened: await open(shippedDir, shipped) };
}

/**
 * Which bundle of the same model served before, as far as the disk still has it: a device that infers may run it yet.
 * `shippedDirs` are asked after the slots, in their order. Null: there is none, or none that is good. What was refused as
 * `serving` was chosen is not good, nor is a slot's bundle that does not compute here what it must.
 */
export async function chooseFormer(
  serving: ChosenBundle,
  shippedDirs: readonly string[],
  options: Omit<ChooseBundleOptions, "shippedDir">,
): Promise<Pick<ChosenBundle, "dir" | "bundle"> | null> {
  const { name, version } = serving.bundle.manifest;
  const slots = openSlots(options.stateDir, options.files);
  const pointer = await slots.active().catch(() => null);
  const inSlots = [pointer, pointer?.previous ?? null].filter((content) => content !== null);
  const candidates = [
    ...inSlots.map((content) => ({
      dir: slots.dir(content.slot),
      open: () => openSlot(slots, content, options),
      prove: options.proveSlot,
    })),
    ...shippedDirs.map((dir) => ({ dir, open: () => openShipped(dir, options), prove: undefined })),
  ];
  const passedOver = [serving, ...serving.refused].map(({ dir }) => dir);
  for (const { dir, open, prove } of candidates) {
    if (passedOver.includes(dir)) continue;
    try {
      const bundle = await open();
      if (bundle.manifest.name !== name || bundle.manifest.version === version) continue;
      await prove?.(dir, bundle);
      return { dir, bundle };
    } catch {
      // What is damaged, trusted no more, or computes otherwise, is as if it were not there: it is not to serve.
    }
  }
  return null;
}

/** What is in a slot, if that is the very bundle that was activated there. */
async function openSlot(
  slots: Slots,
  { slot, digest }: SlotContent,
  { trustedKeys, runtime }: Pick<ChooseBundleOptions, "trustedKeys" | "runtime">,
): Promise<VerifiedBundle> {
  const bundle = compatible(await slots.verify(slot, trustedKeys), runtime);
  if (bundle.digest !== digest) throw new Error("holds another bundle than the one activated");
  return bundle;
}

async function openShipped(
  dir: string,
  { trustedKeys, runtime }: Pick<ChooseBundleOptions, "trustedKeys" | "runtime">,
): Promise<VerifiedBundle> {
  return compatible(await verifyBundle(dir, trustedKeys), runtime);
}

function compatible(bundle: VerifiedBundle, runtime: RuntimeIdentity): VerifiedBundle {
  checkCompatibility(bundle.manifest, runtime);
  return bundle;
}
