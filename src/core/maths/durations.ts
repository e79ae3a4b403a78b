/** Lengths of time in milliseconds, the unit of every time here. A day is 24 hours: no calendar, no leap second. */

export const minuteMs = 60_000;

export const hourMs = 3_600_000;

/** One day of 24 hours, in milliseconds. */
export const dayMs = 86_400_000;
