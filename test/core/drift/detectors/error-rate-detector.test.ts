import { describe, expect, it } from "vitest";
import {
  createErrorRateDetector,
  type ErrorRateDetector,
} from "../../../../src/core/drift/detectors/error-rate-detector.ts";
import { createRandom } from "../../../../src/core/maths/random.ts";

/** Alarms in `outcomes` of a stream with this rate of errors. */
function countAlarms(detector: ErrorRateDetector, rate: number, outcomes: number): number {
  const random = createRandom(outcomes + 1);
  let alarms = 0;
  for (let index = 0; index < outcomes; index++) if (detector.update(random.uniform() < rate)) alarms++;
  return alarms;
}

describe("an error-rate detector", () => {
  it("keeps its mean run length at a given rate, also where errors are rare or frequent", () => {
    for (const usualRate of [0.01, 0.1, 0.5]) {
      const detector = createErrorRateDetector({ meanRunLength: 200, usualRate });
      expect(countAlarms(detector, usualRate, 40_000)).toBeLessThan(200 + 3 * Math.sqrt(200));
    }
  });

  it("keeps it at a learnt rate", () => {
    for (const rate of [0.01, 0.1, 0.5]) {
      const detector = createErrorRateDetector({ meanRunLength: 200, usualRate: null });
      expect(countAlarms(detector, rate, 40_000)).toBeLessThan(200 + 3 * Math.sqrt(200));
    }
  });

  it("finds a rate that jumped within a dozen outcomes, and no alarm in one that fell", () => {
    const delays = [1, 2, 3, 4, 5].map((seed) => {
      const random = createRandom(seed);
      const detector = createErrorRateDetector({ meanRunLength: 10_000, usualRate: null });
      for (let index = 0; index < 1_000; index++) detector.update(random.uniform() < 0.1);
      let delay = 1;
      while (!detector.update(random.uniform() < 0.9)) delay++;
      return delay;
    });
    expect(Math.max(...delays)).toBeLessThanOrEqual(12);
    const falling = createErrorRateDetector({ meanRunLength: 10_000, usualRate: null });
    expect(countAlarms(falling, 0.5, 1_000)).toBe(0);
    expect(countAlarms(falling, 0.1, 5_000)).toBe(0);
  });

  it("begins anew after an alarm, and learns the new rate", () => {
    const detector = createErrorRateDetector({ meanRunLength: 1_000, usualRate: null });
    for (let index = 0; index < 500; index++) detector.update(index % 10 === 0);
    while (!detector.update(true));
    expect(countAlarms(detector, 0.9, 500)).toBe(0);
  });
});
