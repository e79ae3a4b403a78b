/** FHDDM (Pesaranghader, Viktor, 2016): right answers in a sliding window against the most there ever were (Hoeffding). */
import type { ChangeDetector } from "./change-detector.ts";

const windowSize = 100;
const delta = 1e-6;
const bound: number = Math.sqrt(Math.log(1 / delta) / (2 * windowSize));

export function createFhddm(): ChangeDetector {
  let window: number[] = [];
  let [right, most] = [0, 0];
  return {
    size: () => window.length + 2,
    update: (error) => {
      window.push(1 - error);
      right += 1 - error;
      if (window.length > windowSize) right -= window.shift()!;
      if (window.length < windowSize) return "stable";
      most = Math.max(most, right / windowSize);
      if (most - right / windowSize < bound) return "stable";
      window = [];
      [right, most] = [0, 0];
      return "drift";
    },
  };
}
