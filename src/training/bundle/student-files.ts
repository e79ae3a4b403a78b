/** The binary files that every bundle has: network, drift reference, background of explanations, golden vectors. */
import { encodeGolden } from "../../core/bundle/golden.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import { bundleFileNames, type Scaler, type WindowSpec } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import type { fitReference } from "../../core/drift/fit-reference.ts";
import { encodeReference } from "../../core/drift/reference-codec.ts";
import { encodeBackground } from "../../core/explain/background.ts";
import { encodeStudent } from "../../core/inference/onnx-codec.ts";
import type { Random } from "../../core/maths/random.ts";
import { clusterBackground } from "./cluster-background.ts";
import { createGoldenCases } from "./golden-cases.ts";

/** What the files are made from. */
interface StudentFiles {
  readonly config: {
    readonly features: FeatureSpec;
    readonly window: WindowSpec;
    readonly backgroundRows: number;
    readonly goldenCases: number;
  };
  readonly student: { readonly scaler: Scaler; readonly quantised: QuantisedMlp };
  /** Standardised, [rows × features]: the background is chosen from them. */
  readonly sample: { readonly rows: number; readonly standardised: Float32Array };
  readonly reference: ReturnType<typeof fitReference>;
  readonly streams: { readonly background: Random; readonly golden: Random };
}

/** Makes the files, by name. */
export function makeStudentFiles({
  config,
  student,
  sample,
  reference,
  streams,
}: StudentFiles): Readonly<Record<string, Uint8Array>> {
  const { features, window, backgroundRows, goldenCases } = config;
  const { scaler, quantised } = student;
  const groups = listGroups(features);
  const centres = clusterBackground(
    { values: sample.standardised, rows: sample.rows },
    backgroundRows,
    streams.background,
  );
  const background = encodeBackground(centres);
  const subject = { spec: features, window, groups, scaler, student: quantised, background };
  return {
    [bundleFileNames.model]: encodeStudent(quantised),
    [bundleFileNames.reference]: encodeReference(reference),
    [bundleFileNames.background]: background,
    [bundleFileNames.golden]: encodeGolden({
      features: features.list.length,
      outputs: quantised.layers.at(-1)!.outputs,
      groups: groups.length,
      cases: createGoldenCases(subject, goldenCases, streams.golden),
    }),
  };
}

/** Groups of features, in the sequence of their first features. */
export function listGroups({ list }: FeatureSpec): string[] {
  return [...new Set(list.map((feature) => feature.group))];
}
