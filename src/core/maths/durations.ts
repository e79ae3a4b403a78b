/** Lengths of time in milliseconds, the unit of every time here. A day is 24 hours: no calendar, no leap second. */

export const minuteMs = 60_000;

export const hourMs = 3_600_000;

/** One day of 24 hours, in milliseconds. */
export const dayMs = 86_400_000;

/**
 * How long so many samples take, in milliseconds. The number of a sample times 1,000 leaves 32 bits within minutes, for which V8
 * would compile anew whatever multiplies integers: the half makes a double of it at once, and changes no bit.
 */
export function durationOf(samples: number, sampleRateHz: number): number {
  return (samples * 0.5 * 2000) / sampleRateHz;
}
