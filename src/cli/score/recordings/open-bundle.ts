/** Opens a bundle's folder to score files with it: digests and compatibility are checked, not who signed it. */
import type { Bundle } from "../../../core/bundle/bundle.ts";
import { checkCompatibility } from "../../../core/bundle/compatibility.ts";
import { readBundle } from "../../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { silentLogger } from "../../../core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../../core/serving/loaded-bundle.ts";
import { runtimeVersion } from "../../terminal/runtime-version.ts";

/**
 * Runs `use` with the bundle and closes it afterwards. Fails with BUNDLE_*, INFERENCE and as `use` does; at once where the
 * bundle judges something else than recordings.
 */
export async function withBundle<T>(dir: string, use: (bundle: LoadedBundle) => Promise<T>): Promise<T> {
  return withAnyBundle(dir, ({ manifest }) => expectWaveform(manifest), use);
}

/**
 * As {@link withBundle}, with a bundle that `check` lets pass; `use` gets its files, too. Fails with BUNDLE_*, INFERENCE and
 * as `check` and `use` do.
 */
export async function withAnyBundle<T>(
  dir: string,
  check: (bundle: Bundle) => void,
  use: (loaded: LoadedBundle, bundle: Bundle) => Promise<T>,
): Promise<T> {
  const bundle = await readBundle(dir);
  checkCompatibility(bundle.manifest, { runtimeVersion: runtimeVersion() });
  check(bundle);
  const loaded = await serveBundle(dir, bundle, { engine: "auto", logger: silentLogger });
  try {
    return await use(loaded, bundle);
  } finally {
    await loaded.retire();
  }
}

/** Does the bundle judge recordings? @throws AuroraError BUNDLE_INCOMPATIBLE. */
export function expectWaveform({ name, version, task, channels, window }: Manifest): void {
  if (window.unit === "revolutions" && channels.some(({ kind }) => kind === "waveform")) return;
  throw new AuroraError(
    "BUNDLE_INCOMPATIBLE",
    `listens to no waveform in shaft revolutions (its task is ${task})`,
    {
      op: "score file",
      subject: `${name}@${version}`,
      hint: "recordings are scored with a bundle for vibration, such as models/bearing-vibration/1.0.0, and tables with one of normal behaviour, such as models/turbine-scada/1.0.0; `aurora evaluate DIR --protocol held-out` replays any other on its data set",
    },
  );
}
