/** Makes `model.mcu.bin` of a bundle's own parts: student, thresholds, and the feature list where a device can compute it. */
import { type Calibration, findWaveform, type Manifest } from "../../core/contract/bundle/manifest.ts";
import type { QuantisedMlp } from "../../core/contract/bundle/quantised-mlp.ts";
import { computeProbability } from "../../core/decision/calibrate.ts";
import { encodeMcuSection } from "../../core/features/mcu-section.ts";
import { encodeMcuModel } from "../../core/inference/mcu-codec.ts";
import { mcuNeverRaises } from "../../core/inference/mcu-layout.ts";

/**
 * Cycles of a Cortex-M4 a multiply-add of an int8 student, as the cycle model counts for the shipped one of 1,116
 * (`npm run bench:mcu`: 2,879); larger ones take fewer. Modelled without wait states, not measured on silicon.
 */
export const cortexM4CyclesPerMultiplyAdd = 2.6;

/** The parts of a manifest that the device needs. */
export type McuManifest = Pick<
  Manifest,
  "name" | "version" | "channels" | "window" | "features" | "scaler" | "calibration" | "thresholds"
>;

/**
 * The file's bytes; they depend on the arguments alone. Without a feature section (the gateway computes features) where
 * the list is not one for microcontrollers.
 * @throws AuroraError BUNDLE_FORMAT when the student or the version does not fit.
 */
export function createMcuModel(manifest: McuManifest, student: QuantisedMlp): Uint8Array {
  const last = student.layers.at(-1)!;
  const waveform = findWaveform(manifest);
  const section =
    waveform === undefined
      ? null
      : encodeMcuSection({
          spec: manifest.features,
          window: manifest.window,
          scaler: manifest.scaler,
          maxRateHz: waveform.maxRateHz,
        });
  return encodeMcuModel({
    name: manifest.name,
    version: manifest.version,
    student,
    // An output that no threshold stands for (a predicted temperature) alarms nowhere.
    raiseAt: Array.from({ length: last.outputs }, (_, output) => {
      const [calibration, threshold] = [manifest.calibration[output], manifest.thresholds[output]];
      if (calibration === undefined || threshold === undefined) return mcuNeverRaises;
      return findRaisingLogit(calibration, threshold.raise, last);
    }),
    features: section?.ok === true ? section.bytes : null,
  });
}

/** Lowest quantised logit whose calibrated probability reaches `raise`; 256 when none does. */
function findRaisingLogit(
  calibration: Calibration,
  raise: number,
  { outputScale, outputZeroPoint }: QuantisedMlp["layers"][number],
): number {
  for (let quantised = 0; quantised <= 255; quantised++) {
    const logit = (quantised - outputZeroPoint) * outputScale;
    if (computeProbability(logit, calibration) >= raise) return quantised;
  }
  return mcuNeverRaises;
}
