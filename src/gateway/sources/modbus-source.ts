/**
 * Reads the registers of a Modbus TCP server every few seconds, in blocks, and makes readings of them. A server that is
 * gone is tried again, later each time; units that are silent, or at which the server hangs up, do not keep back the others.
 */
import type { ModbusConfig, ModbusUnitConfig } from "../../core/contract/config/modbus-config.ts";
import { hostOf } from "../../core/contract/url-host.ts";
import { planRegisterBlocks, type RegisterBlock } from "../../core/ingest/modbus-registers.ts";
import { type BackoffOptions, createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { connectionSubject, createFaultNotes, describeFault } from "./fault-notes.ts";
import type { ModbusConnection, OpenModbus } from "./modbus-client.ts";
import { createUnitReader, type PolledUnit, unitCure } from "./modbus-unit-reader.ts";
import { createPause } from "./pause.ts";
import { createPollPace } from "./poll-pace.ts";
import type { ReadingSink, ReadingSource, SourceCondition } from "./reading-source.ts";

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
const pollCure =
  "Raise pollSeconds, lower timeoutSeconds, or map fewer units behind this server: rows need half of their polls.";

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
  const plan = (unit: ModbusUnitConfig): readonly RegisterBlock[] =>
    planRegisterBlocks(unit.channels, config.blockRegisters);
  const units = config.units.map(
    (unit): PolledUnit => ({ config: unit, blocks: plan(unit), hasMissed: false, silentSince: null }),
  );
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
      for (const unit of units) unit.blocks = plan(unit.config);
      if (counts.connections === 1) logger.info("connected to a Modbus server", { source: name });
    } catch (error) {
      // Not installed, refused, unreachable, silent: all alike until it answers.
      faults.note(connectionSubject, describeFault(error, connectionCure));
    }
  };

  const run = async (sink: ReadingSink): Promise<void> => {
    const read = createUnitReader({ sink, clock, faults, counts });
    let dueMs = clock.monotonicMs();
    let beganMs = dueMs;
    /** A poll begins with it: behind the unit at which the server hung up last. */
    let first = 0;
    let polls = 0;
    /** Units that the present poll has not asked yet. */
    let left: PolledUnit[] = [];
    /** Did any answer in this poll? */
    let answered = false;
    let failure = "";
    const ask = async (unit: PolledUnit, asked: ModbusConnection): Promise<void> => {
      const answer = await read(asked, unit);
      if (!asked.isOpen) first = (units.indexOf(unit) + 1) % units.length;
      const wasSilent = unit.silentSince !== null;
      const isSilent = answer.isSilent && asked.isOpen;
      unit.silentSince = isSilent && unit.hasMissed ? polls : null;
      unit.hasMissed = isSilent;
      failure = answer.failure ?? failure;
      if (answer.answered) {
        answered = true;
        backoff.reset();
      }
      // Each silent one costs a time limit: the others have their turn in later polls, unless nobody answers at all.
      if (wasSilent && answered && unit.silentSince !== null) left = [];
    };
    const notePace = createPollPace({
      faults,
      what: `${units.length} units`,
      key: "pollSeconds",
      seconds: config.pollSeconds,
      cure: pollCure,
    });
    while (!closing) {
      if (connection === null) await connect();
      if (connection === null) {
        await pause.wait(backoff.nextMs());
        dueMs = clock.monotonicMs();
        continue;
      }
      if (left.length === 0) {
        left = orderUnits([...units.slice(first), ...units.slice(0, first)]);
        polls++;
        answered = false;
        beganMs = clock.monotonicMs();
      }
      while (left.length > 0 && connection.isOpen && !closing) await ask(left.shift()!, connection);
      if (closing) break;
      if (answered) faults.clear(connectionSubject);
      else if (left.length === 0) {
        faults.note(connectionSubject, { detail: `no unit answers: ${failure}`, cure: unitCure });
      }
      if (!answered || !connection.isOpen) {
        connection.close();
        connection = null;
      }
      if (!answered || left.length > 0) {
        await pause.wait(backoff.nextMs());
        continue;
      }
      notePace(clock.monotonicMs() - beganMs);
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

/** Silent ones come last, and of them who was not asked for longest. */
function orderUnits(units: readonly PolledUnit[]): PolledUnit[] {
  return units.toSorted((a, b) => (a.silentSince ?? 0) - (b.silentSince ?? 0));
}
