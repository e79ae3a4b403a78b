/** Feature rows of a recorded signal, cut and computed by the very code that serves: windower and extractor. */
import type { BearingOrders } from "../../core/contract/bundle/bearing.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import type { WindowSpec } from "../../core/contract/bundle/manifest.ts";
import { createWaveformExtractor } from "../../core/features/waveform-extractor.ts";
import { countWindowSlots, createRevolutionWindower } from "../../core/window/revolution-windower.ts";

/** One channel from its first to its last sample, at one speed. */
export interface RecordedSignal {
  readonly counts: Int16Array;
  /** Physical value per count. */
  readonly scale: number;
  readonly sampleRateHz: number;
  readonly shaftRpm: number;
  readonly bearing: BearingOrders;
}

/** Rows of features in time order. */
export interface ExtractedRows {
  readonly rows: number;
  /** [rows × features], not standardised. */
  readonly features: Float32Array;
  /** Windows without a usable feature vector (a dead signal): not among the rows. */
  readonly invalid: number;
}

/** Samples of a block, as a device might send them; the result does not depend on it. */
const blockSamples = 4096;

/** What becomes of a window about which a feature says nothing: students need all, a level may be unheard. */
export type UnheardRule = "drop-unheard" | "keep-unheard";

/** Cuts `signal` by `window` and computes the features of `spec`. */
export function extractRows(
  signal: RecordedSignal,
  window: WindowSpec,
  spec: FeatureSpec,
  unheard: UnheardRule = "drop-unheard",
): ExtractedRows {
  const slots = Array.from({ length: countWindowSlots(window) }, () => createWaveformExtractor(spec));
  const columns = spec.list.length;
  const collected: Float32Array[] = [];
  let invalid = 0;
  const windower = createRevolutionWindower(window, {
    begin: (slot, start) =>
      slots[slot]!.begin({
        sampleRateHz: start.sampleRateHz,
        shaftRpm: start.shaftRpm,
        bearing: signal.bearing,
      }),
    push: (slot, counts, from, to, scale, shaftRpm) => slots[slot]!.push(counts, from, to, scale, shaftRpm),
    end: (slot) => {
      const row = new Float32Array(columns);
      slots[slot]!.finish(row, 0);
      if (unheard === "keep-unheard" || row.every(Number.isFinite)) collected.push(row);
      else invalid++;
    },
    abandon: () => {},
    refuse: () => {},
  });
  for (let first = 0; first < signal.counts.length; first += blockSamples) {
    windower.accept({
      deviceId: "recording",
      channel: "vibration",
      unit: "g",
      timestampMs: (first / signal.sampleRateHz) * 1000,
      firstSample: first,
      sampleRateHz: signal.sampleRateHz,
      scale: signal.scale,
      shaftRpm: signal.shaftRpm,
      counts: signal.counts.subarray(first, first + blockSamples),
    });
  }
  const features = new Float32Array(collected.length * columns);
  for (const [index, row] of collected.entries()) features.set(row, index * columns);
  return { rows: collected.length, features, invalid };
}
