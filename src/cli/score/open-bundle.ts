/** Opens a bundle's folder to score files with it: digests and compatibility are checked, not who signed it. */
import { checkCompatibility } from "../../bundle/compatibility.ts";
import { readBundle } from "../../bundle/verify-bundle.ts";
import { type LoadedBundle, serveBundle } from "../../gateway/loaded-bundle.ts";
import { silentLogger } from "../../platform/logger.ts";
import { runtimeVersion } from "../runtime-version.ts";

/** Runs `use` with the bundle and closes it afterwards. Fails with BUNDLE_*, INFERENCE and as `use` does. */
export async function withBundle<T>(dir: string, use: (bundle: LoadedBundle) => Promise<T>): Promise<T> {
  const bundle = await readBundle(dir);
  checkCompatibility(bundle.manifest, { runtimeVersion: runtimeVersion() });
  const loaded = await serveBundle(dir, bundle, "auto", silentLogger);
  try {
    return await use(loaded);
  } finally {
    await loaded.retire();
  }
}
