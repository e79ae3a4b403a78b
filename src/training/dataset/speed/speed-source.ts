/**
 * Where the shaft's speed over time is, as people write it: `rpm` (a channel of the recording), or
 * `{channel: tacho, pulses: 1}`, `{channel: speed, unit: hz}`, `{file: speed.csv, rateHz: 10, unit: rpm, scale: 2}`.
 */
import { isAbsolute, normalize } from "node:path";
import { isAbsent, isFields } from "../../../core/contract/fields.ts";
import { plainKey } from "../plain-key.ts";

export interface SpeedSource {
  /** Null: a channel of the recording's own file. */
  readonly file: string | null;
  readonly channel: string | null;
  /** Values a second; null: as many as the recording has samples. */
  readonly rateHz: number | null;
  /** Revolutions a minute of the number 1; of pulses, of one pulse a minute. */
  readonly rpmOfOne: number;
  /** A tachometer's signal, which rises once a pulse, and no speed. */
  readonly isPulses: boolean;
}

const rpmOf: Readonly<Record<string, number>> = { rpm: 1, hz: 60, "1/s": 60 };
/** Of a disc with slots, or of a toothed wheel. */
const mostPulses = 10_000;

/** Reads what stands under `speed`; null: nothing does. `refuse` throws what is wrong with it. */
export function parseSpeedSource(value: unknown, refuse: (detail: string) => never): SpeedSource | null {
  if (isAbsent(value)) return null;
  if (typeof value === "string" || typeof value === "number") {
    return { file: null, channel: `${value}`, rateHz: null, rpmOfOne: 1, isPulses: false };
  }
  if (!isFields(value)) {
    return refuse("is neither the name of a channel nor {channel: …, file: …, rateHz: …, unit: rpm}");
  }
  const { file, channel, unit, pulses, scale = 1, rateHz, ...others } = plainRate(value);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return refuse(`nobody reads the key "${unknown}"`);
  const rpmOfOne = isAbsent(pulses) ? rpmOfUnit(unit ?? "rpm", refuse) : rpmOfPulse(pulses, { unit, refuse });
  if (!(Number(scale) > 0 && Number(scale) < 1e9)) return refuse("scale is not a number above 0");
  const own = isAbsent(file) ? null : checkSpeedPath(String(file), refuse);
  const hasRate = Number(rateHz) > 0 && Number(rateHz) <= 1e7;
  if (own !== null && !hasRate) return refuse("nothing says the rate (rateHz) of its file");
  if (!isAbsent(rateHz) && !hasRate)
    return refuse(`rateHz is ${JSON.stringify(rateHz)}, not a number above 0`);
  if (own === null && isAbsent(channel)) return refuse("names neither a channel nor a file");
  return {
    file: own,
    channel: isAbsent(channel) ? null : `${channel as string}`,
    rateHz: hasRate ? Number(rateHz) : null,
    rpmOfOne: Number(scale) * rpmOfOne,
    isPulses: !isAbsent(pulses),
  };
}

function rpmOfUnit(unit: unknown, refuse: (detail: string) => never): number {
  return rpmOf[String(unit).toLowerCase()] ?? refuse(`unit is ${JSON.stringify(unit)}, not rpm or hz`);
}

function rpmOfPulse(
  pulses: unknown,
  { unit, refuse }: { readonly unit: unknown; readonly refuse: (detail: string) => never },
): number {
  if (!isAbsent(unit)) return refuse("pulses have no unit: what is counted is pulses a revolution");
  const count = Number(pulses);
  if (count > 0 && count <= mostPulses) return 1 / count;
  return refuse(
    `pulses is ${JSON.stringify(pulses)}, not a number of pulses a revolution up to ${mostPulses}`,
  );
}

function checkSpeedPath(file: string, refuse: (detail: string) => never): string {
  const plain = normalize(file).replaceAll("\\", "/");
  if (isAbsolute(plain) || plain === ".." || plain.startsWith("../") || plain.endsWith("/")) {
    return refuse(`"${file}" is not a file in the recordings' folder`);
  }
  return plain;
}

/** The rate under its usual spellings. */
function plainRate(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named = (key: string): string =>
    ["ratehz", "rate", "fs", "fshz"].includes(plainKey(key)) ? "rateHz" : key;
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [named(key), value]));
}
