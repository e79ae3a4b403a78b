/** Times as tables write them: ISO 8601, without a zone for UTC, or milliseconds since the epoch. Guesses no other form. */

const isoTime = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;

/** Epoch milliseconds of a cell; NaN where it holds no time. A date alone is its midnight. */
export function parseTableTime(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return Number.NaN;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const [, date, clock = "00:00", zone = "Z"] = isoTime.exec(text) ?? [];
  return date === undefined ? Number.NaN : Date.parse(`${date}T${clock}${normaliseZone(zone)}`);
}

/** `+02` and `+0200` as `+02:00`. */
function normaliseZone(zone: string): string {
  const digits = /^([+-]\d\d):?(\d\d)?$/.exec(zone);
  return digits === null ? "Z" : `${digits[1]}:${digits[2] ?? "00"}`;
}
