import { describe, expect, it, test } from "vitest";
import { type OpcUaValue, readOpcUaNumber, saysNoNode } from "../../../src/core/ingest/opcua-values.ts";

const value = (changes: Partial<OpcUaValue> = {}): OpcUaValue => ({
  value: 12.5,
  dataType: 11,
  status: 0,
  statusName: "Good",
  ...changes,
});

const channel = { name: "power", invalid: [] };

describe("the number of a value", () => {
  it.each([
    [11, 12.5, 12.5],
    [10, -1, -1],
    [4, -32_768, -32_768],
    [8, [0xffffffff, 0xfffffffe], -2],
    [9, [1, 0], 4_294_967_296],
    [9, [0xffffffff, 0xffffffff], 2 ** 64],
  ])("of type %d and %j is %d", (dataType, given, expected) => {
    expect(readOpcUaNumber(value({ dataType, value: given }), channel)).toEqual({
      ok: true,
      value: expected,
    });
  });

  it.each([
    ["bad", { status: 0x808c0000, statusName: "BadSensorFailure" }, "missing-value", "bad: BadSensorFailure"],
    [
      "uncertain",
      { status: 0x40900000, statusName: "UncertainLast" },
      "missing-value",
      "uncertain: UncertainLast",
    ],
    ["of a severity that is none", { status: 0xc0000000, statusName: "X" }, "missing-value", "bad: X"],
    ["NaN", { value: Number.NaN }, "missing-value", "NaN"],
    ["an infinity", { value: Number.NEGATIVE_INFINITY }, "missing-value", "-Infinity says"],
    ["text", { dataType: 12, value: "1" }, "malformed", "type String"],
    ["a flag", { dataType: 1, value: true }, "malformed", "type Boolean"],
    ["a time", { dataType: 13, value: new Date(0) }, "malformed", "type DateTime"],
    ["nothing", { dataType: Number.NaN, value: undefined }, "missing-value", "no value of it yet"],
    ["Null", { dataType: 0, value: null }, "missing-value", "no value of it yet"],
    ["a list of nothing", { value: new Float64Array(0) }, "missing-value", "no value of it yet"],
    [
      "not there yet",
      { status: 0x80320000, statusName: "BadWaitingForInitialData" },
      "missing-value",
      "no value of it yet",
    ],
    ["of a type that is none", { dataType: 99, value: 1 }, "malformed", "type 99"],
    ["a list", { value: new Float64Array(2) }, "malformed", "an array"],
    [
      "a list of another length where 64 bits are due",
      { dataType: 8, value: [1, 2, 3] },
      "malformed",
      "an array",
    ],
    ["64 bits of texts", { dataType: 8, value: ["1", "2"] }, "malformed", "an array"],
  ] as const)("that is %s is set aside", (_name, changes, reason, detail) => {
    const read = readOpcUaNumber(value(changes), channel);
    expect(read).toMatchObject({ ok: false, error: { reason } });
    expect(read.ok || read.error.detail).toContain(detail);
  });
});

test.each([
  [11, 6553.5, [6553.5]],
  [5, 65_535, [32_767, 65_535]],
  // As it comes of 32 bits.
  [10, Math.fround(-99.9), [-99.9]],
])("of type %d, %d is no value where it is written so", (dataType, given, invalid) => {
  const number = value({ dataType, value: given });
  expect(readOpcUaNumber(number, { ...channel, invalid })).toMatchObject({
    ok: false,
    error: { reason: "missing-value" },
  });
  expect(readOpcUaNumber(number, { ...channel, invalid: [0] })).toMatchObject({ ok: true });
});

test.each([
  ["BadNodeIdUnknown", 0x80340000, true],
  ["BadNodeIdInvalid", 0x80330000, true],
  ["BadSensorFailure", 0x808c0000, false],
  ["Good", 0, false],
])("that a server no longer has a node is said by %s", (_name, status, expected) => {
  expect(saysNoNode({ status })).toBe(expected);
});

test.each([
  [2, [-128, 127], -127],
  [3, [255], 0],
  [4, [-32_768, 32_767], 32_766],
  [5, [65_535], 0],
  [6, [-2_147_483_648, 2_147_483_647], 65_535],
  [7, [4_294_967_295], 0],
  [11, [], 65_535],
])("of type %d %j are no shaft speed, and of other channels they are values", (dataType, ends, speed) => {
  const read = (number: number, name: string) =>
    readOpcUaNumber(value({ dataType, value: number }), { name, invalid: [] });
  for (const end of ends) {
    expect(read(end, "shaft-speed")).toMatchObject({ ok: false, error: { reason: "missing-value" } });
    expect(read(end, "power")).toEqual({ ok: true, value: end });
  }
  expect(read(speed, "shaft-speed")).toEqual({ ok: true, value: speed });
});
