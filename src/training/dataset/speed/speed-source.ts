/**
 * Where the shaft's speed over time is, as people write it: `rpm` (a channel of the recording), or
 * `{channel: tacho, pulses: 1}`, `{channel: speed, unit: hz}`, `{file: speed.csv, rateHz: 10, unit: rpm, scale: 2}`.
 */
import { type Fields, isAbsent, isFields } from "../../../core/contract/fields.ts";
import { plainPathInside } from "../inside-folder.ts";
import { plainKey } from "../plain-key.ts";

export interface SpeedSource {
  /** Null: a channel of the recording's own file. */
  readonly file: string | null;
  readonly channel: string | null;
  /** Values a second; null: as many as the recording has samples, or as `file` says itself. */
  readonly rateHz: number | null;
  /** What the number 1 is worth, in `unit`. */
  readonly scale: number;
  /** Null: as the channel itself states it, else rpm. */
  readonly unit: SpeedUnit | null;
  /** A tachometer's signal, which rises so many times a revolution, and no speed; null: it is one. */
  readonly pulses: number | null;
}

const speedUnits = ["rpm", "hz"] as const;
type SpeedUnit = (typeof speedUnits)[number];

const unitWords: Readonly<Record<string, SpeedUnit>> = {
  rpm: "rpm",
  "1/min": "rpm",
  "min-1": "rpm",
  "u/min": "rpm",
  "r/min": "rpm",
  "rev/min": "rpm",
  hz: "hz",
  "1/s": "hz",
  rps: "hz",
  "rev/s": "hz",
};

/** Revolutions a minute of one. */
export const rpmOfUnit: Readonly<Record<SpeedUnit, number>> = { rpm: 1, hz: 60 };

/** A unit as people and files write it; undefined: it is none of speed. */
export function readSpeedUnit(text: string): SpeedUnit | undefined {
  const plain = text.trim().toLowerCase().replaceAll("^", "");
  return Object.hasOwn(unitWords, plain) ? unitWords[plain] : undefined;
}

/** Of a disc with slots, or of a toothed wheel. */
const mostPulses = 10_000;
const mostHz = 1e7;
const mostScale = 1e9;
/** A speed, and no channel that holds one. */
const valueOfSpeed = /^[+-]?[\d.]+\s*(rpm|hz|1\/min)?$/i;

/** Throws what is wrong. */
type Refuse = (detail: string) => never;

/** Reads what stands under `speed`; null: nothing does. */
export function parseSpeedSource(value: unknown, refuse: Refuse): SpeedSource | null {
  if (isAbsent(value)) return null;
  if (typeof value === "string" || typeof value === "number") {
    const channel = `${value}`.trim();
    if (valueOfSpeed.test(channel) && !/^\d+$/.test(channel))
      return refuse(`"${channel}" is a value: a speed that stays is rpm: 1500`);
    return { file: null, channel, rateHz: null, scale: 1, unit: null, pulses: null };
  }
  if (!isFields(value)) {
    return refuse("is neither the name of a channel nor {channel: …, file: …, rateHz: …, unit: rpm}");
  }
  const { file, channel, unit, pulses, scale, rateHz, ...others } = plainWords(value);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return refuse(`nobody reads the key "${unknown}"`);
  if (!isAbsent(pulses) && !isAbsent(unit)) {
    return refuse("pulses have no unit: what is counted is pulses a revolution");
  }
  const own = readText(file, "file", refuse);
  const place = own === null ? null : plainPathInside(own);
  if (own !== null && place === null) return refuse(`"${own}" is not a file in the recordings' folder`);
  const name = readText(channel, "channel", refuse);
  const ownHz = readNumber(rateHz, "rateHz", { refuse, most: mostHz });
  if (own === null && name === null) return refuse("names neither a channel nor a file");
  const known = isAbsent(unit) ? null : readSpeedUnit(String(unit));
  if (known === undefined) return refuse(`unit is ${JSON.stringify(unit)}, not rpm or hz`);
  return {
    file: place,
    channel: name,
    rateHz: ownHz,
    scale: readNumber(scale, "scale", { refuse, most: mostScale }) ?? 1,
    unit: known,
    pulses: readNumber(pulses, "pulses", { refuse, most: mostPulses }),
  };
}

function readText(value: unknown, name: string, refuse: Refuse): string | null {
  if (isAbsent(value)) return null;
  if (typeof value === "string" || typeof value === "number") return `${value}`.trim();
  return refuse(`${name} is ${JSON.stringify(value)}, no text`);
}

function readNumber(
  value: unknown,
  name: string,
  { refuse, most }: { readonly refuse: Refuse; readonly most: number },
): number | null {
  if (isAbsent(value)) return null;
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN;
  if (number > 0 && number <= most) return number;
  return refuse(`${name} is ${JSON.stringify(value)}, not a number above 0 and up to ${most}`);
}

const words = ["file", "channel", "unit", "pulses", "scale"];

/** Keys in one spelling; the rate under its usual names. */
function plainWords(fields: Fields): Record<string, unknown> {
  const named = (key: string): string => {
    const plain = plainKey(key);
    if (["ratehz", "rate", "fs", "fshz"].includes(plain)) return "rateHz";
    return words.includes(plain) ? plain : key;
  };
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [named(key), value]));
}
