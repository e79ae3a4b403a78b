/** Page–Hinkley test (Page, 1954): the mean of a stream moved up or down, as the sum of what lies off its running mean tells. */
import type { ChangeDetector } from "./change-detector.ts";

interface PageHinkleyOptions {
  /** Values before the first alarm. */
  readonly minValues?: number;
  /** Change of the mean that is not worth an alarm. */
  readonly delta?: number;
  readonly threshold?: number;
  /** Forgetting of the sums. */
  readonly alpha?: number;
}

export function createPageHinkley(options: PageHinkleyOptions = {}): ChangeDetector & { evidence(): number } {
  const { minValues = 30, delta = 0.005, threshold = 50, alpha = 0.9999 } = options;
  let [count, mean, up, down] = [0, 0, 0, 0];
  let over = false;
  return {
    size: () => 4,
    evidence: () => Math.max(up, down),
    update: (value) => {
      if (over) [count, mean, up, down] = [0, 0, 0, 0];
      count++;
      mean += (value - mean) / count;
      up = Math.max(0, alpha * up + (value - mean - delta));
      down = Math.max(0, alpha * down - (value - mean + delta));
      over = count >= minValues && Math.max(up, down) > threshold;
      return over ? "drift" : "stable";
    },
  };
}
