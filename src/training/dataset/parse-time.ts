/** Times as people write them into tables, descriptions and options: ISO 8601, or milliseconds since 1970. */

/** Nobody measured before, and nobody will after: what says so is damaged, or counts something else than milliseconds. */
const plausibleMs = { from: Date.UTC(1990, 0, 1), to: Date.UTC(2100, 0, 1) };

/** How a time is written, and which may be, in words. */
export const timeForms = "ISO 8601 (2004-02-12T10:32:39Z) or milliseconds since 1970, from 1990 to 2099";

/** May this be when something was measured, epoch ms? NaN may not. */
export function isPlausibleTime(timeMs: number): boolean {
  return timeMs >= plausibleMs.from && timeMs < plausibleMs.to;
}

const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;

/** Epoch milliseconds: of ISO 8601, without a zone UTC, or milliseconds; NaN for every other form. A date alone is its midnight. */
export function parseTime(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return Number.NaN;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const [, date, clock = "00:00", zone = "Z"] = isoTime.exec(text) ?? [];
  if (date === undefined || !isDay(date)) return Number.NaN;
  return Date.parse(`${date}T${clock}${normaliseZone(zone)}`);
}

/** Does a time that {@link parseTime} understands say which moment it is by itself? Milliseconds do. */
export function namesZone(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text.trim()) || isoTime.exec(text.trim())?.[3] !== undefined;
}

/** What is wrong with a time of which {@link isPlausibleTime} does not hold; goes on after it, for example `"12.02.", which …`. */
export function describeBadTime(value: unknown): string {
  const timeMs = parseTime(value);
  if (Number.isNaN(timeMs)) return "which is neither ISO 8601 nor milliseconds since 1970";
  return isPlausibleTime(timeMs * 1000)
    ? "which counts seconds, it seems, where milliseconds since 1970 are meant"
    : "which does not lie between 1990 and 2099";
}

/** `Date.parse` takes the 31st of February for a day in March. */
function isDay(date: string): boolean {
  if (Number(date.slice(8)) <= 28) return true;
  const dayMs = Date.parse(`${date}T00:00Z`);
  return Number.isFinite(dayMs) && new Date(dayMs).toISOString().startsWith(date);
}

/** `+02` and `+0200` as `+02:00`. */
function normaliseZone(zone: string): string {
  const digits = /^([+-]\d\d):?(\d\d)?$/.exec(zone);
  return digits === null ? "Z" : `${digits[1]}:${digits[2] ?? "00"}`;
}
