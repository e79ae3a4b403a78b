/**
 * Whether a block beyond the sensor's range is a machine that has become too loud for it, and no disturbance on the
 * wire. A machine fails loudest: its last recordings must have a severity, even if it is only a lower bound.
 */

/** A block is loud throughout, not at a spike, where this share of its samples … */
const leastShare = 0.01;
/** … reaches this part of its peak. */
const partOfPeak = 0.25;

/** True where the block's samples reach a quarter of its peak here and there, as no lone spike's neighbours do. */
export function isOverload(counts: Int16Array): boolean {
  let peak = 0;
  for (const count of counts) peak = Math.max(peak, Math.abs(count));
  let loud = 0;
  for (const count of counts) if (Math.abs(count) >= peak * partOfPeak) loud++;
  return peak > 0 && loud >= leastShare * counts.length;
}
