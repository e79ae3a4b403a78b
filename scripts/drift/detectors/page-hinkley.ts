/** Page–Hinkley test (Page, 1954): the mean of a stream moved up or down, as the sum of what lies off its running mean tells. */
import type { ChangeDetector } from "./change-detector.ts";

/** Values before the first alarm. */
const minValues = 30;
/** Change of the mean that is not worth an alarm. */
const delta = 0.005;
const threshold = 50;
/** Forgetting of the sums. */
const alpha = 0.9999;

export function createPageHinkley(): ChangeDetector & { evidence(): number } {
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
