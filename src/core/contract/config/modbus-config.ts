/** `modbus` of a gateway's configuration: Modbus TCP servers that SCADA values are read from. */
import { z } from "zod";
import { onDemand } from "../on-demand.ts";
import type { ConfigFinding, KeyPath } from "./config-finding.ts";
import { addressOf, isPort } from "./config-parts.ts";
import { mappedIdSchema, type ScaledChannel, scaledChannelShape } from "./scaled-channel.ts";

/** How the bits of registers are meant. */
const registerTypes = ["int16", "uint16", "int32", "uint32", "float32", "float64"] as const;
export type RegisterType = (typeof registerTypes)[number];

/** Registers of 16 bits that a number takes. */
export const registersOf: Readonly<Record<RegisterType, 1 | 2 | 4>> = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  float32: 2,
  float64: 4,
};

/** One value in the registers of a Modbus unit. */
export interface ModbusChannelConfig extends ScaledChannel {
  readonly table: "holding" | "input";
  /** As on the wire, from 0: register 40001 of a manual is holding 0. */
  readonly address: number;
  readonly type: RegisterType;
}

/** What one unit behind a Modbus server says of a turbine. */
export interface ModbusUnitConfig {
  readonly turbine: string;
  readonly unitId: number;
  /** Which register of a number of several comes first: the one with its highest bits, or with its lowest. */
  readonly wordOrder: "high-first" | "low-first";
  readonly channels: readonly ModbusChannelConfig[];
}

/** A Modbus TCP server. */
export interface ModbusConfig {
  readonly url: string;
  readonly pollSeconds: number;
  /** For a connection, and for each answer. */
  readonly timeoutSeconds: number;
  /** Most registers that are asked for at once. */
  readonly blockRegisters: number;
  readonly units: readonly ModbusUnitConfig[];
}

const modbusChannel = onDemand(() =>
  z.strictObject({
    ...scaledChannelShape(),
    table: z.enum(["holding", "input"]).default("holding").describe("Which registers"),
    address: z
      .int()
      .min(0)
      .max(65_535, "must be at most 65535: of a manual's register 400101 write 100, of holding registers")
      .describe("Address of the first register as on the wire, from 0 (40001 of a manual is holding 0)"),
    type: z.enum(registerTypes).describe("How the bits of the registers are meant"),
  }),
);

/** Validator of {@link ModbusConfig}, as many as there are servers. */
export const modbusSchema: () => z.ZodType<readonly ModbusConfig[], unknown> = onDemand(() =>
  z
    .array(
      z.strictObject({
        url: z
          .string()
          .regex(
            /^tcp:\/\/(\[[0-9A-Fa-f:]+\]|[^\s/:[\]@]{1,255}):\d{1,5}$/,
            "tcp://HOST:PORT, mostly port 502; a serial line (RTU) is read through a gateway that speaks Modbus TCP",
          )
          .refine(
            (url) => isPort(/:(\d+)$/.exec(url)?.[1] ?? "502"),
            "the port must be a number from 1 to 65535",
          )
          .describe(
            "The server: tcp://HOST:PORT, mostly port 502; a serial line (RTU) needs a gateway that speaks Modbus TCP",
          ),
        pollSeconds: z
          .number()
          .min(1)
          .max(3600)
          .default(10)
          .describe("Seconds between two looks at all registers; a bundle's rows are means of what is read"),
        timeoutSeconds: z
          .number()
          .min(0.1)
          .max(60)
          .default(3)
          .describe("Seconds that connecting, and each answer, may take"),
        blockRegisters: z
          .int()
          .min(4)
          .max(125)
          .default(120)
          .describe("Most registers that are asked for at once; a small controller takes fewer than 125"),
        units: z
          .array(
            z.strictObject({
              turbine: mappedIdSchema.describe("Turbine that it speaks of"),
              unitId: z.int().min(0).max(255).default(1).describe("Unit identifier behind the server"),
              wordOrder: z
                .enum(["high-first", "low-first"])
                .default("high-first")
                .describe("Which register of a number of 32 or 64 bits comes first"),
              channels: z.array(modbusChannel()).min(1).max(256),
            }),
          )
          .min(1)
          .max(256)
          .describe("Turbines behind the server"),
      }),
    )
    .max(256)
    .default([])
    .describe(
      "Modbus TCP servers that SCADA values are read from (needs the optional package modbus-serial)",
    ),
);

/** Registers beyond the last address or of two numbers, and servers that stand twice. */
export function checkModbus(modbus: readonly ModbusConfig[]): ConfigFinding[] {
  return modbus.flatMap(({ url, units }, server) => [
    ...(modbus.findIndex((other) => addressOf(other.url) === addressOf(url)) === server
      ? []
      : [
          {
            path: ["modbus", server, "url"],
            problem: "stands twice: a small server takes but one connection",
            write: "write all its units under one entry",
          },
        ]),
    ...units.flatMap(({ channels }, unit) =>
      channels.flatMap((channel, at) => {
        const path = ["modbus", server, "units", unit, "channels", at];
        const problem = describePlace(channel, channels);
        const misplaced = problem === null ? [] : [{ path: [...path, "address"], problem }];
        return [...misplaced, ...findUnmet(channel, [...path, "invalid"])];
      }),
    ),
  ]);
}

/** Answers that may come later than the next poll, addresses of a manual, and a speed whose register may say otherwise that there is none. */
export function warnOfModbus(modbus: readonly ModbusConfig[]): readonly ConfigFinding[] {
  return modbus.flatMap((config, server) => [
    ...warnOfTimeout(config, ["modbus", server, "timeoutSeconds"]),
    ...config.units.flatMap(({ channels }, unit) =>
      channels.flatMap((channel, at): ConfigFinding[] => {
        const path = ["modbus", server, "units", unit, "channels", at];
        return [...warnOfAddress(channel, path), ...warnOfSpeed(channel, path)];
      }),
    ),
  ]);
}

/** A silent unit costs a time limit at each poll. One alone keeps nobody waiting. */
function warnOfTimeout(
  { pollSeconds, timeoutSeconds, units }: ModbusConfig,
  path: KeyPath,
): readonly ConfigFinding[] {
  if (units.length === 1 || timeoutSeconds < pollSeconds) return [];
  const problem = `one unit that is silent takes ${timeoutSeconds} s of each poll, and a poll is due every ${pollSeconds} s (pollSeconds): the others are read more rarely then`;
  return [{ path, problem, write: `write less than ${pollSeconds}, or a longer pollSeconds` }];
}

/** A manual counts registers from 1 and puts the digit of their table in front. */
function warnOfAddress({ address, table }: ModbusChannelConfig, path: KeyPath): ConfigFinding[] {
  const begin = table === "holding" ? 40_001 : 30_001;
  if (address < begin || address >= begin + 9_999) return [];
  const onWire = address - begin;
  const problem = `is this a manual's number? Its register ${address} is ${table} ${onWire} on the wire`;
  const write = `write ${onWire}, unless the manual says that it counts from 0`;
  return [{ path: [...path, "address"], problem, write }];
}

/** Whole numbers have none for "no value", so that one of them is taken for it; in the middle of a type it may be a speed as well. */
function warnOfSpeed({ name, type, invalid }: ModbusChannelConfig, path: KeyPath): ConfigFinding[] {
  const whole = wholeNumbers[type];
  if (name !== "shaft-speed" || whole === undefined || whole.min < 0 || invalid.length > 0) return [];
  const half = 2 ** (whole.bits - 1);
  const problem = `a ${type} without a value holds a number all the same, often ${half - 1} or ${half}: measuring points would go by it`;
  const write = `write invalid: [${half - 1}, ${half}], or as the manual says`;
  return [{ path: [...path, "type"], problem, write }];
}

/**
 * The numbers, before scaling, by which a channel's registers say that there is no value: those that it names, and of a shaft speed
 * the ends of a whole number, where it would be cut off if it were one. Zero is a speed.
 */
export function listInvalid({ name, type, invalid }: ModbusChannelConfig): readonly number[] {
  const whole = wholeNumbers[type];
  if (name !== "shaft-speed" || whole === undefined) return invalid;
  const { min, bits } = whole;
  return [...invalid, min + 2 ** bits - 1, ...(min < 0 ? [min] : [])];
}

/** Smallest and largest whole number of a type, and the bits that it has. */
const wholeNumbers: Readonly<Partial<Record<RegisterType, { readonly min: number; readonly bits: number }>>> =
  {
    int16: { min: -32_768, bits: 16 },
    uint16: { min: 0, bits: 16 },
    int32: { min: -2_147_483_648, bits: 32 },
    uint32: { min: 0, bits: 32 },
  };

/** Numbers that say "no value" and that the registers never hold: what a broken sensor gives would be taken for a value. */
function findUnmet({ type, invalid }: ModbusChannelConfig, path: KeyPath): ConfigFinding[] {
  const whole = wholeNumbers[type];
  if (whole === undefined) return [];
  const { min } = whole;
  const span = 2 ** whole.bits;
  return invalid.flatMap((number, at): ConfigFinding[] => {
    if (Number.isInteger(number) && number >= min && number < min + span) return [];
    const problem = `registers that are read as ${type}, before scaling, never hold this number`;
    const meant = number < min ? number + span : number - span;
    const isOther = Number.isInteger(number) && meant >= min && meant < min + span;
    const write = isOther
      ? `write ${meant}, which are the same bits`
      : `write a whole number from ${min} to ${min + span - 1}`;
    return [{ path: [...path, at], problem, write }];
  });
}

/** What is wrong with where a number lies; null: nothing. One register may serve two channels, half a number none. */
function describePlace(channel: ModbusChannelConfig, all: readonly ModbusChannelConfig[]): string | null {
  const { address, type, table } = channel;
  const many = registersOf[type];
  if (address + many > 65_536) return `a ${type} takes ${many} registers, and the last address is 65535`;
  const torn = all.find(
    (other) => other.table === table && other.address > address && other.address < address + many,
  );
  if (torn === undefined) return null;
  return `${type} takes the registers ${address} to ${address + many - 1}, and ${torn.name} begins at ${torn.address}`;
}
