/** Which bundle a gateway starts with: the active slot, the one before, or the shipped one. Verifies, never repairs. */
import type { VerifiedBundle } from "../bundle/bundle.ts";
import { checkCompatibility, type RuntimeIdentity } from "../bundle/compatibility.ts";
import type { TrustedKey } from "../bundle/dsse.ts";
import { verifyBundle } from "../bundle/verify-bundle.ts";
import { compareVersions } from "../bundle/version.ts";
import type { FileSystem } from "../platform/files/file-system.ts";
import { type ActivePointer, openSlots } from "./slots.ts";

export interface ChooseBundleOptions {
  /** Folder of the updater's state. */
  readonly stateDir: string;
  /** Bundle that came with the installation. */
  readonly shippedDir: string;
  readonly trustedKeys: readonly TrustedKey[];
  readonly runtime: RuntimeIdentity;
  readonly files: FileSystem;
}

export interface ChosenBundle {
  /** Folder of the bundle: a slot's or the shipped one. */
  readonly dir: string;
  readonly bundle: VerifiedBundle;
  /** Folders that were tried before and refused, with the reason; each is worth an event. */
  readonly refused: readonly { readonly dir: string; readonly error: Error }[];
}

/**
 * Chooses. A slot counts only with the very bundle that was activated there, of the model that was shipped, and not
 * older than the shipped one (an upgrade of the installation may bring a newer model than the last update did).
 * @throws AuroraError of the shipped bundle when that one is not good either.
 */
export async function chooseBundle(options: ChooseBundleOptions): Promise<ChosenBundle> {
  const { shippedDir, trustedKeys, runtime } = options;
  const slots = openSlots(options.stateDir, options.files);
  const refused: { dir: string; error: Error }[] = [];
  // A gateway that cannot read its pointer serves what was shipped rather than nothing, and says so.
  const pointer = await slots.active().catch((error: Error): ActivePointer | null => {
    refused.push({ dir: options.stateDir, error });
    return null;
  });
  const shipped = await verifyBundle(shippedDir, trustedKeys)
    .then((bundle) => compatible(bundle, runtime))
    .catch((error: Error) => error);
  for (const content of [pointer, pointer?.previous ?? null]) {
    if (content === null) continue;
    const dir = slots.dir(content.slot);
    try {
      const bundle = compatible(await slots.verify(content.slot, trustedKeys), runtime);
      if (bundle.digest !== content.digest) throw new Error("holds another bundle than the one activated");
      if (!(shipped instanceof Error)) {
        const { name, version } = shipped.manifest;
        if (bundle.manifest.name !== name) throw new Error(`holds another model than ${name}`);
        if (compareVersions(bundle.manifest.version, version) < 0) continue;
      }
      return { dir, bundle, refused };
    } catch (error) {
      refused.push({ dir, error: error as Error });
    }
  }
  if (shipped instanceof Error) throw shipped;
  return { dir: shippedDir, bundle: shipped, refused };
}

function compatible(bundle: VerifiedBundle, runtime: RuntimeIdentity): VerifiedBundle {
  checkCompatibility(bundle.manifest, runtime);
  return bundle;
}
