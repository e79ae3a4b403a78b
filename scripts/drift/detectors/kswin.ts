/** KSWIN (Raab, Heusinger, Schleif, 2020): the newest values of a window against as many drawn from what came before. */
import { createRandom } from "../../../src/core/maths/random.ts";
import { testKs } from "../sample-distances.ts";
import type { ChangeDetector } from "./change-detector.ts";

interface KswinOptions {
  readonly alpha?: number;
  readonly windowSize?: number;
  readonly recentSize?: number;
  readonly seed?: number;
  /** Draws `count` of the values without replacement; default: by the seed. */
  readonly draw?: (values: readonly number[], count: number) => readonly number[];
}

export function createKswin(options: KswinOptions = {}): ChangeDetector {
  const { alpha = 0.005, windowSize = 100, recentSize = 30, seed = 1 } = options;
  const random = createRandom(seed);
  const draw = options.draw ?? ((values, count) => random.shuffle([...values]).slice(0, count));
  let window: number[] = [];
  return {
    size: () => window.length,
    update: (value) => {
      window.push(value);
      if (window.length > windowSize) window.shift();
      if (window.length < windowSize) return "stable";
      const recent = window.slice(-recentSize);
      const { statistic, pValue } = testKs(draw(window.slice(0, -recentSize), recentSize), recent);
      if (pValue > alpha || statistic <= 0.1) return "stable";
      window = recent;
      return "drift";
    },
  };
}
