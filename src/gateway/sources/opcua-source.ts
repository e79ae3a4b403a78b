/**
 * Reads variables of an OPC UA server by a subscription, and makes a reading of each every few seconds. A server tells
 * what changes: as long as it is there, a value that it does not speak of is still the same. A server that is gone,
 * or silent, is tried again, later each time.
 */
import type { OpcUaChannelConfig, OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import {
  type OpcUaFault,
  type OpcUaValue,
  readOpcUaNumber,
  timeOpcUaValue,
} from "../../core/ingest/opcua-values.ts";
import { type BackoffOptions, createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import {
  connectionSubject,
  createFaultNotes,
  describeFault,
  type FaultNotes,
  type FaultSubject,
} from "./fault-notes.ts";
import type { OpcUaSink, OpenOpcUa } from "./opcua-client.ts";
import { readOpcUaLogin } from "./opcua-login.ts";
import { createPause } from "./pause.ts";
import type { ReadingSink, ReadingSource } from "./reading-source.ts";
import { createReadingTeller } from "./reading-teller.ts";

interface OpcUaSourceOptions {
  readonly config: OpcUaConfig;
  /** Called until it returns. @throws AuroraError CONFIG_INVALID when it cannot be loaded. */
  readonly load: () => OpenOpcUa;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Default 1 s and 1 min. */
  readonly backoff?: BackoffOptions;
}

const connectionCure =
  "Check address and network, the user and password, and whether the server trusts this gateway's certificate.";
const nodeCure = "Check the id of the node at the server, and whether this user may read it.";

/** A node, and what was last heard of it in this session. */
interface Watched {
  readonly turbine: string;
  readonly channel: OpcUaChannelConfig;
  /** Heard since the last reading. */
  isNew: boolean;
  value: OpcUaValue | null;
  refusal: string | null;
  /** Time of the last value that was told, and when it came; its clock may be another one than ours. */
  toldMs: number;
}

/** More values than so many between two readings, and as many for each node, are a flood. */
const floodBase = 1000;
const floodPerNode = 20;

/** Creates a source that does nothing until it is started. */
export function createOpcUaSource(options: OpcUaSourceOptions): ReadingSource {
  const { config, stateDir, clock, timers, logger } = options;
  const name = config.url;
  const everyMs = config.everySeconds * 1000;
  const backoff = createBackoff(options.backoff);
  const pause = createPause(timers);
  const faults = createFaultNotes(logger, name);
  const counts = { connections: 0, readings: 0, bad: 0 };
  let closing = false;
  let connected = false;
  let running: Promise<void> = Promise.resolve();

  let open: OpenOpcUa | undefined;

  const serve = async (sink: ReadingSink): Promise<void> => {
    open ??= options.load();
    // What is renewed, or mended, serves from the next session on.
    const login = await readOpcUaLogin(config);
    const watched = listWatched(config);
    let loss: string | null = null;
    let heardMs = clock.monotonicMs();
    let told = 0;
    const listener: OpcUaSink = {
      onValue: (index, value) => {
        heardMs = clock.monotonicMs();
        told++;
        const node = watched[index];
        if (node === undefined) return;
        node.value = { ...value, arrivedMs: clock.nowMs(), arrivedMonotonicMs: heardMs };
        node.isNew = true;
      },
      onRefused: (index, detail) => {
        const node = watched[index];
        if (node !== undefined) node.refusal = detail;
      },
      onSign: () => {
        heardMs = clock.monotonicMs();
      },
      onLost: (detail) => {
        loss ??= detail;
      },
    };
    const nodes = watched.map(({ channel }) => channel.node);
    const session = await open({ config, login, nodes, stateDir }, listener);
    connected = true;
    counts.connections++;
    if (counts.connections === 1) logger.info("connected to an OPC UA server", { source: name });
    const tell = createTeller({ config, sink, clock, faults, counts });
    const silentMs = 3 * everyMs + config.timeoutSeconds * 1000;
    while (!closing && loss === null) {
      await pause.wait(everyMs);
      if (clock.monotonicMs() - heardMs > silentMs) loss ??= "the server is silent";
      if (told > floodBase + floodPerNode * watched.length)
        loss ??= "the server sends more than was asked for";
      told = 0;
      if (closing || loss !== null) break;
      faults.clear(connectionSubject);
      backoff.reset();
      for (const node of watched) tell(node);
    }
    connected = false;
    await session.close();
    if (loss !== null) throw new Error(loss);
  };

  const run = async (sink: ReadingSink): Promise<void> => {
    while (!closing) {
      try {
        await serve(sink);
      } catch (error) {
        // Not installed, a file that is not there, refused, not trusted, lost: all alike until it is well.
        if (!closing) faults.note(connectionSubject, describeFault(error, connectionCure));
      }
      await pause.wait(backoff.nextMs());
    }
  };

  return {
    start: async (sink) => {
      running = run(sink);
    },
    close: async () => {
      closing = true;
      pause.end();
      await running;
    },
    describe: () => ({ name, kind: "opcua", connected, ...counts, faults: faults.list() }),
  };
}

function listWatched({ turbines }: OpcUaConfig): readonly Watched[] {
  return turbines.flatMap(({ turbine, channels }) =>
    channels.map((channel): Watched => {
      return { turbine, channel, isNew: false, value: null, refusal: null, toldMs: Number.NEGATIVE_INFINITY };
    }),
  );
}

interface TellerParts {
  readonly config: OpcUaConfig;
  readonly sink: ReadingSink;
  readonly clock: Clock;
  readonly faults: FaultNotes;
  readonly counts: { readings: number; bad: number };
}

/** Tells the sink of a node, once an interval. */
function createTeller({ config, sink, clock, faults, counts }: TellerParts): (node: Watched) => void {
  const everyMs = config.everySeconds * 1000;

  const teller = createReadingTeller(sink, counts);

  const setAside = (node: Watched, { reason, detail }: OpcUaFault): void => {
    const of = describeNode(node);
    faults.note(of, { detail, cure: nodeCure });
    teller.setAside(node, { reason, detail: `${of.subject}: ${detail}`, timestampMs: clock.nowMs() });
  };

  return (node) => {
    const { value } = node;
    if (node.refusal !== null) {
      setAside(node, { reason: "missing-value", detail: `the server refuses it: ${node.refusal}` });
      return;
    }
    if (value === null) {
      setAside(node, { reason: "missing-value", detail: "the server has not told a value yet" });
      return;
    }
    const number = readOpcUaNumber(value);
    if (!number.ok) {
      setAside(node, number.error);
      return;
    }
    faults.clear(describeNode(node));
    const stampMs = timeOpcUaValue(value, config.time);
    const heldMs = clock.monotonicMs() - value.arrivedMonotonicMs;
    // A change that is on its way may be an interval old: what is repeated is said of the time before that.
    const timestampMs = node.isNew ? stampMs : stampMs + heldMs - everyMs;
    if (!node.isNew && !(timestampMs > node.toldMs)) return;
    node.isNew = false;
    node.toldMs = timestampMs;
    const arrival = { arrivedMs: clock.nowMs(), arrivedMonotonicMs: clock.monotonicMs() };
    teller.tell(node, number.value, { timestampMs, ...arrival });
  };
}

function describeNode({ turbine, channel }: Watched): FaultSubject {
  return { code: "no-value", turbine, subject: `${channel.name} (${channel.node})` };
}
