/** A recording of a simulated machine at constant speed, healthy at first, then with a fault: what a board plays. */
import type { BearingOrders } from "../../src/core/contract/bundle/bearing.ts";
import type { FaultKind } from "../../src/core/contract/bundle/bearing-fault.ts";
import { computeBearingOrders, generatorBearings } from "../../src/core/contract/bundle/bearing-geometry.ts";
import { createRandom } from "../../src/core/maths/random.ts";
import { accelerometerScale } from "../../src/core/simulate/bearing-sensor.ts";
import { createDriveTrainVibration } from "../../src/core/simulate/drive-train-vibration.ts";
import { createFaultExcitation } from "../../src/core/simulate/fault-excitation.ts";

/** What to record. */
export interface SteadyRecordingOptions {
  readonly seed: number;
  readonly sampleRateHz: number;
  readonly shaftRpm: number;
  readonly healthySeconds: number;
  readonly faultySeconds: number;
  readonly fault: FaultKind;
  /** Peak of an impact over the rms of the broadband vibration. */
  readonly severity: number;
}

/** A recording. */
export interface SteadyRecording {
  readonly counts: Int16Array;
  /** Physical value = count · scale, in g. */
  readonly scale: number;
  readonly bearing: BearingOrders;
}

/** What a board plays that is shown to somebody: a fault of the outer race after a quarter of a minute. */
export const shownRecording: SteadyRecordingOptions = {
  seed: 5,
  sampleRateHz: 12_000,
  shaftRpm: 1_797,
  fault: "outer-race",
  healthySeconds: 15,
  faultySeconds: 240,
  severity: 7,
};

const stepSamples = 512;

/** Makes the recording; the same one for the same options. */
export function recordSteadyMachine(options: SteadyRecordingOptions): SteadyRecording {
  const { sampleRateHz, shaftRpm } = options;
  const random = createRandom(options.seed);
  const bearing = computeBearingOrders(generatorBearings[0]!);
  const vibration = createDriveTrainVibration(random.fork("vibration"), sampleRateHz, stepSamples);
  const excitation = createFaultExcitation(options.fault, bearing, random.fork("fault"));
  const steps = Math.floor(((options.healthySeconds + options.faultySeconds) * sampleRateHz) / stepSamples);
  const healthySteps = Math.floor((options.healthySeconds * sampleRateHz) / stepSamples);
  const counts = new Int16Array(steps * stepSamples);
  const acceleration = new Float64Array(stepSamples);
  const impacts = new Float64Array(stepSamples + 1);
  const turns = (shaftRpm / 60 / sampleRateHz) * stepSamples;
  const relativeSpeed = shaftRpm / 1_500;
  for (let step = 0; step < steps; step++) {
    impacts[0] = impacts[stepSamples]!;
    impacts.fill(0, 1);
    const [from, to] = [step * turns, (step + 1) * turns];
    if (step >= healthySteps) {
      excitation.addTo(impacts, {
        samples: stepSamples,
        fromRevolutions: from,
        toRevolutions: to,
        strength: options.severity * vibration.broadbandRmsG * relativeSpeed,
      });
    }
    vibration.render(acceleration, impacts, {
      samples: stepSamples,
      fromRevolutions: from,
      toRevolutions: to,
      relativeSpeed,
      load: 1,
    });
    for (let index = 0; index < stepSamples; index++) {
      const count = Math.round(acceleration[index]! / accelerometerScale);
      counts[step * stepSamples + index] = Math.max(-32_768, Math.min(32_767, count));
    }
  }
  return { counts, scale: accelerometerScale, bearing };
}
