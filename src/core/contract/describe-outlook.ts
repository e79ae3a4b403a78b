/**
 * What an alert says about what comes, in words. Never names a time of failure: no bundle states a probability that is
 * calibrated for "fails within so many hours", and a horizon only says how far ahead a model was made to look.
 */
import type { AlertData } from "./alert.ts";

/** One sentence without a full stop, for example `main-bearing degrading, p = 0.93; says nothing of when it fails`. */
export function describeOutlook(data: Pick<AlertData, "component" | "probability" | "horizonHours">): string {
  const head = `${data.component} degrading, p = ${data.probability.toFixed(2)}`;
  if (data.horizonHours === null) return `${head}; says nothing of when it fails`;
  const { horizonHours } = data;
  const ahead = horizonHours >= 48 ? `${Math.round(horizonHours / 24)} days` : `${horizonHours} h`;
  return `${head}; looks ${ahead} ahead, and when it fails within them is not known`;
}
