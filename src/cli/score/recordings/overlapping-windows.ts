/** Windows that overlap, for what a short file comes to: more of them rest on the same samples. Only for files. */
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";

/** A file of fewer windows is summed up over overlapping ones. */
export const fewWindows = 10;

/** A window begins at each of these parts of one: finer steps gained nothing on invented rigs. */
const parts = 3;

/** `bundle` with windows that begin three times as often. */
export function withOverlappingWindows(bundle: LoadedBundle): LoadedBundle {
  const { manifest } = bundle;
  const window = { ...manifest.window, hop: Math.min(manifest.window.hop, manifest.window.length / parts) };
  return { ...bundle, manifest: { ...manifest, window } };
}
