/**
 * Times as text, UTC. Not by `toISOString` and `toUTCString` where a gateway runs: the first of either asks what the local time is, and
 * so takes the tables of all time zones into a process, 1 MB for good.
 */

/** 2020-01-01: a clock that says that it is earlier has not been set. */
export const earliestClockMs = 1_577_836_800_000;

/** `2026-01-01T00:00:00.000Z`, as `Date.prototype.toISOString` says it. @throws RangeError for a time that is none. */
export function renderIsoTime(epochMs: number): string {
  const date = new Date(epochMs);
  const year = date.getUTCFullYear();
  // Years of another length, and times that are none.
  if (!(year >= 0 && year <= 9999)) return date.toISOString();
  const day = `${digits(year, 4)}-${digits(date.getUTCMonth() + 1, 2)}-${digits(date.getUTCDate(), 2)}`;
  return `${day}T${renderClock(date)}.${digits(date.getUTCMilliseconds(), 3)}Z`;
}

/** The last day of the year 9999, the last year that RFC 3339 can write. */
export const lastTimeMs: number = Date.UTC(9999, 11, 31);

/** RFC 3339, of a time that may be anything, as a device's broken clock says: 1970 to {@link lastTimeMs}. */
export function formatTime(epochMs: number): string {
  return renderIsoTime(Number.isNaN(epochMs) ? 0 : Math.min(Math.max(epochMs, 0), lastTimeMs));
}

/** `Thu, 01 Jan 2026 00:00:00 GMT` (RFC 9110, section 5.6.7), of the years 0 to 9999. */
export function renderHttpDate(epochMs: number): string {
  const date = new Date(epochMs);
  const month = months[date.getUTCMonth()];
  const day = `${weekdays[date.getUTCDay()]}, ${digits(date.getUTCDate(), 2)} ${month} ${digits(date.getUTCFullYear(), 4)}`;
  return `${day} ${renderClock(date)} GMT`;
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function renderClock(date: Date): string {
  return [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
    .map((part) => digits(part, 2))
    .join(":");
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}
