/**
 * Maps a plain JSON payload of an existing SCADA bridge to readings. Converts no units, guesses no values: a string is a number
 * only if JSON would have it so without its quotes, and a null is missing.
 */
import type { ScadaConfig } from "../contract/config/scada-config.ts";
import { failed, ok, type Result } from "../contract/result.ts";
import type { Arrival, Quarantine, QuarantineReason, Reading } from "../contract/stream.ts";

/** Payloads above this many characters (or bytes) are refused unread. */
export const maxScadaPayload = 65_536;
/** A number as JSON writes it (RFC 8259 section 6): no blank, no plus, no comma, no hexadecimal. */
const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
/** Epoch times below this are seconds: as milliseconds they would lie before March 1973. */
const smallestEpochMs = 1e11;
/** Epoch times above this are not milliseconds: as such they would lie after the year 5000. */
const largestEpochMs = 1e14;

/** Which values of the payload are which channels. */
export interface ScadaMapping {
  /** Device id that the readings get. */
  readonly deviceId: string;
  /** Path of the time (epoch ms, epoch s or RFC 3339); null: the time of arrival. */
  readonly timePath: string | null;
  /** Paths are dotted (`a.b.0`) or JSON pointers (`/a/b/0`, RFC 6901). */
  readonly channels: ScadaConfig["channels"];
}

/** What came of a payload. */
export interface ScadaReadings {
  readonly readings: readonly Reading[];
  /** Mapped values that were not there, no numbers, or too large for a machine. */
  readonly quarantined: readonly Quarantine[];
}

/**
 * Reads a payload.
 * @returns the readings, and what was missing; an error when the payload as a whole cannot be read: too large, no
 * JSON object or array, no time where one is mapped.
 */
export function parseScadaPayload(
  payload: string | Uint8Array,
  mapping: ScadaMapping,
  arrival: Arrival,
): Result<ScadaReadings, Quarantine> {
  const { arrivedMs } = arrival;
  const setAside = (
    reason: QuarantineReason,
    detail: string,
    place = { channel: "", timestampMs: arrivedMs },
  ): Quarantine => ({ reason, deviceId: mapping.deviceId, ...place, detail, samples: 1 });
  if (payload.length > maxScadaPayload) {
    return failed(setAside("malformed", `payload of ${payload.length}, at most ${maxScadaPayload}`));
  }
  let document: unknown;
  try {
    const text =
      typeof payload === "string" ? payload : new TextDecoder("utf-8", { fatal: true }).decode(payload);
    document = JSON.parse(text);
  } catch {
    return failed(setAside("malformed", "payload is not JSON in UTF-8"));
  }
  if (typeof document !== "object" || document === null) {
    return failed(setAside("malformed", "payload is no JSON object"));
  }
  const time = mapping.timePath === null ? arrivedMs : find(document, mapping.timePath);
  const timestampMs = mapping.timePath === null ? arrivedMs : parseTime(time);
  if (timestampMs === undefined) {
    const isFine = typeof time === "number" && time > largestEpochMs;
    const what = isFine ? `time in µs or ns? ${time}` : "no time";
    return failed(setAside("malformed", `${what} at "${mapping.timePath}"`));
  }
  const readings: Reading[] = [];
  const quarantined: Quarantine[] = [];
  for (const { name, path, unit, good, invalid = [] } of mapping.channels) {
    const mark = good && find(document, good.path);
    if (good !== undefined && !good.is.some((each) => each === mark)) {
      const detail = `${describeMark(mark)} at "${good.path}", which does not say that the value is good`;
      quarantined.push(setAside("missing-value", detail, { channel: name, timestampMs }));
      continue;
    }
    const found = find(document, path);
    const value = typeof found === "string" && jsonNumber.test(found) ? Number(found) : found;
    if (typeof value === "number" && invalid.includes(value)) {
      const detail = `${value} at "${path}", which says that there is no value`;
      quarantined.push(setAside("missing-value", detail, { channel: name, timestampMs }));
    } else if (typeof value === "number" && Number.isFinite(value)) {
      readings.push({ deviceId: mapping.deviceId, channel: name, unit, timestampMs, value, ...arrival });
    } else if (value === undefined || value === null) {
      quarantined.push(setAside("missing-value", `nothing at "${path}"`, { channel: name, timestampMs }));
    } else if (typeof value === "number") {
      // As JSON may write it: 1e999.
      const detail = `a number too large for a machine at "${path}"`;
      quarantined.push(setAside("not-finite", detail, { channel: name, timestampMs }));
    } else {
      const detail = `${typeof value} at "${path}", not a number`;
      quarantined.push(setAside("malformed", detail, { channel: name, timestampMs }));
    }
  }
  return ok({ readings, quarantined });
}

function describeMark(mark: unknown): string {
  if (mark === undefined) return "nothing";
  // Its own text may be a trap: names such as toString are the sender's.
  return typeof mark === "object" && mark !== null ? "an object or list" : JSON.stringify(mark).slice(0, 64);
}

/** Follows a path through own properties and array elements only. */
function find(document: object, path: string): unknown {
  const keys = path.startsWith("/")
    ? path
        .slice(1)
        .split("/")
        .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    : path.split(".");
  let value: unknown = document;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** Epoch ms, or undefined. Accepts RFC 3339 with an offset, never a local time: that would depend on this machine. */
function parseTime(value: unknown): number | undefined {
  if (typeof value === "number" && value > 0 && value <= largestEpochMs) {
    return value < smallestEpochMs ? value * 1000 : value;
  }
  if (typeof value !== "string" || value.length > 64) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(value))
    return undefined;
  const parsed = Date.parse(value.replace(" ", "T").toUpperCase());
  return Number.isNaN(parsed) ? undefined : parsed;
}
