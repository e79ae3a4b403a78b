/** What a day says less than a whole one, when it was heard for some hours or had few rows. */
import { slotsOfDay } from "./day-summary.ts";
import { type ColumnReference, type KeptDay, stretchLengths } from "./site-reference.ts";

/** Slots from which on a day is whole. */
const wholeSlots = slotsOfDay - 0.5;

/** A day of at least this share of the usual rows an hour has enough of them. */
const enoughRows = 0.7;

/**
 * Variance of a day's level beyond that of a whole day: of its length, from how stretches of that length scatter within the
 * reference's days, and of its few rows. Where no stretch is known, as if the hours were independent, which is the most.
 */
export function createExcess(column: ColumnReference): (day: KeptDay) => number {
  const { days, stretches } = column;
  let perSlot = 0;
  let spread = 0;
  let spreads = 0;
  let sum = 0;
  let squares = 0;
  for (const [, slots, rows, level, logVariance] of days) {
    perSlot += rows / Math.max(1, slots) / days.length;
    sum += level;
    squares += level * level;
    if (logVariance === null) continue;
    spread += logVariance;
    spreads++;
  }
  const within = spreads === 0 ? 0 : Math.exp(spread / spreads);
  const variance = Math.max(0, squares / days.length - (sum / days.length) ** 2);
  const rungs = stretchLengths.map((length, index) => {
    const [count, total] = stretches[index]!;
    return count < 4 ? variance * (slotsOfDay / length - 1) : total / count;
  });
  for (let index = rungs.length - 2; index >= 0; index--) {
    rungs[index] = Math.max(rungs[index]!, rungs[index + 1]!);
  }
  return ([, slots, rows]) => {
    const ofLength = slots >= wholeSlots ? 0 : interpolate(rungs, slots);
    return (
      ofLength + within * Math.max(0, 1 / Math.max(1, rows) - 1 / (enoughRows * perSlot * Math.max(1, slots)))
    );
  };
}

/** Between two rungs, linear over the logarithm of the length; none for a whole day. */
function interpolate(rungs: readonly number[], slots: number): number {
  const lengths = [...stretchLengths, slotsOfDay];
  const upper = lengths.findIndex((length) => length >= slots);
  if (upper <= 0) return rungs[0]!;
  const low = Math.log(lengths[upper - 1]!);
  const share = (Math.log(slots) - low) / (Math.log(lengths[upper]!) - low);
  return (1 - share) * rungs[upper - 1]! + share * (rungs[upper] ?? 0);
}
