import { describe, expect, it, test } from "vitest";
import { type OpcUaValue, readOpcUaNumber, timeOpcUaValue } from "../../../src/core/ingest/opcua-values.ts";

const arrivedMs = Date.UTC(2026, 5, 1);
const value = (changes: Partial<OpcUaValue> = {}): OpcUaValue => ({
  value: 12.5,
  dataType: 11,
  status: 0,
  statusName: "Good",
  sourceMs: arrivedMs - 2000,
  serverMs: arrivedMs - 1000,
  arrivedMs,
  arrivedMonotonicMs: 0,
  ...changes,
});

describe("the number of a value", () => {
  it.each([
    [11, 12.5, 12.5],
    [10, -1, -1],
    [4, -32_768, -32_768],
    [8, [0xffffffff, 0xfffffffe], -2],
    [9, [1, 0], 4_294_967_296],
    [9, [0xffffffff, 0xffffffff], 2 ** 64],
  ])("of type %d and %j is %d", (dataType, given, expected) => {
    expect(readOpcUaNumber(value({ dataType, value: given }))).toEqual({ ok: true, value: expected });
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
    ["text", { dataType: 12, value: "1" }, "malformed", "type 12"],
    ["a flag", { dataType: 1, value: true }, "malformed", "type 1"],
    ["nothing", { dataType: Number.NaN, value: undefined }, "malformed", "type NaN"],
    ["a list", { value: new Float64Array(2) }, "malformed", "an array"],
    [
      "a list of another length where 64 bits are due",
      { dataType: 8, value: [1, 2, 3] },
      "malformed",
      "an array",
    ],
    ["64 bits of texts", { dataType: 8, value: ["1", "2"] }, "malformed", "an array"],
  ] as const)("that is %s is set aside", (_name, changes, reason, detail) => {
    const read = readOpcUaNumber(value(changes));
    expect(read).toMatchObject({ ok: false, error: { reason } });
    expect(read.ok || read.error.detail).toContain(detail);
  });

  test("an infinity goes on to the data contract, which refuses it", () => {
    expect(readOpcUaNumber(value({ value: Number.POSITIVE_INFINITY })).ok).toBe(true);
  });
});

test("a value has the time that is asked for, or the next one that is there", () => {
  const none = { sourceMs: Number.NaN };
  const year1601 = { sourceMs: Date.UTC(1601, 0), serverMs: Date.UTC(1601, 0) };
  expect(timeOpcUaValue(value(), "source")).toBe(arrivedMs - 2000);
  expect(timeOpcUaValue(value(), "server")).toBe(arrivedMs - 1000);
  expect(timeOpcUaValue(value(), "arrival")).toBe(arrivedMs);
  expect(timeOpcUaValue(value(none), "source")).toBe(arrivedMs - 1000);
  expect(timeOpcUaValue(value(year1601), "source")).toBe(arrivedMs);
  // A clock that is ahead is the data contract's business.
  expect(timeOpcUaValue(value({ sourceMs: arrivedMs + 7_200_000 }), "source")).toBe(arrivedMs + 7_200_000);
});
