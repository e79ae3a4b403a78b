/** The binary files that every bundle has: network, drift reference, background of explanations, golden vectors. */
import { encodeGolden } from "../../core/bundle/golden.ts";
import type { FeatureSpec } from "../../core/contract/bundle/feature-spec.ts";
import { bundleFileNames, type Scaler, type WindowSpec } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import type { DriftReference } from "../../core/drift/drift-reference.ts";
import { encodeReference } from "../../core/drift/reference-codec.ts";
import { encodeBackground } from "../../core/explain/background.ts";
import { encodeStudent } from "../../core/inference/onnx-codec.ts";
import type { Random } from "../../core/maths/random.ts";
import type { Background } from "./cluster-background.ts";
import { createGoldenCases } from "./golden-cases.ts";
import { listGroups } from "./list-groups.ts";

/** What the files are made from. */
interface StudentFiles {
  readonly config: {
    readonly features: FeatureSpec;
    readonly window: WindowSpec;
    readonly goldenCases: number;
  };
  readonly student: { readonly scaler: Scaler; readonly quantised: QuantisedMlp };
  readonly background: Background;
  readonly reference: DriftReference;
  /** Of the golden vectors. */
  readonly random: Random;
}

/** Makes the files, by name. */
export function makeStudentFiles({
  config,
  student,
  background: centres,
  reference,
  random,
}: StudentFiles): Readonly<Record<string, Uint8Array>> {
  const { features, window, goldenCases } = config;
  const { scaler, quantised } = student;
  const groups = listGroups(features);
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
      cases: createGoldenCases(subject, goldenCases, random),
    }),
  };
}
