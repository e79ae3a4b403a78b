import { join } from "node:path";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import type { BundleContents } from "../../src/core/bundle/write-bundle.ts";
import { bundleFileNames, type Manifest } from "../../src/core/contract/bundle/manifest.ts";
import { decodeOnnxModel, encodeOnnxModel, type OnnxModel } from "../../src/core/inference/onnx-schema.ts";

/** The folder of a bundle that every gateway opens. */
export const shippedDir: string = join(
  import.meta.dirname,
  "..",
  "..",
  "models",
  "bearing-vibration",
  "1.0.0",
);

/** The shipped bundle with a bias scale that is wrong, so that no gateway can open it, whoever signs it. */
export async function refusedContents(changes: Partial<Manifest>): Promise<BundleContents> {
  const { manifest, files } = await readBundle(shippedDir);
  const model = decodeOnnxModel(files.get(bundleFileNames.model)!) as OnnxModel;
  const initializer = model.graph.initializer.map((tensor) =>
    tensor.name === "b0.scale"
      ? { ...tensor, rawData: tensor.rawData.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) }
      : tensor,
  );
  const altered = encodeOnnxModel({ ...model, graph: { ...model.graph, initializer } });
  return {
    manifest: { ...manifest, ...changes },
    files: new Map([...files, [bundleFileNames.model, altered]]),
  };
}

/** What is said of {@link refusedContents}. */
export const refusedWords =
  "the model is refused: a bias scale of layer 0 is not the input's scale times the weight's";
