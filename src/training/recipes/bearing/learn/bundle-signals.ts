/** The recordings again, cut as a bundle cuts them: what judging a bundle anew starts with. */
import type { Bundle } from "../../../../core/bundle/bundle.ts";
import type { EvaluationContext } from "../../../recipe.ts";
import type { BearingConfig } from "../bearing-config.ts";
import { readCwruRows, type WaveformRows } from "./cwru-rows.ts";

/** Signals of a bundle's data set. */
export interface BundleSignals {
  readonly all: readonly WaveformRows[];
  /** Of the bearings that its lineage holds out. */
  readonly heldOut: readonly WaveformRows[];
}

/** Reads them. Fails with DATA_MISSING or DATA_FORMAT. */
export async function readBundleSignals(
  { manifest }: Bundle,
  { seed }: BearingConfig,
  context: EvaluationContext,
): Promise<BundleSignals> {
  const { window, features } = manifest;
  const data = await readCwruRows(context.dataDir, {
    window,
    trainingHop: window.hop,
    features,
    noiseLevels: [],
    seed,
    refused: [],
    progress: (done, total) => context.progress(done, total, "recordings read"),
  });
  const all = [...data.signals, ...data.extra];
  const held = new Set(manifest.lineage.data[0]!.heldOutGroups);
  return { all, heldOut: all.filter((signal) => held.has(signal.waveform.group)) };
}
