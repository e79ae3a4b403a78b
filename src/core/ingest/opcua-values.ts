/**
 * What a value of an OPC UA server says: which number, how good, and of which time. Everything in it is a stranger's:
 * what has no number, or is not said to be good, is set aside with a reason.
 */
import type { OpcUaConfig } from "../contract/config/opcua-config.ts";
import { failed, ok, type Result } from "../contract/result.ts";
import type { QuarantineReason } from "../contract/stream.ts";

/** A value as it came. */
export interface OpcUaValue {
  readonly value: unknown;
  /** Number of the built-in type (OPC 10000-6, 5.1.2); NaN: none. */
  readonly dataType: number;
  /** Status code, 32 bits, and its name. */
  readonly status: number;
  readonly statusName: string;
  /** Epoch ms; NaN: not given. */
  readonly sourceMs: number;
  readonly serverMs: number;
  readonly arrivedMs: number;
  readonly arrivedMonotonicMs: number;
}

/** Why a value is set aside. */
export interface OpcUaFault {
  readonly reason: QuarantineReason;
  readonly detail: string;
}

/** Built-in types of numbers, SByte to Double; 8 and 9 are those of 64 bits. */
const firstNumber = 2;
const lastNumber = 11;
const int64 = 8;
const uint64 = 9;

/** "No time" is the beginning of 1601 on the wire; no turbine reported before 1990. */
const earliestMs = Date.UTC(1990, 0);

/** The number of a value that its server calls good; an uncertain one (last usable, sensor not accurate) is not. */
export function readOpcUaNumber(value: OpcUaValue): Result<number, OpcUaFault> {
  // The two highest bits of a status code are its severity: good, uncertain, bad (OPC 10000-4, 7.39).
  const severity = value.status >>> 30;
  if (severity !== 0) {
    const name = value.statusName.slice(0, 64);
    return failed({ reason: "missing-value", detail: `${severity === 1 ? "uncertain" : "bad"}: ${name}` });
  }
  const { dataType } = value;
  if (!(dataType >= firstNumber && dataType <= lastNumber)) {
    return failed({ reason: "malformed", detail: `a value of type ${dataType}, not a number` });
  }
  const number = dataType === int64 || dataType === uint64 ? readLong(value.value, dataType) : value.value;
  if (typeof number !== "number") return failed({ reason: "malformed", detail: "an array, not a number" });
  if (Number.isNaN(number))
    return failed({ reason: "missing-value", detail: "NaN says that there is no value" });
  return ok(number);
}

/** Of [high, low], 32 bits each. */
function readLong(value: unknown, dataType: number): number | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [high, low] = value as readonly unknown[];
  if (typeof high !== "number" || typeof low !== "number") return undefined;
  return (dataType === int64 ? high | 0 : high >>> 0) * 2 ** 32 + (low >>> 0);
}

/** Epoch ms of a value, by `time` or the next one that is there. */
export function timeOpcUaValue(value: OpcUaValue, time: OpcUaConfig["time"]): number {
  const candidates = time === "source" ? [value.sourceMs, value.serverMs] : [value.serverMs];
  const given = time === "arrival" ? undefined : candidates.find((each) => each >= earliestMs);
  return given ?? value.arrivedMs;
}
