/** The shipped bundles as a microcontroller gets them: model files and golden vectors. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { decodeGolden, type Golden } from "../../src/core/bundle/golden.ts";
import { readBundle } from "../../src/core/bundle/verify-bundle.ts";
import { bundleFileNames, type Manifest, mcuModelFileName } from "../../src/core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../src/core/contract/bundle/quantised-mlp.ts";
import { mcuMaxWidth } from "../../src/core/inference/mcu-layout.ts";
import { decodeStudent } from "../../src/core/inference/onnx-codec.ts";
import { createMcuModel } from "../../src/training/bundle/create-mcu-model.ts";
import { firmwareFolder } from "./toolchain.ts";

/** One bundle. */
export interface ShippedModel {
  /** `name@version`. */
  readonly id: string;
  readonly manifest: Manifest;
  readonly onnx: Uint8Array;
  readonly student: QuantisedMlp;
  /** `model.mcu.bin`: the bundle's own, or made from it where it holds none; null where a layer is too wide. */
  readonly mcuModel: Uint8Array | null;
  /** Whether the bundle holds the file. */
  readonly isShipped: boolean;
  readonly golden: Golden;
}

/** All bundles of the repository, sorted by name and version. */
export async function readShippedModels(): Promise<readonly ShippedModel[]> {
  const models = join(firmwareFolder(), "..", "..", "models");
  const found: ShippedModel[] = [];
  for (const name of folders(models)) {
    for (const version of folders(join(models, name))) {
      const { manifest, files } = await readBundle(join(models, name, version));
      const onnx = files.get(bundleFileNames.model)!;
      const student = decodeStudent(onnx);
      const shipped = files.get(mcuModelFileName);
      const fits = student.layers.every((layer) => Math.max(layer.inputs, layer.outputs) <= mcuMaxWidth);
      found.push({
        id: `${name}@${version}`,
        manifest,
        onnx,
        student,
        mcuModel: shipped ?? (fits ? createMcuModel(manifest, student) : null),
        isShipped: shipped !== undefined,
        golden: decodeGolden(files.get(bundleFileNames.golden)!),
      });
    }
  }
  return found;
}

function folders(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
