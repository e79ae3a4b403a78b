/** Drift detection method (Gama et al., 2004): an error rate more than three standard errors above its lowest. */
import type { ChangeDetector } from "./change-detector.ts";

const minValues = 30;
const warningDeviations = 2;
const driftDeviations = 3;

export function createDdm(): ChangeDetector {
  let [count, rate, lowest, lowestRate, lowestDeviation] = [0, 0, 0, 0, 0];
  const begin = (): void => {
    [count, rate] = [0, 0];
    lowest = Number.POSITIVE_INFINITY;
  };
  begin();
  let over = false;
  return {
    size: () => 5,
    update: (error) => {
      if (over) begin();
      over = false;
      count++;
      rate += (error - rate) / count;
      const deviation = Math.sqrt((rate * (1 - rate)) / count);
      if (count <= minValues) return "stable";
      if (rate + deviation <= lowest) {
        lowest = rate + deviation;
        lowestRate = rate;
        lowestDeviation = deviation;
      }
      over = rate + deviation > lowestRate + driftDeviations * lowestDeviation;
      if (over) return "drift";
      return rate + deviation > lowestRate + warningDeviations * lowestDeviation ? "warning" : "stable";
    },
  };
}
