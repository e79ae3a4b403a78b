/**
 * Bundles with other windows than their own, for files only; the gateway waits. A recording that is shorter than a window is
 * scored as one of its own length: a line is as much wider in its spectrum, so its features are weaker, but they mean the
 * same. A short one is summed up over windows that overlap: more of them rest on the same samples.
 */
import type { Manifest, WindowSpec } from "../../../core/contract/bundle/manifest.ts";
import type { FeatureWindow } from "../../../core/contract/stream.ts";
import { widenShaftLines } from "../../../core/features/order-spectrum.ts";
import { fewestRevolutions } from "../../../core/features/spectrum-pool.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import type { OpenedRecording } from "./open-recording.ts";

/** Rounding must not ask for a sample more than there is. */
const slack = 1e-6;

/** `bundle` with one window of `revolutions`; null where the recording is too short, or long enough for the bundle's own. */
export function withShortWindow(bundle: LoadedBundle, revolutions: number): LoadedBundle | null {
  const { window, features } = bundle.manifest;
  const length = revolutions * (1 - slack);
  if (window.unit !== "revolutions" || length < fewestRevolutions || length >= window.length) return null;
  const widening = window.length / length;
  const manifest: Manifest = {
    ...bundle.manifest,
    window: { unit: "revolutions", length, hop: length },
    features: { ...features, chains: features.chains.map((chain) => widenShaftLines(chain, widening)) },
  };
  return { ...bundle, manifest };
}

/** How many revolutions the recording has, by its speed. Fails with DATA_*. */
export async function countRevolutions({ file, sidecar }: OpenedRecording): Promise<number> {
  let samples = 0;
  for await (const piece of file.pieces()) samples += piece.length;
  return ((samples / sidecar.rateHz) * sidecar.shaftRpm) / 60;
}

/** How many windows so many revolutions without a loss make; one where they are too few for a whole one. */
export function countFitting(revolutions: number, { length, hop }: WindowSpec): number {
  if (!(revolutions > 0)) return 0;
  return Math.max(1, Math.floor((revolutions - length) / hop + 1 + slack));
}

/** Is it a snapshot between two gaps, which is heard by itself? Its times are whole milliseconds. */
export function isShorter({ fromMs, toMs, shaftRpm }: FeatureWindow, { length, unit }: WindowSpec): boolean {
  const seconds = (toMs - fromMs + 1) / 1000;
  return (unit === "seconds" ? seconds : (seconds * shaftRpm) / 60) < 0.99 * length;
}

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
