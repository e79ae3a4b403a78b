/** Explains one window: plans the coalitions, runs the deployed student on them in slices, reduces its outputs. */
import type { Explanation } from "../contract/prediction.ts";
import { groupFeatures, planCoalitions } from "../explain/coalition-plan.ts";
import { reduceShapley } from "../explain/shapley.ts";
import type { LoadedBundle } from "./loaded-bundle.ts";

/** Rows of one run: large enough for the engine's best speed, small enough that live windows do not wait long. */
const sliceRows = 2048;

/** One explanation for every output of `bundle`, in order. Rejects with INFERENCE when the engine fails. */
export async function explainWindow(bundle: LoadedBundle, features: Float32Array): Promise<Explanation[]> {
  return explainStandardised(bundle, bundle.standardised(features));
}

/** As {@link explainWindow}, of a row that is standardised already. */
export async function explainStandardised(bundle: LoadedBundle, row: Float32Array): Promise<Explanation[]> {
  const { engine, manifest } = bundle;
  const groups = groupFeatures(manifest.features, manifest.groups);
  const plan = planCoalitions(row, bundle.background, groups);
  const values = new Uint8Array(plan.rows * engine.outputs);
  const slice = new Float32Array(Math.min(sliceRows, plan.rows) * plan.features);
  for (let row = 0; row < plan.rows; row += sliceRows) {
    const rows = Math.min(sliceRows, plan.rows - row);
    plan.fill(row, rows, slice);
    values.set(await engine.run(slice, rows), row * engine.outputs);
  }
  return reduceShapley(plan, values, {
    outputs: engine.outputs,
    scale: engine.outputScale,
    zeroPoint: engine.outputZeroPoint,
  });
}
