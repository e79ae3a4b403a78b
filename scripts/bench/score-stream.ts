/** What the gateway's own code says of a bench stream: windows, features and integers, to hold others against. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFrameParser } from "../../firmware-bridge/framing/frame-parser.ts";
import { createRawWindowDecoder } from "../../firmware-bridge/messages/raw-window-codec.ts";
import { maxSamplesPerFrame } from "../../firmware-bridge/protocol.ts";
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import { type Manifest, manifestSchema } from "../../src/core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import type { Quarantine, RecordedBlock } from "../../src/core/contract/stream.ts";
import { standardise } from "../../src/core/features/standardise.ts";
import { createWaveformExtractor } from "../../src/core/features/waveform-extractor.ts";
import { createIntegerKernel } from "../../src/core/inference/integer-engine.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { createRevolutionWindower } from "../../src/core/window/revolution-windower.ts";
import { type BenchStream, benchScale, benchSessionId } from "./bench-stream.ts";

/** What was found in one device's stream. */
export interface StreamScores {
  readonly windows: number;
  readonly firstFeatures: readonly number[];
  /** The student's output for each window in their order, as hexadecimal bytes. */
  readonly scores: readonly string[];
}

/** Runs windower, features and student of the bundle in `folder` over one device's stream. */
export async function scoreStream(
  folder: string,
  stream: BenchStream,
  bearing: BearingOrders,
): Promise<StreamScores> {
  const manifest = manifestSchema().parse(JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")));
  const mlp = decodeStudent(await readFile(join(folder, "model.int8.onnx")));
  const rows: Float32Array[] = [];
  const scores: string[] = [];
  const take = createScorer(manifest, mlp, (features, quantised) => {
    if (rows.length === 0) rows.push(features.slice());
    scores.push(Buffer.from(quantised).toString("hex"));
  });
  const decoder = createRawWindowDecoder(maxSamplesPerFrame);
  const windower = createRevolutionWindower(manifest.window, take(bearing));
  const source = { deviceId: "bench", channel: "accel-de", unit: "g", sampleRateHz: stream.sampleRateHz };
  const parser = createFrameParser(({ bytes, start, end }) => {
    const raw = decoder.decode(bytes, start, end);
    if (raw === undefined) throw new Error("a frame of the bench holds no raw window");
    const { firstSample, shaftRpm, counts, timestampUs } = raw;
    const block: RecordedBlock = {
      ...source,
      timestampMs: timestampUs / 1000,
      firstSample,
      scale: benchScale,
      shaftRpm,
      counts,
    };
    windower.accept(block);
  });
  parser.bind(benchSessionId);
  // It decodes in place.
  parser.push(Buffer.from(stream.bytes));
  return { windows: scores.length, firstFeatures: [...rows[0]!], scores };
}

function createScorer(
  manifest: Manifest,
  mlp: QuantisedMlp,
  onWindow: (features: Float32Array, quantised: Uint8Array) => void,
): (bearing: BearingOrders) => Parameters<typeof createRevolutionWindower>[1] {
  const extractor = createWaveformExtractor(manifest.features);
  const kernel = createIntegerKernel(mlp);
  const features = new Float32Array(kernel.inputs);
  const standardised = new Float32Array(kernel.inputs);
  const quantised = new Uint8Array(kernel.outputs);
  const fail = ({ detail }: Quarantine): never => {
    throw new Error(detail);
  };
  return (bearing) => ({
    begin: (_, { sampleRateHz, shaftRpm }) => extractor.begin({ sampleRateHz, bearing, shaftRpm }),
    push: (_, run) => extractor.push(run),
    end: () => {
      extractor.finish(features, 0);
      standardise(features, 1, manifest.scaler, standardised);
      kernel.runInto(standardised, 1, quantised);
      onWindow(features, quantised);
    },
    abandon: (_, quarantine) => fail(quarantine),
    refuse: fail,
  });
}
