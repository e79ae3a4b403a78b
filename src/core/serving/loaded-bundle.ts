/**
 * A verified bundle that is ready to serve: scores windows with a warm engine, explains scores, and carries the reference
 * of drift. It closes itself when it has been retired and its last window has been answered.
 */
import type { Bundle, VerifiedBundle } from "../bundle/bundle.ts";
import { bundleFileNames } from "../contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../contract/bundle/quantised-mlp.ts";
import type { Explanation, ModelRef, SensorBand } from "../contract/prediction.ts";
import type { FeatureWindow } from "../contract/stream.ts";
import { joinLogits } from "../decision/join-logits.ts";
import type { DriftReference } from "../drift/drift-reference.ts";
import { decodeReference } from "../drift/reference-codec.ts";
import { decodeBackground, type ExplanationBackground } from "../explain/background.ts";
import { groupFeatures, planCoalitions } from "../explain/coalition-plan.ts";
import { reduceShapley } from "../explain/shapley.ts";
import { standardise } from "../features/standardise.ts";
import { createBatcher } from "../inference/batcher.ts";
import { openEngine } from "../inference/open-engine.ts";
import { dequantise, type StudentEngine } from "../inference/student-engine.ts";
import { type LogFields, type Logger, silentLogger } from "../platform/logger.ts";
import type { WindowBundle } from "./spec-cutter.ts";
import { tryCutting } from "./try-cutting.ts";

/** What the student says of one band of a window. */
export interface BandOutput {
  readonly quantised: Uint8Array;
  readonly logits: Float64Array;
}

/** What the student says of one window. */
export interface StudentOutput {
  /** Of the lower band: what every engine and the microcontroller agree on. */
  readonly quantised: Uint8Array;
  /** What decisions rest on; of a window with two bands, both joined. */
  readonly logits: Float64Array;
  /** Absent: the window has one band, the lower one. */
  readonly bands?: Readonly<Record<SensorBand, BandOutput>>;
}

/** A window with what was made of it. */
export interface ScoredWindow {
  readonly window: FeatureWindow;
  readonly output: StudentOutput;
  readonly bundle: LoadedBundle;
  /** Of the turbine meanwhile; NaN or absent: not known. */
  readonly powerKw?: number | undefined;
}

export interface LoadedBundle extends WindowBundle {
  readonly dir: string;
  readonly ref: ModelRef;
  readonly engine: StudentEngine;
  /** The same student as integers. */
  readonly student: QuantisedMlp;
  readonly reference: DriftReference;
  readonly background: ExplanationBackground;
  /** Scores one window, of both bands where it has two. Rejects with INFERENCE. */
  score(window: Pick<FeatureWindow, "features" | "upperFeatures">): Promise<StudentOutput>;
  /** Standardised features of one window, as the student sees them. */
  standardised(features: Float32Array): Float32Array;
  /** Takes no new window; resolves when the last one was answered and the engine is closed. */
  retire(): Promise<void>;
}

/**
 * Opens a bundle whose trust and compatibility were checked already. Whatever serving builds of it later was built here once.
 * @throws AuroraError BUNDLE_FORMAT, BUNDLE_INCOMPATIBLE, INFERENCE when it cannot run.
 */
export async function serveBundle(
  dir: string,
  bundle: Bundle,
  options: { readonly engine: "auto" | "onnx" | "integer"; readonly logger: Logger },
): Promise<LoadedBundle> {
  const { manifest, digest, files } = bundle;
  tryCutting(manifest);
  const reference = decodeReference(files.get(bundleFileNames.reference)!);
  const background = decodeBackground(files.get(bundleFileNames.background)!);
  const { engine, student } = await openEngine(
    files.get(bundleFileNames.model)!,
    { prefer: options.engine },
    { warn: (details, message) => options.logger.warn(message, details) },
  );
  const batcher = createBatcher(engine);
  let windows = 0;
  let retired: (() => void) | null = null;
  const standardised = (features: Float32Array): Float32Array => {
    const row = new Float32Array(features.length);
    standardise(features, 1, manifest.scaler, row);
    return row;
  };
  const ask = async (features: Float32Array): Promise<BandOutput> => {
    const quantised = await batcher.submit(standardised(features));
    return { quantised, logits: dequantise(quantised, engine.outputScale, engine.outputZeroPoint) };
  };
  return {
    dir,
    manifest,
    ref: { name: manifest.name, version: manifest.version, digest },
    engine,
    student,
    reference,
    background,
    standardised,
    score: async ({ features, upperFeatures }) => {
      if (upperFeatures === undefined) return ask(features);
      // Both are asked in the same turn of the event loop: where that pays, they run in the same batch.
      const [lower, upper] = await Promise.all([ask(features), ask(upperFeatures)]);
      const logits = lower.logits.map((logit, mode) => joinLogits(logit, upper.logits[mode]!));
      return { quantised: lower.quantised, logits, bands: { lower, upper } };
    },
    retain: () => {
      windows++;
    },
    release: () => {
      windows--;
      if (windows === 0) retired?.();
    },
    retire: async () => {
      // A window that was just cut may be retained again in the turn of the event loop in which it was released.
      while (windows > 0) {
        await new Promise<void>((resolve) => {
          retired = resolve;
        });
      }
      await batcher.close();
    },
  };
}

/** What a log says of a bundle that begins to serve: by whose key it does, and that its gate was not asked where it was not. */
export function describeServing(
  { ref, engine, manifest }: Pick<LoadedBundle, "ref" | "engine" | "manifest">,
  { signedBy }: Pick<VerifiedBundle, "signedBy">,
): LogFields {
  return { model: ref, engine: engine.kind, signedBy, ungated: manifest.lineage.ungated };
}

/**
 * Opens a bundle with plain integers and closes it again: what is refused here is refused by every gateway, each time.
 * @throws AuroraError BUNDLE_FORMAT, BUNDLE_INCOMPATIBLE, INFERENCE.
 */
export async function tryBundle(dir: string, bundle: Bundle): Promise<void> {
  const loaded = await serveBundle(dir, bundle, { engine: "integer", logger: silentLogger });
  await loaded.retire();
}

/** Rows of one run: large enough for the engine's best speed, small enough that live windows do not wait long. */
const sliceRows = 2048;

/**
 * One explanation for every output of `bundle`, in order. `own` is the machine's own background, where it is known; the
 * base value over the bundle's is then stated beside it. Rejects with INFERENCE when the engine fails.
 */
export async function explainWindow(
  bundle: LoadedBundle,
  features: Float32Array,
  own: ExplanationBackground | null = null,
): Promise<Explanation[]> {
  return explainStandardised(bundle, bundle.standardised(features), own);
}

/** As {@link explainWindow}, of a row that is standardised already. */
export async function explainStandardised(
  bundle: LoadedBundle,
  row: Float32Array,
  own: ExplanationBackground | null = null,
): Promise<Explanation[]> {
  const { engine, manifest } = bundle;
  const groups = groupFeatures(manifest.features, manifest.groups);
  const plan = planCoalitions(row, own ?? bundle.background, groups);
  const values = new Uint8Array(plan.rows * engine.outputs);
  const slice = new Float32Array(Math.min(sliceRows, plan.rows) * plan.features);
  for (let from = 0; from < plan.rows; from += sliceRows) {
    const rows = Math.min(sliceRows, plan.rows - from);
    plan.fill(from, rows, slice);
    values.set(await engine.run(slice, rows), from * engine.outputs);
  }
  const explanations = reduceShapley(plan, values, {
    outputs: engine.outputs,
    scale: engine.outputScale,
    zeroPoint: engine.outputZeroPoint,
  });
  if (own === null) return explanations;
  const base = await scoreBackground(bundle);
  return explanations.map((each, output) => ({ ...each, bundleBaseValue: base[output]! }));
}

/** The bundle's background as the student scores it: its weighted mean logits, one an output. */
async function scoreBackground({
  engine,
  background: { rows, values, weights },
}: LoadedBundle): Promise<Float64Array> {
  const quantised = await engine.run(values, rows);
  const logits = dequantise(quantised, engine.outputScale, engine.outputZeroPoint);
  const mean = new Float64Array(engine.outputs);
  for (const [index, logit] of logits.entries()) {
    mean[index % engine.outputs]! += weights[Math.floor(index / engine.outputs)]! * logit;
  }
  return mean;
}
