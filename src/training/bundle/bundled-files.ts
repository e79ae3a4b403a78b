/** Files of a bundle that was read: those that every bundle has are there, whatever stands in them. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { isFields } from "../../core/contract/fields.ts";
import { decodeStudent } from "../../core/inference/onnx-codec.ts";

/** Name of the configuration inside the bundle, so that the recipe can be retrained from the bundle alone. */
export const bundledConfigName = "train.yaml";

/** The bytes of a file that reading a bundle has made sure of. */
export function bundledFilesOf(bundle: Bundle, name: string): Uint8Array {
  const bytes = bundle.files.get(name);
  if (bytes === undefined)
    throw new Error(`${name} is not in the bundle, which was checked when it was read`);
  return bytes;
}

/** The student of a bundle that was read. */
export function studentOf(bundle: Bundle): QuantisedMlp {
  return decodeStudent(bundledFilesOf(bundle, bundleFileNames.model));
}

/**
 * The members of `evaluation.json`, of which nothing is known: they are what somebody wrote and signed.
 * @throws AuroraError BUNDLE_FORMAT when it is no JSON object.
 */
export function readEvaluationOf(bundle: Bundle): Readonly<Record<string, unknown>> {
  const bytes = bundledFilesOf(bundle, bundleFileNames.evaluation);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    json = null;
  }
  if (isFields(json)) return json;
  const { name, version } = bundle.manifest;
  throw refuseEvaluation(`${bundleFileNames.evaluation} of ${name}@${version} is no JSON object`);
}

/** The refusal of a bundle whose `evaluation.json` states other things than its recipe's. */
export function refuseEvaluation(message: string): AuroraError {
  return new AuroraError("BUNDLE_FORMAT", message, {
    op: "evaluate bundle",
    subject: bundleFileNames.evaluation,
    hint: "train the bundle again",
  });
}
