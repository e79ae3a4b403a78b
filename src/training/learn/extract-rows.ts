/** Feature rows of a recorded signal, cut and computed by the very code that serves: windower and extractor. */
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import type { WindowSpec } from "../../core/contract/bundle/manifest.ts";
import { createWaveformExtractor } from "../../core/features/waveform-extractor.ts";
import { createRevolutionWindower } from "../../core/window/revolution-windower.ts";
import { countWindowSlots } from "../../core/window/window-sink.ts";
import type { RecordedSignal } from "../dataset/recordings/recording-set.ts";
import { meanSpeedOf } from "../dataset/speed/recorded-speed.ts";

/** Rows of features in time order. */
export interface ExtractedRows {
  readonly rows: number;
  /** [rows × features], not standardised. */
  readonly features: Float32Array;
}

/** Samples of a block. */
const steadyBlock = 4096;
/** As a device sends them: so often is a speed that changes told. */
const changingBlock = 496;

/** Rows of the windows that every feature of `spec` says something about: students need all of them. A dead signal has none. */
export function extractRows(signal: RecordedSignal, window: WindowSpec, spec: FeatureSpec): ExtractedRows {
  const rows = cutRows(signal, window, spec).filter((row) => row.every(Number.isFinite));
  return { rows: rows.length, features: joinRows(rows, spec) };
}

/** Rows [windows × levels] of all windows: a level that is not heard in one, because the rate does not hold it, is NaN. */
export function extractLevels(signal: RecordedSignal, window: WindowSpec, levels: FeatureSpec): Float32Array {
  return joinRows(cutRows(signal, window, levels), levels);
}

/** Levels of the very windows that {@link extractRows} makes rows of, one array a row. */
export function extractLevelRows(
  signal: RecordedSignal,
  window: WindowSpec,
  specs: { readonly features: FeatureSpec; readonly levels: FeatureSpec },
): readonly Float32Array[] {
  const features = cutRows(signal, window, specs.features);
  return cutRows(signal, window, specs.levels).filter((_, row) => features[row]!.every(Number.isFinite));
}

function joinRows(rows: readonly Float32Array[], { list }: FeatureSpec): Float32Array {
  const joined = new Float32Array(rows.length * list.length);
  for (const [index, row] of rows.entries()) joined.set(row, index * list.length);
  return joined;
}

/** Cuts `signal` by `window` and computes the features of `spec`. */
function cutRows(signal: RecordedSignal, window: WindowSpec, spec: FeatureSpec): Float32Array[] {
  const slots = Array.from({ length: countWindowSlots(window) }, () => createWaveformExtractor(spec));
  const rows: Float32Array[] = [];
  const windower = createRevolutionWindower(window, {
    begin: (slot, start) =>
      slots[slot]!.begin({
        sampleRateHz: start.sampleRateHz,
        shaftRpm: start.shaftRpm,
        bearing: signal.bearing,
      }),
    push: (slot, run) => slots[slot]!.push(run),
    end: (slot) => {
      const row = new Float32Array(spec.list.length);
      slots[slot]!.finish(row, 0);
      rows.push(row);
    },
    abandon: () => {},
    refuse: () => {},
  });
  const blockSamples = signal.speed === undefined ? steadyBlock : changingBlock;
  for (let first = 0; first < signal.counts.length; first += blockSamples) {
    const counts = signal.counts.subarray(first, first + blockSamples);
    windower.accept({
      deviceId: "recording",
      channel: "vibration",
      unit: "g",
      timestampMs: (first / signal.sampleRateHz) * 1000,
      firstSample: first,
      sampleRateHz: signal.sampleRateHz,
      scale: signal.scale,
      shaftRpm:
        signal.speed === undefined
          ? signal.shaftRpm
          : meanSpeedOf(signal.speed, { first, samples: counts.length }),
      counts,
    });
  }
  return rows;
}
