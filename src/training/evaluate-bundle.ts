/**
 * Judges a bundle again from its folder, by a protocol of its recipe. Checks digests; who signed it is
 * `aurora bundle verify`'s to say.
 */
import { join } from "node:path";
import type { Bundle } from "../core/bundle/bundle.ts";
import { readBundle } from "../core/bundle/verify-bundle.ts";
import { AuroraError } from "../core/contract/aurora-error.ts";
import { bundledConfigName } from "./common-config.ts";
import type { EvaluationContext, OpenRecipe } from "./recipe.ts";
import { parseTrainingConfig } from "./training-config.ts";

/** The outcome, for machines and for people. */
export interface BundleEvaluation {
  /** `{bundle, protocol, metrics, …, passed}`. */
  readonly json: unknown;
  readonly lines: readonly string[];
  /** Are the figures at least what the bundle claims or the protocol asks for? */
  readonly passed: boolean;
}

/** Evaluates the bundle in `dir`. Fails with BUNDLE_*, USAGE, DATA_MISSING, DATA_FORMAT or TRAINING. */
export async function evaluateBundle(
  dir: string,
  protocol: string,
  context: EvaluationContext,
): Promise<BundleEvaluation> {
  const bundle = await readBundle(dir);
  const recipe = openBundledRecipe(bundle, dir);
  if (!recipe.protocols.includes(protocol)) {
    throw new AuroraError("USAGE", `${bundle.manifest.name} has no protocol "${protocol}"`, {
      op: "evaluate bundle",
      subject: dir,
      hint: `its protocols are ${recipe.protocols.join(", ")}`,
    });
  }
  const { json, lines, passed } = await recipe.runProtocol(protocol, bundle, context);
  const identity = { name: bundle.manifest.name, version: bundle.manifest.version, digest: bundle.digest };
  return { json: { bundle: identity, protocol, ...json, passed }, lines, passed };
}

/** The recipe that made a bundle, with the configuration that travels in it. Fails with BUNDLE_FORMAT or CONFIG_INVALID. */
export function openBundledRecipe(bundle: Bundle, dir: string): OpenRecipe {
  const bytes = bundle.files.get(bundledConfigName);
  if (bytes !== undefined) return parseTrainingConfig(bytes, join(dir, bundledConfigName));
  throw new AuroraError("BUNDLE_FORMAT", `${dir} holds no ${bundledConfigName}`, {
    op: "evaluate bundle",
    subject: dir,
    hint: "only a bundle that aurora train made can be evaluated: it carries its recipe",
  });
}
