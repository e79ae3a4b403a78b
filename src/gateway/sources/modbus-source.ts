/**
 * Reads the registers of a Modbus TCP server every few seconds, in blocks, and makes readings of them. A server that is
 * gone is tried again, later each time; one unit that is silent, or at which the server hangs up, does not keep back the others.
 */
import type {
  ModbusChannelConfig,
  ModbusConfig,
  ModbusUnitConfig,
} from "../../core/contract/config/modbus-config.ts";
import { hostOf } from "../../core/contract/url-host.ts";
import {
  decodeRegisters,
  planRegisterBlocks,
  type RegisterBlock,
  splitRegisterBlock,
} from "../../core/ingest/modbus-registers.ts";
import { type BackoffOptions, createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { connectionSubject, createFaultNotes, describeFault, type FaultSubject } from "./fault-notes.ts";
import type { ModbusConnection, OpenModbus } from "./modbus-client.ts";
import { createPause } from "./pause.ts";
import type { ReadingSink, ReadingSource, SourceCondition } from "./reading-source.ts";
import { createReadingTeller } from "./reading-teller.ts";

interface ModbusSourceOptions {
  readonly config: ModbusConfig;
  /** Called until it returns. @throws AuroraError CONFIG_INVALID when it cannot be loaded. */
  readonly load: () => OpenModbus;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Default 1 s and 1 min. */
  readonly backoff?: BackoffOptions;
}

const connectionCure =
  "Check address, port and network, and whether another client holds the server's only connection.";
const unitCure = "Check the unit's number, its power, and the line behind the server.";
const registerCure = "Check table, address and type of the channel against the manual of the server.";

/** A unit, and how it is asked at present. */
interface PolledUnit {
  readonly config: ModbusUnitConfig;
  blocks: readonly RegisterBlock[];
}

/** Creates a source that does nothing until it is started. */
export function createModbusSource(options: ModbusSourceOptions): ReadingSource {
  const { config, clock, timers, logger } = options;
  const name = config.url;
  const url = new URL(config.url);
  const address = { host: hostOf(url), port: Number(url.port) };
  const backoff = createBackoff(options.backoff);
  const pause = createPause(timers);
  const faults = createFaultNotes(logger, name);
  const counts = { connections: 0, readings: 0, bad: 0 };
  const plan = (): PolledUnit[] =>
    config.units.map((unit) => ({
      config: unit,
      blocks: planRegisterBlocks(unit.channels, config.blockRegisters),
    }));
  let units = plan();
  let connection: ModbusConnection | null = null;
  let closing = false;
  let running: Promise<void> = Promise.resolve();

  let open: OpenModbus | undefined;

  const connect = async (): Promise<void> => {
    try {
      open ??= options.load();
      const opened = await open(address, config.timeoutSeconds * 1000);
      if (closing) {
        opened.close();
        return;
      }
      connection = opened;
      counts.connections++;
      // Another program may run there now.
      units = plan();
      if (counts.connections === 1) logger.info("connected to a Modbus server", { source: name });
    } catch (error) {
      // Not installed, refused, unreachable, silent: all alike until it answers.
      faults.note(connectionSubject, describeFault(error, connectionCure));
    }
  };

  const run = async (sink: ReadingSink): Promise<void> => {
    const read = createUnitReader({ sink, clock, faults, counts });
    let dueMs = clock.monotonicMs();
    /** A poll begins with it: behind the unit at which the server hung up last. */
    let first = 0;
    let next = 0;
    /** Units that the present poll has not asked yet. */
    let left = 0;
    /** Did any answer in this poll? */
    let answered = false;
    while (!closing) {
      if (connection === null) await connect();
      if (connection === null) {
        await pause.wait(backoff.nextMs());
        dueMs = clock.monotonicMs();
        continue;
      }
      if (left === 0) {
        next = first;
        left = units.length;
        answered = false;
      }
      while (left > 0 && connection.isOpen && !closing) {
        const unit = units[next]!;
        next = (next + 1) % units.length;
        left--;
        if (await read(connection, unit)) {
          answered = true;
          backoff.reset();
        }
      }
      if (closing) break;
      if (answered) faults.clear(connectionSubject);
      else if (left === 0) faults.note(connectionSubject, { detail: "no unit answers", cure: unitCure });
      if (!connection.isOpen) first = next;
      if (!answered || !connection.isOpen) {
        connection.close();
        connection = null;
      }
      if (!answered || left > 0) {
        await pause.wait(backoff.nextMs());
        continue;
      }
      // Polls that were missed are not made up for.
      dueMs = Math.max(dueMs + config.pollSeconds * 1000, clock.monotonicMs());
      await pause.wait(dueMs - clock.monotonicMs());
    }
  };

  return {
    start: async (sink) => {
      running = run(sink).catch((error: unknown) =>
        logger.error("a SCADA source ended", { source: name, error }),
      );
    },
    close: async () => {
      closing = true;
      pause.end();
      connection?.close();
      await running;
    },
    describe: (): SourceCondition => ({
      name,
      kind: "modbus",
      connected: connection?.isOpen ?? false,
      ...counts,
      faults: faults.list(),
    }),
  };
}

type ReadUnit = (connection: ModbusConnection, unit: PolledUnit) => Promise<boolean>;

/** Whether a raw number says that there is no value; one of 32 bits is near what is written, and no more: -99.9 is -99.9000015. */
function saysNothing({ type, invalid }: ModbusChannelConfig, raw: number): boolean {
  if (Number.isNaN(raw)) return true;
  return invalid.some((each) => raw === (type === "float32" ? Math.fround(each) : each));
}

interface UnitReaderParts {
  readonly sink: ReadingSink;
  readonly clock: Clock;
  readonly faults: ReturnType<typeof createFaultNotes>;
  readonly counts: { readings: number; bad: number };
}

/** Reads all blocks of a unit; resolves with false when it did not answer. */
function createUnitReader({ sink, clock, faults, counts }: UnitReaderParts): ReadUnit {
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
    const blocks = [...unit.blocks];
    for (let index = 0; index < blocks.length; index++) {
      const block = blocks[index]!;
      const answer = await connection.read({ ...block, unitId });
      switch (answer.kind) {
        case "registers":
          answered = true;
          faults.clear(whole);
          take(config, block, answer.registers);
          break;
        case "exception": {
          answered = true;
          if (block.channels.length > 1 && (answer.code === 2 || answer.code === 3)) {
            // One of them is not there, or what lies between them: each by itself from now on.
            blocks.splice(index--, 1, ...splitRegisterBlock(block));
            unit.blocks = [...blocks];
            break;
          }
          faults.clear(whole);
          for (const channel of block.channels) {
            faults.note(describeRegister(config, channel), { detail: answer.detail, cure: registerCure });
          }
          miss(config, block.channels, answer.detail);
          break;
        }
        case "failed": {
          faults.note(whole, { detail: answer.detail, cure: unitCure });
          // The rest of this unit would cost a time limit each.
          miss(
            config,
            blocks.slice(index).flatMap((each) => each.channels),
            answer.detail,
          );
          return answered;
        }
      }
    }
    return answered;
  };
}

function describeRegister(
  { turbine, unitId }: ModbusUnitConfig,
  { name, table, address }: ModbusChannelConfig,
): FaultSubject {
  return { code: "no-value", turbine, subject: `${name} (unit ${unitId}, ${table} ${address})` };
}
