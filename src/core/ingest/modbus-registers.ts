/**
 * What stands in the registers of a Modbus unit: which of them are asked for together, and what number their bits mean.
 * Scales nothing, and takes no bits for another type than the configuration says.
 */
import {
  type ModbusChannelConfig,
  type ModbusUnitConfig,
  registersOf,
} from "../contract/config/modbus-config.ts";

/** Registers that are asked for at once. */
export interface RegisterBlock {
  readonly table: ModbusChannelConfig["table"];
  readonly address: number;
  readonly count: number;
  /** Channels that lie in it, by their addresses. */
  readonly channels: readonly ModbusChannelConfig[];
}

/** Registers between two channels that nobody asked for are read with them, up to so many: cheaper than another request. */
const maxGap = 8;

/** Plans as few requests as `maxRegisters` allows; no channel is torn apart. */
export function planRegisterBlocks(
  channels: readonly ModbusChannelConfig[],
  maxRegisters: number,
): readonly RegisterBlock[] {
  const blocks: RegisterBlock[] = [];
  for (const table of ["holding", "input"] as const) {
    const sorted = channels
      .filter((channel) => channel.table === table)
      .sort((a, b) => a.address - b.address || registersOf[a.type] - registersOf[b.type]);
    let open: RegisterBlock | undefined;
    for (const channel of sorted) {
      const end = channel.address + registersOf[channel.type];
      const openEnd = open === undefined ? 0 : open.address + open.count;
      if (open !== undefined && channel.address <= openEnd + maxGap && end - open.address <= maxRegisters) {
        const count = Math.max(openEnd, end) - open.address;
        open = { ...open, count, channels: [...open.channels, channel] };
        blocks[blocks.length - 1] = open;
        continue;
      }
      open = { table, address: channel.address, count: end - channel.address, channels: [channel] };
      blocks.push(open);
    }
  }
  return blocks;
}

/** A block for each channel of `block`, for a server that refuses what lies between them. */
export function splitRegisterBlock(block: RegisterBlock): readonly RegisterBlock[] {
  return block.channels.map((channel) => ({
    table: block.table,
    address: channel.address,
    count: registersOf[channel.type],
    channels: [channel],
  }));
}

/**
 * The number in the registers of a channel; NaN where they hold none, or are not in the block.
 * @param block what was answered, each register 0 to 65535
 */
export function decodeRegisters(
  { address, type }: Pick<ModbusChannelConfig, "address" | "type">,
  block: { readonly address: number; readonly registers: readonly number[] },
  wordOrder: ModbusUnitConfig["wordOrder"],
): number {
  const count = registersOf[type];
  const from = address - block.address;
  if (from < 0 || from + count > block.registers.length) return Number.NaN;
  const view = new DataView(new ArrayBuffer(8));
  for (let index = 0; index < count; index++) {
    const place = wordOrder === "high-first" ? index : count - 1 - index;
    view.setUint16(place * 2, block.registers[from + index]!);
  }
  switch (type) {
    case "int16":
      return view.getInt16(0);
    case "uint16":
      return view.getUint16(0);
    case "int32":
      return view.getInt32(0);
    case "uint32":
      return view.getUint32(0);
    case "float32":
      return view.getFloat32(0);
    case "float64":
      return view.getFloat64(0);
  }
}
