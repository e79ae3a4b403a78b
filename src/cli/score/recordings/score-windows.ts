/**
 * Scores the windows of a file on the gateway's own way: data contract, window cutter, student. Bad data is set
 * aside and counted as it is there. Time counts from the file's first sample.
 */
import type { FeatureWindow, Quarantine, SampleBlock } from "../../../core/contract/stream.ts";
import { createWaveformIngest } from "../../../core/ingest/waveform-ingest.ts";
import type { LoadedBundle } from "../../../core/serving/loaded-bundle.ts";
import { createWindowCutter } from "../../../core/serving/window-cutter.ts";
import { type AnsweredWindow, askStudent } from "./ask-student.ts";
import type { OpenedRecording } from "./open-recording.ts";
import type { LevelMeter } from "./recording-severity.ts";
import { readSampleBlocks } from "./sample-blocks.ts";

/** Windows that wait for the student before more of the file is read. */
const maxWaiting = 64;

/** Who else hears what the windows are cut from. */
interface WindowListeners {
  /** Told of everything that was set aside; `windows` is 1 when a window was lost with it. */
  readonly onQuarantine?: (quarantine: Quarantine, windows: 0 | 1) => void;
  /** Hears the trusted blocks, and those that are too loud for the sensor, clipped: they are no window's, but they have a level. */
  readonly meter?: LevelMeter;
}

/** Yields the windows in order of time. Fails with DATA_*, INFERENCE. */
export async function* scoreWindows(
  bundle: LoadedBundle,
  recording: OpenedRecording,
  { onQuarantine = () => {}, meter }: WindowListeners = {},
): AsyncGenerator<AnsweredWindow> {
  const { sidecar, contract } = recording;
  const cut: FeatureWindow[] = [];
  const cutter = createWindowCutter({
    point: { site: "file", turbine: "file", component: contract.name },
    bearing: sidecar.bearing,
    polePairs: sidecar.polePairs,
    gearedShafts: sidecar.gearedShafts,
    bundle,
    onQuarantine,
  });
  let offered: SampleBlock | null = null;
  const ingest = createWaveformIngest({
    contractOf: () => contract,
    sink: {
      // A gap is only what the loss of a block looks like, which was told already.
      quarantine: (quarantine) => {
        if (quarantine.reason === "range" && offered !== null && isOverload(offered.counts)) {
          meter?.accept(offered);
        }
        if (quarantine.reason !== "gap") onQuarantine(quarantine, 0);
      },
      schemaDrift: () => {},
    },
  });
  const answer = (): Promise<AnsweredWindow[]> => askStudent(bundle, cut.splice(0), sidecar.bearing);
  try {
    for await (const { block, broken } of readSampleBlocks(recording)) {
      if (broken !== null) {
        onQuarantine(broken, 0);
        continue;
      }
      offered = block;
      if (ingest.accept(offered)) {
        meter?.accept(offered);
        for (const { window } of cutter.accept(offered)) cut.push(window);
      }
      if (cut.length >= maxWaiting) yield* await answer();
    }
    meter?.finish();
    yield* await answer();
  } finally {
    cutter.close();
  }
}

/** A block is loud throughout, not at a spike, where this share of its samples … */
const leastShare = 0.01;
/** … reaches this part of its peak. */
const partOfPeak = 0.25;

/**
 * Whether a block beyond the sensor's range is a machine that has become too loud for it, and no disturbance on the wire:
 * its samples reach a quarter of its peak here and there, as no lone spike's neighbours do. A machine fails loudest: its
 * last recordings must have a severity, even if it is only a lower bound.
 */
function isOverload(counts: Int16Array): boolean {
  let peak = 0;
  for (const count of counts) peak = Math.max(peak, Math.abs(count));
  let loud = 0;
  for (const count of counts) if (Math.abs(count) >= peak * partOfPeak) loud++;
  return peak > 0 && loud >= leastShare * counts.length;
}
