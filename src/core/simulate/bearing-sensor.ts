/** One accelerometer on one bearing: renders its drive train's vibration step by step and turns it into counts, as well as it still can. */
import type { Random } from "../maths/random.ts";
import type { SensorFault } from "./drift-plan.ts";
import { createDriveTrainVibration } from "./drive-train-vibration.ts";
import { createFastNoise } from "./fast-noise.ts";

/** g per count: a 16-bit converter of ± 16 g. */
export const accelerometerScale: number = 16 / 32_768;

/** The turbine's movement during one step. */
interface SensedStep {
  readonly fromRevolutions: number;
  readonly toRevolutions: number;
  readonly relativeSpeed: number;
  readonly load: number;
}

type DriveTrain = ReturnType<typeof createDriveTrainVibration>;

interface BearingSensor extends Pick<DriveTrain, "alter" | "broadbandRmsG"> {
  /** Forces on the bearing during the next step [step samples + 1]; what falls on the border is carried over. */
  readonly impacts: Float64Array;
  /** Counts of the last step. */
  readonly rendered: Int16Array;
  /** Carries the border over and clears the forces. */
  beginStep(): void;
  render(step: SensedStep): void;
  /** From the next step on. */
  fail(fault: SensorFault): void;
}

export function createBearingSensor(
  random: Random,
  sampleRateHz: number,
  stepSamples: number,
): BearingSensor {
  const vibration = createDriveTrainVibration(random, sampleRateHz, stepSamples);
  const hissSeed = random.integer(0x7fffffff);
  const acceleration = new Float64Array(stepSamples);
  const impacts = new Float64Array(stepSamples + 1);
  const rendered = new Int16Array(stepSamples);
  const noise = new Float64Array(stepSamples);
  let hiss: ReturnType<typeof createFastNoise> | null = null;
  let gain = 1;
  let isStuck = false;

  return {
    broadbandRmsG: vibration.broadbandRmsG,
    impacts,
    rendered,
    alter: vibration.alter,
    beginStep: () => {
      // What fell on the border belongs to this step's first sample.
      impacts[0] = impacts[stepSamples]!;
      impacts.fill(0, 1);
    },
    render: (step) => {
      vibration.render(acceleration, impacts, { samples: stepSamples, ...step });
      if (isStuck) {
        rendered.fill(rendered[stepSamples - 1]!);
        return;
      }
      if (hiss !== null) {
        hiss.fill(noise, stepSamples);
        for (let index = 0; index < stepSamples; index++) {
          acceleration[index]! += 2 * noise[index]! * vibration.broadbandRmsG;
        }
      }
      const countsPerG = gain / accelerometerScale;
      for (let index = 0; index < stepSamples; index++) {
        const count = Math.round(countsPerG * acceleration[index]!);
        rendered[index] = count > 32_767 ? 32_767 : count < -32_768 ? -32_768 : count;
      }
    },
    fail: (fault) => {
      if (fault === "quieter") gain = 0.5;
      // White, over the whole spectrum twice as strong as all of the rolling noise.
      if (fault === "noisy") hiss = createFastNoise(hissSeed);
      isStuck = fault === "stuck";
    },
  };
}
