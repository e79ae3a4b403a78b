/** Reads the registers of one unit behind a Modbus server, block by block, and says what is wrong with it or with a register, and what to do. */
import {
  listInvalid,
  type ModbusChannelConfig,
  type ModbusUnitConfig,
} from "../../core/contract/config/modbus-config.ts";
import {
  decodeRegisters,
  type RegisterBlock,
  splitRegisterBlock,
} from "../../core/ingest/modbus-registers.ts";
import type { Clock } from "../../core/platform/clock.ts";
import type { FaultNotes, FaultSubject } from "./fault-notes.ts";
import type { ModbusConnection } from "./modbus-client.ts";
import type { ReadingSink } from "./reading-source.ts";
import { createReadingTeller } from "./reading-teller.ts";

/** A unit, and how it is asked at present. */
export interface PolledUnit {
  readonly config: ModbusUnitConfig;
  blocks: readonly RegisterBlock[];
  /** Had it no answer at all when it was last asked? */
  hasMissed: boolean;
  /** The poll in which it last had none, twice in a row at least; null: not so, one answer may be lost. */
  silentSince: number | null;
}

interface UnitAnswer {
  readonly answered: boolean;
  /** Nothing came of the unit itself. */
  readonly isSilent: boolean;
  /** Why (the rest of) it could not be read; null: it could. */
  readonly failure: string | null;
}

type ReadUnit = (connection: ModbusConnection, unit: PolledUnit) => Promise<UnitAnswer>;

interface UnitReaderParts {
  readonly sink: ReadingSink;
  readonly clock: Clock;
  readonly faults: FaultNotes;
  readonly counts: { readings: number; bad: number };
}

export const unitCure = "Check the unit's number, its power, and the line behind the server.";
const registerCure = "Check table, address and type of the channel against the manual of the server.";
/** Exceptions that are no matter of the mapping (Modbus Application Protocol 1.1b3, section 7). */
const exceptionCures: Readonly<Record<number, string>> = {
  1: "Write the other table of the channel: the server does not read this one.",
  4: "The server itself failed to read it: look at its own display or log, and at the sensor behind it.",
  5: "The server is at work on something longer: raise pollSeconds if it stays so.",
  6: "The server is busy: raise pollSeconds, or let other clients ask it less often.",
  8: "The memory of the server is damaged: have it looked at.",
  10: "The gateway behind this address has no way to the unit: check its list of units and ports.",
  11: "The gateway behind this address hears nothing of the unit: check the unit's number, its power, and the line to it.",
};
/** Of a gateway before units on a serial line: it answers in their place that they do not. */
const unitIsSilent: ReadonlySet<number> = new Set([10, 11]);

/** Reads all blocks of a unit, until one has no answer. */
export function createUnitReader({ sink, clock, faults, counts }: UnitReaderParts): ReadUnit {
  const teller = createReadingTeller(sink, counts);

  /** Nothing came of these channels. */
  const miss = (
    { turbine }: ModbusUnitConfig,
    channels: readonly ModbusChannelConfig[],
    detail: string,
  ): void => {
    const fault = { reason: "missing-value", detail, timestampMs: clock.nowMs() } as const;
    for (const channel of channels) teller.setAside({ turbine, channel }, fault);
  };

  const take = (unit: ModbusUnitConfig, block: RegisterBlock, registers: readonly number[]): void => {
    const arrivedMs = clock.nowMs();
    const at = { timestampMs: arrivedMs, arrivedMs, arrivedMonotonicMs: clock.monotonicMs() };
    for (const channel of block.channels) {
      const raw = decodeRegisters(channel, { address: block.address, registers }, unit.wordOrder);
      const register = describeRegister(unit, channel);
      if (saysNothing(channel, raw)) {
        const detail = `${raw} says that there is no value`;
        faults.note(register, { detail, cure: registerCure });
        miss(unit, [channel], `${register.subject}: ${detail}`);
        continue;
      }
      faults.clear(register);
      teller.tell({ turbine: unit.turbine, channel }, raw, at);
    }
  };

  return async (connection, unit) => {
    const { config } = unit;
    const { unitId, turbine } = config;
    const whole: FaultSubject = { code: "no-answer", turbine, subject: `unit ${unitId}` };
    let answered = false;
    let isSilent = true;
    const blocks = [...unit.blocks];
    for (let index = 0; index < blocks.length; index++) {
      const block = blocks[index]!;
      const unasked = (): readonly ModbusChannelConfig[] =>
        blocks.slice(index).flatMap(({ channels }) => channels);
      const answer = await connection.read({ ...block, unitId });
      switch (answer.kind) {
        case "registers":
          answered = true;
          isSilent = false;
          take(config, block, answer.registers);
          break;
        case "exception": {
          answered = true;
          isSilent &&= unitIsSilent.has(answer.code);
          if (block.channels.length > 1 && (answer.code === 2 || answer.code === 3)) {
            // One of them is not there, or what lies between them: each by itself from now on.
            blocks.splice(index--, 1, ...splitRegisterBlock(block));
            unit.blocks = [...blocks];
            break;
          }
          const { code, detail } = answer;
          const cure = exceptionCures[code] ?? registerCure;
          if (unitIsSilent.has(code)) {
            faults.note(whole, { detail, cure });
            miss(config, unasked(), detail);
            return { answered, isSilent, failure: detail };
          }
          for (const channel of block.channels)
            faults.note(describeRegister(config, channel), { detail, cure });
          miss(config, block.channels, detail);
          break;
        }
        case "failed": {
          faults.note(whole, { detail: answer.detail, cure: unitCure });
          // The rest of this unit would cost a time limit each.
          miss(config, unasked(), answer.detail);
          return { answered, isSilent, failure: answer.detail };
        }
      }
    }
    faults.clear(whole);
    return { answered, isSilent, failure: null };
  };
}

function describeRegister(
  { turbine, unitId }: ModbusUnitConfig,
  { name, table, address }: ModbusChannelConfig,
): FaultSubject {
  return { code: "no-value", turbine, subject: `${name} (unit ${unitId}, ${table} ${address})` };
}

/** Whether a raw number says that there is no value; one of 32 bits is near what is written, and no more: -99.9 is -99.9000015. */
function saysNothing(channel: ModbusChannelConfig, raw: number): boolean {
  if (!Number.isFinite(raw)) return true;
  return listInvalid(channel).some((each) => raw === (channel.type === "float32" ? Math.fround(each) : each));
}
