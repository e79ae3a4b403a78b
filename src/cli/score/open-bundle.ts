/** Opens a bundle's folder to score files with it: digests and compatibility are checked, not who signed it. */
import { checkCompatibility } from "../../bundle/compatibility.ts";
import { readBundle } from "../../bundle/verify-bundle.ts";
import { AuroraError } from "../../contract/aurora-error.ts";
import type { Manifest } from "../../contract/manifest.ts";
import { type LoadedBundle, serveBundle } from "../../gateway/loaded-bundle.ts";
import { silentLogger } from "../../platform/logger.ts";
import { runtimeVersion } from "../runtime-version.ts";

/**
 * Runs `use` with the bundle and closes it afterwards. Fails with BUNDLE_*, INFERENCE and as `use` does; at once where the
 * bundle judges something else than recordings.
 */
export async function withBundle<T>(dir: string, use: (bundle: LoadedBundle) => Promise<T>): Promise<T> {
  const bundle = await readBundle(dir);
  checkCompatibility(bundle.manifest, { runtimeVersion: runtimeVersion() });
  expectWaveform(bundle.manifest);
  const loaded = await serveBundle(dir, bundle, "auto", silentLogger);
  try {
    return await use(loaded);
  } finally {
    await loaded.retire();
  }
}

function expectWaveform({ name, version, channels, window }: Manifest): void {
  if (window.unit === "revolutions" && channels.some(({ kind }) => kind === "waveform")) return;
  throw new AuroraError("BUNDLE_INCOMPATIBLE", "does not listen to a waveform in shaft revolutions", {
    op: "score file",
    subject: `${name}@${version}`,
    hint: "files are scored with a bundle for vibration, such as models/bearing-vibration/1.0.0; `aurora evaluate DIR --protocol held-out` replays any other on its data set",
  });
}
