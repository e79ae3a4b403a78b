/** What a file of samples does not say of itself: rate, shaft speed, unit, bearing, channel; keys in any usual spelling. */
import { basename, dirname } from "node:path";
import {
  type AccelerationUnit,
  gravitiesOf,
  hasUnitWord,
  isOtherQuantity,
  readAccelerationUnit,
} from "../../../core/contract/acceleration-units.ts";
import { AuroraError } from "../../../core/contract/aurora-error.ts";
import type { BearingOrders } from "../../../core/contract/bundle/bearing.ts";
import { type Fields, isAbsent } from "../../../core/contract/fields.ts";
import {
  maxGearedShafts,
  mostGearedTurns,
  parseGearedShafts,
  type StatedShafts,
} from "../../../core/contract/stated-shafts.ts";
import { isPlausibleTime, parseTime } from "../parse-time.ts";
import { plainKey } from "../plain-key.ts";
import { readSpeed } from "../speed/read-speed.ts";
import { meanSpeed, type RecordedSpeed } from "../speed/recorded-speed.ts";
import { parseSpeedSource, type SpeedSource } from "../speed/speed-source.ts";
import { isSameBearing, parseBearingWords, speaksOfBearing } from "./bearing-words.ts";
import { type NumberKey, numberKeys } from "./sidecar-keys.ts";

/** What is known of a file's samples. */
export interface Sidecar extends StatedShafts {
  readonly rateHz: number;
  /** Its mean, where it changes; 0: the shaft stands. */
  readonly shaftRpm: number;
  /** How it goes; absent: it stays. */
  readonly speed?: RecordedSpeed | undefined;
  readonly bearing: BearingOrders;
  /** Physical value (in the bundle's unit) of the file's number 1; null: nobody knows. */
  readonly scale: number | null;
  /** A unit that is said, and is none of acceleration. */
  readonly otherUnit?: string | undefined;
  /** A unit that is said, and that nobody here knows. */
  readonly unreadUnit?: string | undefined;
}

/** What one source says; what it does not say another may. */
export interface SidecarPart extends StatedShafts {
  readonly rateHz?: number | undefined;
  /** Why the file's own column of times says none. */
  readonly unreadTimes?: string | undefined;
  /** 0: the shaft stands. */
  readonly shaftRpm?: number | undefined;
  /** Where the speed over time is; it counts more than a `shaftRpm` beside it. */
  readonly speed?: SpeedSource | undefined;
  readonly bearing?: BearingOrders | undefined;
  /** What the bearing is called, where it is not described: a manifest of recordings knows it. */
  readonly bearingName?: string | undefined;
  readonly scale?: number | undefined;
  readonly unit?: AccelerationUnit | undefined;
  /** As it was written, where it is none of acceleration, such as `V` or `mm/s`. */
  readonly otherUnit?: string | undefined;
  /** As it was written, where it is a word that means no unit here, such as `counts`. */
  readonly unreadUnit?: string | undefined;
  readonly channel?: string | undefined;
  /** How long it is said to last, in seconds; only a check of recordings asks. */
  readonly durationS?: number | undefined;
  /** When it begins, of which measuring point and of which turbine it is, as it was written; only a replay asks. */
  readonly time?: string | undefined;
  readonly point?: string | undefined;
  readonly turbine?: string | undefined;
}

/** All that is needed to read a file. */
export interface FileDescription {
  readonly sidecar: Sidecar;
  /** Null: the file has but one. */
  readonly channel: string | null;
}

/**
 * Joins what the sources say of `path`, and reads how its speed goes where one of them says where that is. Fails with USAGE,
 * DATA_MISSING, DATA_FORMAT.
 */
export async function describeSamples(path: string, parts: readonly SidecarPart[]): Promise<FileDescription> {
  const source = findSpeedSource(parts);
  if (source === undefined) return joinSidecar(path, parts);
  // Nobody has to state one beside it.
  const { sidecar, channel } = joinSidecar(path, [...parts, { shaftRpm: Number.NaN }]);
  const speed = await readSpeed(source, {
    root: dirname(path),
    file: basename(path),
    channel,
    rateHz: sidecar.rateHz,
  });
  return { sidecar: { ...sidecar, shaftRpm: meanSpeed(speed), speed }, channel };
}

/** Where the speed over time is, if the first of the sources that say anything of a speed says so. */
export function findSpeedSource(parts: readonly SidecarPart[]): SpeedSource | undefined {
  return parts.find(({ speed, shaftRpm }) => speed !== undefined || shaftRpm !== undefined)?.speed;
}

/** What the first of the sources that say anything of it says of `key`. */
export function firstOf<K extends keyof SidecarPart>(parts: readonly SidecarPart[], key: K): SidecarPart[K] {
  return parts.find((part) => part[key] !== undefined)?.[key];
}

/** Fails with USAGE. */
function joinSidecar(path: string, parts: readonly SidecarPart[]): FileDescription {
  const first = <K extends keyof SidecarPart>(key: K): SidecarPart[K] => firstOf(parts, key);
  const need = <T>(value: T | undefined, what: string, hint: string): T => {
    if (value !== undefined) return value;
    throw new AuroraError("USAGE", `nothing says ${what} of ${path}`, {
      op: "read sidecar",
      subject: path,
      hint: `give ${hint}, or a ${listSidecars(path)[1]} beside the file`,
    });
  };
  const [named, unreadTimes] = [first("bearingName"), first("unreadTimes")];
  const times = unreadTimes === undefined ? "" : ` (${unreadTimes})`;
  return {
    sidecar: {
      rateHz: need(first("rateHz"), "the sampling rate", `--rate-hz${times}`),
      shaftRpm: need(first("shaftRpm"), "the shaft speed", "--shaft-rpm or --speed"),
      bearing: need(
        first("bearing"),
        named === undefined ? "the bearing" : `the geometry of the bearing "${named}"`,
        "--bearing with orders or a file of geometries",
      ),
      polePairs: first("polePairs"),
      gearedShafts: first("gearedShafts"),
      ...joinScale(parts),
    },
    channel: first("channel") ?? null,
  };
}

/** What the sources say that number 1 of a file is worth in g, and units of theirs that do not say it. */
export function joinScale(
  parts: readonly SidecarPart[],
): Pick<Sidecar, "scale" | "otherUnit" | "unreadUnit"> {
  const [scale, unit] = [firstOf(parts, "scale"), firstOf(parts, "unit")];
  const unread = firstOf(parts, "unreadUnit");
  // A scale is of a converter's counts, whatever unit they are said to be in.
  const isMeant = unit !== undefined || (scale !== undefined && unread !== undefined && isCount(unread));
  return {
    scale: scale === undefined && unit === undefined ? null : (scale ?? 1) * gravitiesOf[unit ?? "g"],
    otherUnit: firstOf(parts, "otherUnit"),
    unreadUnit: isMeant ? undefined : unread,
  };
}

function isCount(unit: string): boolean {
  return /^(raw|adc|lsb|((raw|adc)[\s_-]*)?(counts?|values?))$/i.test(unit.trim());
}

/** What may describe `path`, the first before the other. Seconds are no ending: `2004.02.12.10.32.39` would share one with its minute. */
export function listSidecars(path: string): readonly [withEnding: string, withoutEnding: string] {
  return [`${path}.json`, `${path.replace(/\.(?!\d+$)[^./]*$/, "")}.json`];
}

/** Reads `fields`; `where` names them in complaints. Keys that mean nothing here are passed over. Fails with CONFIG_INVALID. */
export function parseSidecarWords(fields: Fields, where: string): SidecarPart {
  const values = new Map(Object.entries(fields).map(([key, value]) => [plainKey(key), value]));
  const refuse = (detail: string): never => {
    throw new AuroraError("CONFIG_INVALID", `${where}: ${detail}`, {
      op: "read sidecar",
      subject: where,
      hint: 'for example {"rateHz": 51200, "shaftRpm": 600, "channel": "accel", "bearing": {"balls": 9, "ball_diameter": 7.94, "pitch_diameter": 39.04}}',
    });
  };
  const numberOf = ({ names, max, mayBeZero = false }: NumberKey): number | undefined => {
    const [name, other] = names.filter((each) => !isAbsent(values.get(each)));
    if (name === undefined) return undefined;
    const value = Number(values.get(name));
    if (other !== undefined && Number(values.get(other)) !== value) {
      return refuse(
        `${name} is ${String(values.get(name))} and ${other} ${String(values.get(other))}: they mean the same`,
      );
    }
    if ((value > 0 && value <= max) || (mayBeZero && isZero(values.get(name)))) return value;
    const wanted =
      value > max ? `more than ${max}` : `not a number ${mayBeZero ? "of 0 or more" : "above 0"}`;
    return refuse(`${name} is ${String(values.get(name))}, ${wanted}`);
  };
  const wholeOf = (key: NumberKey): number | undefined => {
    const value = numberOf(key);
    return value === undefined || Number.isInteger(value)
      ? value
      : refuse(`${key.names[0]} is ${value}, no whole number`);
  };
  const turnsOf = (): readonly number[] | undefined => {
    const value = values.get("gearedshafts");
    if (isAbsent(value)) return undefined;
    const wanted = `${maxGearedShafts} numbers at most, each above 0 and up to ${mostGearedTurns}: turns of a shaft in one of the bearing's`;
    return parseGearedShafts(value) ?? refuse(`gearedShafts is ${JSON.stringify(value)}, not ${wanted}`);
  };
  const textOf = (name: string): string | undefined => {
    const value = values.get(name);
    if (isAbsent(value)) return undefined;
    return typeof value === "string" || typeof value === "number" ? `${value}` : refuse(`${name} is no text`);
  };
  const speed = values.get("speed");
  const speedOf = (): SpeedSource | undefined => {
    // A bare number is a speed in whatever unit, and no channel: it says nothing beside rpm, and is not enough without.
    const isNumber = typeof speed === "number" || (typeof speed === "string" && /^\s*[\d.]+\s*$/.test(speed));
    if (!isNumber) return parseSpeedSource(speed, (detail) => refuse(`speed: ${detail}`)) ?? undefined;
    return numberOf(numberKeys.shaftRpm) === undefined
      ? refuse(`speed is ${speed}, a number: write rpm: 1500, or {"channel": 2} where a channel holds it`)
      : undefined;
  };
  const inner = values.get("bearing");
  const bearingOf = (words: Fields): BearingOrders => {
    const parsed = parseBearingWords(words);
    return parsed.ok ? parsed.value : refuse(`bearing: ${parsed.error}`);
  };
  const whole =
    typeof inner === "object" && inner !== null ? bearingOf(inner as Record<string, unknown>) : undefined;
  const single = hasBearing(fields) ? bearingOf(fields) : undefined;
  if (whole !== undefined && single !== undefined && !isSameBearing(whole, single)) {
    refuse(`bearing has bpfo ${whole.bpfo}, and what stands beside it comes to ${single.bpfo}: which is it?`);
  }
  const unit = textOf("unit");
  const acceleration = unit === undefined ? null : readAccelerationUnit(unit);
  const isOther = acceleration === null && unit !== undefined && isOtherQuantity(unit);
  return {
    rateHz: numberOf(numberKeys.rateHz),
    shaftRpm: numberOf(numberKeys.shaftRpm),
    speed: speedOf(),
    scale: numberOf(numberKeys.scale),
    durationS: numberOf(numberKeys.durationS),
    polePairs: wholeOf(numberKeys.polePairs),
    gearedShafts: turnsOf(),
    unit: acceleration ?? undefined,
    otherUnit: isOther ? unit : undefined,
    // Of any other word (counts, raw) nobody knows what it means: the file itself may.
    unreadUnit: acceleration === null && !isOther && hasUnitWord(unit ?? "") ? unit : undefined,
    channel: textOf("channel"),
    time: textOf("time") ?? findEvidenceStart(textOf("from")),
    point: textOf("point"),
    // Another program's object is no name of a turbine.
    turbine: typeof values.get("turbine") === "object" ? undefined : textOf("turbine"),
    bearing: whole ?? single,
    bearingName: typeof inner === "string" && inner !== "" ? inner : undefined,
  };
}

/** The description of an alarm's samples says from when to when they are. */
function findEvidenceStart(from: string | undefined): string | undefined {
  return from !== undefined && isPlausibleTime(parseTime(from)) ? from : undefined;
}

/** Not what only counts as 0, as a blank does. */
function isZero(value: unknown): boolean {
  return value === 0 || (typeof value === "string" && /^\s*0+(\.0*)?\s*$/.test(value));
}

/** A row of a table has all columns: only filled ones speak. */
function hasBearing(fields: Fields): boolean {
  return speaksOfBearing(Object.fromEntries(Object.entries(fields).filter(([, value]) => !isAbsent(value))));
}
