import { describe, expect, it, test } from "vitest";
import type { ModbusChannelConfig, RegisterType } from "../../../src/core/contract/config/modbus-config.ts";
import {
  decodeRegisters,
  planRegisterBlocks,
  splitRegisterBlock,
} from "../../../src/core/ingest/modbus-registers.ts";

const channel = (
  name: string,
  address: number,
  type: RegisterType = "uint16",
  table: "holding" | "input" = "holding",
): ModbusChannelConfig => ({ name, address, type, table, unit: "kW", scale: 1, offset: 0, invalid: [] });

const decode = (
  type: RegisterType,
  registers: readonly number[],
  wordOrder: "high-first" | "low-first" = "high-first",
): number => decodeRegisters({ address: 10, type }, { address: 10, registers }, wordOrder);

describe("the number in registers", () => {
  // Bits by IEEE 754 and two's complement, written down by hand.
  it.each([
    ["uint16", [0xffff], 65_535],
    ["int16", [0xffff], -1],
    ["int16", [0x8000], -32_768],
    ["uint32", [0xffff, 0xfffe], 4_294_967_294],
    ["int32", [0xffff, 0xfffe], -2],
    ["int32", [0x0001, 0x0000], 65_536],
    ["float32", [0x42f6, 0xe979], Math.fround(123.456)],
    ["float32", [0xc120, 0x0000], -10],
    ["float64", [0x405e, 0xdd2f, 0x1a9f, 0xbe77], 123.456],
  ] as const)("%s of %j is %d, whichever register comes first", (type, registers, value) => {
    expect(decode(type, registers)).toBe(value);
    expect(decode(type, registers.toReversed(), "low-first")).toBe(value);
  });

  test("an infinity and a NaN stay what they are, for the data contract to refuse", () => {
    expect(decode("float32", [0x7f80, 0])).toBe(Number.POSITIVE_INFINITY);
    expect(decode("float32", [0x7fc0, 0])).toBeNaN();
  });

  test("registers that did not come are no number", () => {
    expect(decode("float32", [0x42f6])).toBeNaN();
    expect(
      decodeRegisters({ address: 9, type: "int16" }, { address: 10, registers: [1] }, "high-first"),
    ).toBeNaN();
  });
});

describe("blocks of registers", () => {
  test("neighbours and what lies a little apart are asked for at once, tables apart", () => {
    const channels = [
      channel("c", 30),
      channel("a", 10, "float32"),
      channel("b", 14),
      channel("d", 10, "int16", "input"),
    ];
    const blocks = planRegisterBlocks(channels, 120);
    expect(blocks.map(({ table, address, count }) => [table, address, count])).toEqual([
      ["holding", 10, 5],
      ["holding", 30, 1],
      ["input", 10, 1],
    ]);
    expect(blocks[0]!.channels.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  test("no block is longer than asked, and none tears a number apart", () => {
    const channels = Array.from({ length: 40 }, (_, index) => channel(`c${index}`, index * 2, "float32"));
    const blocks = planRegisterBlocks(channels, 5);
    expect(blocks).toHaveLength(20);
    expect(Math.max(...blocks.map(({ count }) => count))).toBe(4);
    expect(blocks.flatMap((block) => block.channels)).toHaveLength(40);
  });

  test("two channels may read one register, and one the halves of another", () => {
    const [block, ...others] = planRegisterBlocks(
      [channel("a", 10, "uint32"), channel("b", 10), channel("c", 11)],
      120,
    );
    expect(others).toEqual([]);
    expect(block).toMatchObject({ address: 10, count: 2 });
  });

  test("a split block asks for each channel by itself", () => {
    const [block] = planRegisterBlocks([channel("a", 10, "float32"), channel("b", 14)], 120);
    expect(splitRegisterBlock(block!).map(({ address, count }) => [address, count])).toEqual([
      [10, 2],
      [14, 1],
    ]);
  });
});
