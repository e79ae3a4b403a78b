/** Is the model that devices are sent the one that the gateway runs? Made once more from the bundle's own parts. */
import type { Bundle } from "../../core/bundle/bundle.ts";
import { AuroraError } from "../../core/contract/aurora-error.ts";
import { bundleFileNames, mcuModelFileName } from "../../core/contract/bundle/manifest.ts";
import { decodeStudent } from "../../core/inference/onnx-codec.ts";
import { createMcuModel } from "../bundle/create-mcu-model.ts";
import { bundledFilesOf } from "./bundled-files.ts";
import { answer, type GateCheck, skip } from "./gate-check.ts";

/** Compares bytes: student, thresholds, features and version all stand in the image. */
export function checkDeviceModel(bundle: Bundle): GateCheck {
  const image = bundle.files.get(mcuModelFileName);
  if (image === undefined) return skip("device-model", "the bundle has no model for microcontrollers");
  const expected = makeImage(bundle);
  const same = typeof expected !== "string" && Buffer.from(image).equals(expected);
  return answer(
    "device-model",
    same,
    { asTheStudentGivesIt: same ? "yes" : "no" },
    { asTheStudentGivesIt: "yes" },
    same
      ? `${mcuModelFileName} is what student, thresholds and features give`
      : typeof expected === "string"
        ? `${mcuModelFileName} cannot be of this bundle: ${expected}`
        : `${mcuModelFileName} is not what student, thresholds and features give`,
  );
}

/** The image, or why there can be none. */
function makeImage(bundle: Bundle): Uint8Array | string {
  const student = decodeStudent(bundledFilesOf(bundle, bundleFileNames.model));
  try {
    return createMcuModel(bundle.manifest, student);
  } catch (error) {
    if (error instanceof AuroraError) return error.message;
    throw error;
  }
}
