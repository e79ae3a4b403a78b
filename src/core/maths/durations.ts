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

/** A length of time for people, not below zero: `12 s`, `5 min`, `3 h 20 min`, `4 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) {
    const rest = minutes % 60;
    return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
  }
  return `${Math.round(minutes / 1440)} d`;
}
