/**
 * Where the levels of the training rig's healthy bearings lie: what a severity is compared with while a machine's own
 * baseline is not known. Another machine's level says little of this one's; only its trend is to be believed.
 */
import { join } from "node:path";
import type { LevelStatistics } from "../../../../core/contract/bundle/baseline-spec.ts";
import type { FeatureSpec } from "../../../../core/contract/bundle/feature-spec.ts";
import type { WindowSpec } from "../../../../core/contract/bundle/manifest.ts";
import { computeMedian, computeScaledMad } from "../../../../core/maths/robust.ts";
import { cwruBearings, readCwruSignals } from "../../../dataset/cwru-recordings.ts";
import { extractRows } from "../../../learn/extract-rows.ts";
import type { WaveformRows } from "./cwru-rows.ts";

/**
 * Median and scaled median absolute deviation of each level over the healthy windows of `signals`; null where none of
 * them is heard (a band above the rate of all recordings). Fails as `readCwruSignals`.
 */
export async function fitLevelReference(
  dataDir: string,
  signals: readonly WaveformRows[],
  window: WindowSpec,
  levels: FeatureSpec,
): Promise<readonly (LevelStatistics | null)[]> {
  const values: number[][] = levels.list.map(() => []);
  for (const { waveform, recording } of signals) {
    if (waveform.failureMode !== null) continue;
    const channels = await readCwruSignals(join(dataDir, "cwru"), recording);
    const signal = channels.find(({ end }) => end === waveform.signalEnd)!;
    const { sampleRateHz, shaftRpm } = recording;
    const source = { ...signal, sampleRateHz, shaftRpm, bearing: cwruBearings[signal.end] };
    const { features } = extractRows(source, window, levels, "keep-unheard");
    for (const [at, value] of features.entries()) {
      if (Number.isFinite(value)) values[at % values.length]!.push(value);
    }
  }
  return values.map((each) =>
    each.length === 0 ? null : { locationDb: computeMedian(each), scaleDb: computeScaledMad(each) },
  );
}
