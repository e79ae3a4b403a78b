/**
 * What a value of an OPC UA server says: which number, and how good. Everything in it is a stranger's: what has no number, or
 * is not said to be good, is set aside with a reason. Its time stamps are not read (ADR 49).
 */
import type { OpcUaChannelConfig } from "../contract/config/opcua-config.ts";
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
}

/** Why a value is set aside. */
export interface OpcUaFault {
  readonly reason: QuarantineReason;
  readonly detail: string;
}

/** Built-in types by their numbers; those of numbers are SByte to Double. */
const typeNames =
  "Null Boolean SByte Byte Int16 UInt16 Int32 UInt32 Int64 UInt64 Float Double String DateTime Guid ByteString XmlElement NodeId ExpandedNodeId StatusCode QualifiedName LocalizedText ExtensionObject DataValue Variant DiagnosticInfo".split(
    " ",
  );
const firstNumber = 2;
const lastNumber = 11;
const int64 = 8;
const uint64 = 9;
const float = 10;
/** BadWaitingForInitialData. */
const waitingForFirst = 0x8032;

/** Of a status that says that the server does not have the node (any more): BadNodeIdInvalid, BadNodeIdUnknown. */
export function saysNoNode({ status }: Pick<OpcUaValue, "status">): boolean {
  const code = status >>> 16;
  return code === 0x8033 || code === 0x8034;
}

/**
 * The number of a value that its server calls good; an uncertain one (last usable, sensor not accurate) is not.
 * @param channel its `invalid` are numbers by which the server says that there is no value; so are, of a shaft speed, the ends of a
 * whole number, where it would be cut off if it were one
 */
export function readOpcUaNumber(
  value: OpcUaValue,
  { name, invalid }: Pick<OpcUaChannelConfig, "name" | "invalid">,
): Result<number, OpcUaFault> {
  // The two highest bits of a status code are its severity: good, uncertain, bad (OPC 10000-4, 7.39).
  const severity = value.status >>> 30;
  const { dataType } = value;
  const isWaiting = value.status >>> 16 === waitingForFirst;
  if (isWaiting || (severity === 0 && isNothing(value)))
    return failed({ reason: "missing-value", detail: "the server has no value of it yet" });
  if (severity !== 0) {
    const name = value.statusName.slice(0, 64);
    return failed({ reason: "missing-value", detail: `${severity === 1 ? "uncertain" : "bad"}: ${name}` });
  }
  if (!(dataType >= firstNumber && dataType <= lastNumber)) {
    const type = typeNames[Number.isNaN(dataType) ? 0 : dataType] ?? dataType;
    return failed({ reason: "malformed", detail: `a value of type ${type}, not a number` });
  }
  const number = dataType === int64 || dataType === uint64 ? readLong(value.value, dataType) : value.value;
  if (typeof number !== "number") return failed({ reason: "malformed", detail: "an array, not a number" });
  // A Float is near what is written, and no more: -99.9 is -99.9000015.
  if (
    !Number.isFinite(number) ||
    invalid.some((each) => number === (dataType === float ? Math.fround(each) : each)) ||
    (name === "shaft-speed" && listEnds(dataType).includes(number))
  )
    return failed({ reason: "missing-value", detail: `${number} says that there is no value` });
  return ok(number);
}

/** Smallest and largest number of a whole type of at most 32 bits, zero left out: SByte, Byte, Int16 and so on. */
function listEnds(dataType: number): readonly number[] {
  if (dataType >= int64) return [];
  const values = 2 ** (8 << ((dataType - firstNumber) >> 1));
  return dataType % 2 === 0 ? [-values / 2, values / 2 - 1] : [values - 1];
}

/** Null, or a list of nothing: a server that has not read its device yet may say either, and call it good. */
function isNothing({ value, dataType }: OpcUaValue): boolean {
  if (Number.isNaN(dataType) || dataType === 0 || value === null || value === undefined) return true;
  return (Array.isArray(value) || ArrayBuffer.isView(value)) && (value as { length?: number }).length === 0;
}

/** Of [high, low], 32 bits each. */
function readLong(value: unknown, dataType: number): number | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [high, low] = value as readonly unknown[];
  if (typeof high !== "number" || typeof low !== "number") return undefined;
  return (dataType === int64 ? high | 0 : high >>> 0) * 2 ** 32 + (low >>> 0);
}
