/**
 * A model as a simulated device runs it: cuts its stream into windows, computes the image's features, runs the image's
 * integers. Another model takes over with the next window.
 */
import type { RunnableModel } from "../../../firmware-bridge/model/model-slots.ts";
import { type BearingOrders, bearingOrderNames } from "../../core/contract/bundle/bearing.ts";
import type { ScoreMessage } from "../../core/contract/device/device-message.ts";
import type { RecordedBlock } from "../../core/contract/stream.ts";
import { type McuFeatures, readMcuSection } from "../../core/features/mcu-section.ts";
import { standardise } from "../../core/features/standardise.ts";
import { createWaveformExtractor } from "../../core/features/waveform-extractor.ts";
import { quantiseInputs } from "../../core/inference/integer-engine.ts";
import { decodeMcuModel, type McuImage } from "../../core/inference/mcu-codec.ts";
import { createRevolutionWindower } from "../../core/window/revolution-windower.ts";
import { countWindowSlots } from "../../core/window/window-sink.ts";

/** A model that this device can run. */
export interface EdgeModel extends RunnableModel {
  readonly image: McuImage;
  readonly features: McuFeatures;
}

/** The model in an image; undefined when a device of this kind cannot run it. */
export function openEdgeModel(bytes: Uint8Array): EdgeModel | undefined {
  try {
    const image = decodeMcuModel(bytes);
    const features = image.features === null ? undefined : readMcuSection(image.features);
    if (features === undefined || features.window.unit !== "revolutions") return undefined;
    createWaveformExtractor(features.spec);
    return { image, features, run: (inputs) => runMcuImage(image, inputs) };
  } catch {
    // Whatever is wrong with it: a firmware says no more than that it cannot run it.
    return undefined;
  }
}

/** Scores the stream of the first channel. */
interface EdgeScorer {
  /** Scores by `model`, for a machine with this bearing. `block.counts` are valid only during the call. */
  accept(block: RecordedBlock, model: EdgeModel, bearing: BearingOrders): void;
  /** Windows that were scored, and those that had a feature without a value or were cut short, by all models so far. */
  readonly scores: number;
  readonly abandonedWindows: number;
}

/** Each score goes to `send` with the model that gave it. */
export function createEdgeScorer(send: (score: ScoreMessage, model: EdgeModel) => void): EdgeScorer {
  let current: {
    readonly model: EdgeModel;
    readonly bearing: BearingOrders;
    readonly accept: (block: RecordedBlock) => void;
  } | null = null;
  let scores = 0;
  let abandonedWindows = 0;
  return {
    accept: (block, model, bearing) => {
      // Another bearing begins anew, as on a device; the same one said again does not.
      if (current?.model !== model || !isSame(current.bearing, bearing)) {
        const accept = createEdgeInference(model, bearing, (score) => {
          if (score === null) {
            abandonedWindows++;
            return;
          }
          scores++;
          send(score, model);
        });
        current = { model, bearing, accept };
      }
      current.accept(block);
    },
    get scores() {
      return scores;
    },
    get abandonedWindows() {
      return abandonedWindows;
    },
  };
}

function isSame(one: BearingOrders, other: BearingOrders): boolean {
  return bearingOrderNames.every((name) => one[name] === other[name]);
}

/** Takes blocks; `onWindow` gets each window's score, or null where it has none. */
function createEdgeInference(
  model: EdgeModel,
  bearing: BearingOrders,
  onWindow: (score: ScoreMessage | null) => void,
): (block: RecordedBlock) => void {
  const { features, image } = model;
  const extractors = Array.from({ length: countWindowSlots(features.window) }, () =>
    createWaveformExtractor(features.spec),
  );
  const width = features.spec.list.length;
  const first = new Float64Array(extractors.length);
  let firstOfBlock = 0;
  let isFirst = false;
  const row = new Float32Array(width);
  const standardised = new Float32Array(width);
  const windower = createRevolutionWindower(features.window, {
    begin: (slot, { sampleRateHz, shaftRpm }) => {
      extractors[slot]!.begin({ sampleRateHz, bearing, shaftRpm });
      first[slot] = -1;
      isFirst = true;
    },
    push: (slot, run) => {
      if (isFirst && first[slot] === -1) first[slot] = firstOfBlock + run.from;
      extractors[slot]!.push(run);
    },
    end: (slot, end) => {
      extractors[slot]!.finish(row, 0);
      if (!row.every(Number.isFinite)) return onWindow(null);
      standardise(row, 1, features.scaler, standardised);
      const inputs = quantiseInputs(image, standardised);
      onWindow({
        type: "score",
        channel: 0,
        timestampUs: Math.round(end.fromMs * 1000),
        modelVersion: image.version,
        quantised: runMcuImage(image, inputs)!,
        firstSample: Math.max(0, first[slot]!),
        sampleCount: end.samples,
        shaftRpm: end.shaftRpm,
        inputs,
      });
    },
    abandon: () => onWindow(null),
    refuse: () => {},
  });
  return (block) => {
    firstOfBlock = block.firstSample;
    windower.accept(block);
  };
}

/**
 * Runs an image as a microcontroller does: quantised inputs (one uint8 a feature) → quantised logits; undefined when
 * their number is not the model's.
 */
function runMcuImage(image: McuImage, inputs: Uint8Array): Uint8Array | undefined {
  if (inputs.length !== image.layers[0]!.inputs) return undefined;
  let from = inputs;
  for (const { inputs: width, outputs, weights, foldedBias, multipliers, outputZeroPoint } of image.layers) {
    const to = new Uint8Array(outputs);
    for (let output = 0; output < outputs; output++) {
      let sum = foldedBias[output]!;
      for (let input = 0; input < width; input++) sum += weights[output * width + input]! * from[input]!;
      const scaled = roundHalfEven(Math.fround(Math.fround(sum) * multipliers[output]!));
      to[output] = Math.min(255, Math.max(0, scaled + outputZeroPoint));
    }
    from = to;
  }
  return from;
}

function roundHalfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  if (rest !== 0.5) return rest < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}
