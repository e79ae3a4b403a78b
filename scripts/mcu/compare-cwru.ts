/**
 * The device's way from counts to a decision beside the gateway's, on every window of every CWRU recording: the C code
 * on a core, or on this machine (with the same bits), against the TypeScript chain.
 */
import { calibrateLogit } from "../../src/core/decision/calibrate.ts";
import { standardise } from "../../src/core/features/standardise.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { decodeMcuModel } from "../../src/core/inference/mcu-codec.ts";
import { createRevolutionWindower } from "../../src/core/window/revolution-windower.ts";
import { openCwruRecordings } from "../cwru-recordings.ts";
import { CheckCommands, CheckResults, type CheckWindow, type WindowPiece } from "./check-commands.ts";
import { buildCheckProgram, type CheckTarget } from "./check-program.ts";
import type { ShippedModel } from "./shipped-models.ts";

/** What was found. */
export interface CwruComparison {
  readonly recordings: number;
  readonly signals: number;
  readonly windows: number;
  /** Windows that one side scored and the other did not. */
  readonly scoredByOneOnly: number;
  /**
   * Windows in which another failure mode leads, or an output is above its alarm threshold on one side only. Modes that share the
   * highest integer lead together.
   */
  readonly otherDecisions: number;
  /** The same where no logit differs by more than one step: the last bits of features decide, on either side. Not among `otherDecisions`. */
  readonly otherByOneStep: number;
  /** Windows whose integers differ from those of the TypeScript engine on the device's own inputs: must be 0. */
  readonly otherIntegers: number;
  /** Windows with a logit that differs at all, and the largest difference in steps of the quantised logit. */
  readonly otherLogits: number;
  readonly largestLogitSteps: number;
  /** |device − gateway| over all features of all windows, natural logarithms. */
  readonly featureError: {
    readonly median: number;
    readonly p99: number;
    readonly p9999: number;
    /** The largest of all but combs. */
    readonly lines: number;
    readonly max: number;
  };
}

/** Of a window: the modes with the highest logit, and which outputs are above their alarm thresholds. */
interface WindowDecision {
  readonly leading: readonly number[];
  readonly raised: string;
}

/** One window on the gateway's side. */
interface Expected {
  readonly features: Float32Array;
  readonly logits: Uint8Array;
  readonly scored: boolean;
}

export interface CwruComparisonOptions {
  readonly model: ShippedModel;
  readonly target: CheckTarget;
  /** Called after each recording. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Compares all; rejects with DATA_MISSING or DATA_FORMAT without `<dataDir>/cwru`. */
export async function compareCwru(dataDir: string, options: CwruComparisonOptions): Promise<CwruComparison> {
  const { model, target } = options;
  const program = buildCheckProgram(target);
  const kernel = createIntegerKernel(model.student);
  const image = decodeMcuModel(model.mcuModel!);
  const decide = (logits: Uint8Array): WindowDecision => decideWindow(logits, model, image.raiseAt);
  const found = {
    signals: 0,
    windows: 0,
    scoredByOneOnly: 0,
    otherDecisions: 0,
    otherByOneStep: 0,
    otherIntegers: 0,
    otherLogits: 0,
  };
  let largestLogitSteps = 0;
  const errors: number[] = [];
  const isComb = model.manifest.features.list.map(({ operator }) => operator.includes("comb-"));
  let largestOfLines = 0;
  const recordings = await openCwruRecordings(dataDir);
  const files = [...recordings.byFile.values()];
  try {
    for (const [index, entries] of files.entries()) {
      for (const entry of entries) {
        found.signals++;
        const source = await recordings.read(entry);
        const commands = new CheckCommands().model(model.mcuModel!);
        const expected = computeWindows(source, model, commands);
        const results = new CheckResults(program.run(commands.finish()));
        if (results.word() !== 0) throw new Error("the device refuses the model");
        for (const one of expected) {
          const actual = results.window(kernel.inputs, kernel.outputs);
          found.windows++;
          if (actual.scored !== one.scored) found.scoredByOneOnly++;
          if (!actual.scored || !one.scored) continue;
          const integers = new Uint8Array(kernel.outputs);
          kernel.runQuantisedInto(actual.quantised, 1, integers);
          if (Buffer.compare(integers, actual.logits) !== 0) found.otherIntegers++;
          const steps = Math.max(
            ...Array.from(actual.logits, (logit, output) => Math.abs(logit - one.logits[output]!)),
          );
          if (!agree(decide(actual.logits), decide(one.logits))) {
            if (steps > 1) found.otherDecisions++;
            else found.otherByOneStep++;
          }
          if (steps > 0) found.otherLogits++;
          largestLogitSteps = Math.max(largestLogitSteps, steps);
          for (const [place, value] of one.features.entries()) {
            const error = Math.abs(actual.features[place]! - value);
            errors.push(error);
            if (!isComb[place]) largestOfLines = Math.max(largestOfLines, error);
          }
        }
      }
      options.onProgress?.(index + 1, files.length);
    }
  } finally {
    program.close();
  }
  const sorted = Float64Array.from(errors).sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    recordings: files.length,
    ...found,
    largestLogitSteps,
    featureError: { median: at(0.5), p99: at(0.99), p9999: at(0.9999), lines: largestOfLines, max: at(1) },
  };
}

/** The gateway's side; writes every window as a command for the device's. */
function computeWindows(
  source: Omit<CheckWindow, "pieces"> & WindowPiece,
  model: ShippedModel,
  commands: CheckCommands,
): Expected[] {
  const { manifest } = model;
  const extractor = createWaveformExtractor(manifest.features);
  const kernel = createIntegerKernel(model.student);
  const expected: Expected[] = [];
  let first = 0;
  let last = 0;
  const windower = createRevolutionWindower(manifest.window, {
    begin: (_slot, start) => {
      first = last;
      extractor.begin({ ...start, bearing: source.bearing });
    },
    push: (_slot, run) => {
      last = run.to;
      extractor.push(run);
    },
    end: () => {
      const features = new Float32Array(kernel.inputs);
      extractor.finish(features, 0);
      const standardised = new Float32Array(kernel.inputs);
      standardise(features, 1, manifest.scaler, standardised);
      const logits = new Uint8Array(kernel.outputs);
      const scored = features.every(Number.isFinite);
      if (scored) kernel.runInto(standardised, 1, logits);
      expected.push({ features, logits, scored });
      commands.window({
        ...source,
        pieces: [{ counts: source.counts.subarray(first, last), shaftRpm: source.shaftRpm }],
      });
    },
    abandon: () => {},
    refuse: () => {},
  });
  // The whole recording as one block: positions in the block are positions in the recording.
  windower.accept({
    deviceId: "recording",
    channel: "vibration",
    unit: "g",
    timestampMs: 0,
    firstSample: 0,
    sampleRateHz: source.sampleRateHz,
    scale: source.scale,
    shaftRpm: source.shaftRpm,
    counts: source.counts,
  });
  return expected;
}

/** The leading mode and which outputs are above their thresholds. */
function decideWindow(logits: Uint8Array, model: ShippedModel, raiseAt: readonly number[]): WindowDecision {
  const { outputScale, outputZeroPoint } = model.student.layers[model.student.layers.length - 1]!;
  const calibrated = Array.from(logits, (logit, output) =>
    calibrateLogit((logit - outputZeroPoint) * outputScale, model.manifest.calibration[output]!),
  );
  const highest = Math.max(...calibrated);
  return {
    leading: calibrated.flatMap((logit, output) => (logit === highest ? [output] : [])),
    raised: Array.from(logits, (logit, output) => (logit >= raiseAt[output]! ? 1 : 0)).join(""),
  };
}

function agree(one: WindowDecision, other: WindowDecision): boolean {
  return one.raised === other.raised && one.leading.some((mode) => other.leading.includes(mode));
}
