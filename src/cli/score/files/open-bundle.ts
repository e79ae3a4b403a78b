/** Opens a bundle's folder to score files with it: digests and compatibility are checked, not who signed it. */
import type { Bundle } from "../../../core/bundle/bundle.ts";
import { checkCompatibility } from "../../../core/bundle/compatibility.ts";
import { readBundle } from "../../../core/bundle/verify-bundle.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { Manifest } from "../../../core/contract/bundle/manifest.ts";
import { silentLogger } from "../../../core/platform/logger.ts";
import { type LoadedBundle, serveBundle } from "../../../core/serving/loaded-bundle.ts";
import { runtimeVersion } from "../../installation.ts";

/**
 * Runs `use` with the bundle, which `check` let pass before it was loaded, and closes it afterwards. Fails with BUNDLE_*,
 * INFERENCE and as `check` and `use` do; at once where the bundle reads neither recordings nor rows of readings.
 */
export async function withBundle<T>(
  dir: string,
  use: (loaded: LoadedBundle, bundle: Bundle) => Promise<T>,
  check: (bundle: Bundle) => void = () => {},
): Promise<T> {
  const bundle = await readBundle(dir);
  checkCompatibility(bundle.manifest, { runtimeVersion: runtimeVersion() });
  if (!readsRows(bundle)) expectWaveform(bundle.manifest);
  check(bundle);
  const loaded = await serveBundle(dir, bundle, { engine: "auto", logger: silentLogger });
  try {
    return await use(loaded, bundle);
  } finally {
    await loaded.retire();
  }
}

/** Does the bundle read rows of readings, not recordings? */
export function readsRows({ manifest }: Pick<LoadedBundle, "manifest">): boolean {
  return manifest.normalBehaviour !== undefined;
}

/** @throws AuroraError BUNDLE_INCOMPATIBLE where the bundle does not read recordings. */
function expectWaveform({ name, version, task, channels, window }: Manifest): void {
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
