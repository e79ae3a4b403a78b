/**
 * The levels of a recording, tenth of a second by tenth of a second: needs no shaft orders and no window, so it says
 * something of recordings that are too short for a diagnosis. Peaks grow with time, so every piece has the same length.
 */
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import type { FeatureSpec } from "../../../core/contract/bundle/feature-spec.ts";
import type { SampleBlock } from "../../../core/contract/stream.ts";
import { createWaveformExtractor } from "../../../core/features/waveform-extractor.ts";

/** Length of a piece, and the shortest that is measured where a recording holds no whole one. */
const pieceSeconds = 0.1;
const shortestSeconds = 0.05;

/** Takes trusted blocks; a gap ends the open piece unmeasured. */
export interface LevelMeter {
  accept(block: SampleBlock): void;
  /** Ends the recording. */
  finish(): void;
}

/** Creates a meter; `onLevels` gets each piece's levels in dB (valid during the call), NaN where not heard. */
export function createLevelMeter(
  spec: FeatureSpec,
  bearing: BearingOrders,
  onLevels: (levels: Float32Array, shaftRpm: number) => void,
): LevelMeter {
  const extractor = createWaveformExtractor(spec);
  const levels = new Float32Array(spec.list.length);
  let length = 0;
  let filled = 0;
  let expected = 0;
  let rateHz = 0;
  let rpm = 0;
  let pieces = 0;
  const end = (): void => {
    extractor.finish(levels, 0);
    onLevels(levels, rpm);
    pieces++;
    filled = 0;
  };
  return {
    accept: (block) => {
      const { counts, firstSample, sampleRateHz, scale, shaftRpm } = block;
      if (firstSample !== expected || sampleRateHz !== rateHz) filled = 0;
      expected = firstSample + counts.length;
      rateHz = sampleRateHz;
      rpm = shaftRpm;
      length = Math.max(1, Math.round(pieceSeconds * rateHz));
      for (let at = 0; at < counts.length; ) {
        if (filled === 0) extractor.begin({ sampleRateHz, bearing, shaftRpm });
        const to = Math.min(counts.length, at + length - filled);
        extractor.push(counts, at, to, scale, shaftRpm);
        filled += to - at;
        at = to;
        if (filled === length) end();
      }
    },
    finish: () => {
      if (pieces === 0 && filled >= shortestSeconds * rateHz && filled > 0) end();
    },
  };
}
