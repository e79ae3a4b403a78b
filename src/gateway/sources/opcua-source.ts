/**
 * Reads variables of an OPC UA server by a subscription, and makes a reading of each every few seconds. A server that is
 * gone, or silent for longer than it has agreed to, is tried again, later each time.
 */
import type { OpcUaConfig } from "../../core/contract/config/opcua-config.ts";
import { createNodeFinder } from "../../core/ingest/opcua-nodes.ts";
import { type BackoffOptions, createBackoff } from "../../core/platform/backoff.ts";
import type { Clock, Timers } from "../../core/platform/clock.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { connectionSubject, createFaultNotes, describeFault } from "./fault-notes.ts";
import type { OpcUaConnection, OpcUaOpened, OpenOpcUa } from "./opcua-client.ts";
import { cureConnection } from "./opcua-cures.ts";
import { readOpcUaLogin } from "./opcua-login.ts";
import type { OpcUaSink } from "./opcua-subscription.ts";
import { createNodeWatch } from "./opcua-watch.ts";
import { createPause } from "./pause.ts";
import { createPollPace } from "./poll-pace.ts";
import type { ReadingSink, ReadingSource } from "./reading-source.ts";

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

/** A session is judged at every reading, and this often where readings are rarer, ms. */
const judgeMs = 10_000;
/** More values than so many between two judgements, and as many for each node, are a flood. */
const floodBase = 1000;
const floodPerNode = 20;
/** Where a sign did not come the next one is waited for, but no longer than this for both, ms. */
const longestSilenceMs = 120_000;
/** Nodes that a server does not have are asked for again after so long, ms. */
const retryMs = 60_000;
/** A session that does not end within this time, ms, is left to itself: others wait for whoever closes. */
const closeMs = 2000;

const pollCure =
  "Let the server watch more nodes, raise everySeconds, or map fewer: rows need half of their readings.";

/** What has become of a session. */
interface Session {
  opened: OpcUaOpened | null;
  loss: Error | null;
  /** When it last gave a sign. */
  heardMs: number;
  /** Values since it was last judged. */
  told: number;
}

/** Creates a source that does nothing until it is started. */
export function createOpcUaSource(options: OpcUaSourceOptions): ReadingSource {
  const { config, stateDir, clock, timers, logger } = options;
  const name = config.url;
  const everyMs = config.everySeconds * 1000;
  const timeoutMs = config.timeoutSeconds * 1000;
  const backoff = createBackoff(options.backoff);
  const pause = createPause(timers);
  const faults = createFaultNotes(logger, name);
  const counts = { connections: 0, readings: 0, bad: 0 };
  const nodes = config.turbines.flatMap(({ channels }) => channels.map(({ node }) => node));
  const findNodes = createNodeFinder(nodes);
  let closing = false;
  let connected = false;
  let running: Promise<void> = Promise.resolve();

  let open: OpenOpcUa | undefined;

  /** Opens a session and reads it until it is lost, or this source is closed. @throws what it was lost by */
  const serve = async (sink: ReadingSink): Promise<void> => {
    open ??= options.load();
    // What is renewed, or mended, serves from the next session on.
    const login = await readOpcUaLogin(config);
    const watch = createNodeWatch({ config, sink, clock, faults, counts });
    const session: Session = { opened: null, loss: null, heardMs: clock.monotonicMs(), told: 0 };
    const lose = (loss: unknown): void => {
      if (session.loss !== null) return;
      session.loss = loss instanceof Error ? loss : new Error(String(loss));
      pause.wake();
    };
    const isOver = (): boolean => closing || session.loss !== null;
    const judgeSilence = (longestMs: number): void => {
      if (clock.monotonicMs() - session.heardMs >= longestMs) lose("the server is silent");
    };
    const listener: OpcUaSink = {
      onValue: (index, value) => {
        session.heardMs = clock.monotonicMs();
        session.told++;
        watch.take(index, value);
      },
      onPolled: (index, value) => {
        // A late answer says nothing of now.
        if (isOver()) return;
        // Of an opening each answer is a sign.
        if (session.opened === null) session.heardMs = clock.monotonicMs();
        watch.takePolled(index, value);
      },
      onWatched: watch.expect,
      onRefused: watch.refuse,
      onSign: () => {
        session.heardMs = clock.monotonicMs();
      },
      onLost: lose,
    };

    const awaitOpening = async ({ opened }: OpcUaConnection): Promise<void> => {
      opened.then((value) => {
        session.opened = value;
        pause.wake();
      }, lose);
      // In some steps several answers are due.
      const longestMs = 3 * timeoutMs;
      while (!isOver() && session.opened === null) {
        await pause.wait(Math.max(0, session.heardMs + longestMs - clock.monotonicMs()));
        if (session.opened === null) judgeSilence(longestMs);
      }
    };

    const read = async ({ signEveryMs, retry, poll }: OpcUaOpened): Promise<void> => {
      const silentMs = Math.max(signEveryMs, Math.min(2 * signEveryMs, longestSilenceMs)) + timeoutMs;
      const openedMs = clock.monotonicMs();
      let dueMs = openedMs + everyMs;
      let retriedMs = openedMs;
      let isPolling = false;
      const notePace = createPollPace({
        faults,
        what: "what the server has no room to watch",
        key: "everySeconds",
        seconds: config.everySeconds,
        cure: pollCure,
      });
      while (!isOver()) {
        await pause.wait(Math.max(0, Math.min(judgeMs, dueMs - clock.monotonicMs())));
        judgeSilence(silentMs);
        if (session.told > floodBase + floodPerNode * nodes.length)
          lose("the server sends more than was asked for");
        session.told = 0;
        if (isOver()) return;
        const nowMs = clock.monotonicMs();
        if (nowMs >= dueMs) {
          dueMs = nowMs + everyMs;
          faults.clear(connectionSubject);
          backoff.reset();
          watch.tell(nowMs - openedMs < signEveryMs);
          // One that is not answered yet is not asked for twice.
          if (!isPolling) {
            isPolling = true;
            poll().then(() => {
              isPolling = false;
              if (!isOver()) notePace(clock.monotonicMs() - nowMs);
            }, lose);
          }
        }
        const missing = watch.listMissing();
        if (missing.length === 0 || nowMs - retriedMs < retryMs) continue;
        retriedMs = Number.POSITIVE_INFINITY;
        // What comes of it is told of the nodes; a session that cannot be asked is lost soon.
        retry(missing)
          .catch(() => undefined)
          .finally(() => {
            retriedMs = clock.monotonicMs();
          });
      }
    };

    const connection = open({ config, login, findNodes, stateDir }, listener);
    try {
      await awaitOpening(connection);
      if (session.opened !== null && !isOver()) {
        connected = true;
        counts.connections++;
        if (counts.connections === 1) logger.info("connected to an OPC UA server", { source: name });
        await read(session.opened);
      }
    } finally {
      connected = false;
      await leave(connection);
    }
    if (session.loss !== null) throw session.loss;
  };

  /** Ends a session, though not at any price. */
  const leave = async (connection: OpcUaConnection): Promise<void> => {
    const limit = createPause(timers);
    await Promise.race([connection.close(), limit.wait(closeMs)]);
    limit.end();
  };

  const run = async (sink: ReadingSink): Promise<void> => {
    while (!closing) {
      try {
        await serve(sink);
      } catch (error) {
        // Not installed, a file that is not there, refused, not trusted, lost: all alike until it is well.
        if (!closing) faults.note(connectionSubject, describeFault(error, cureConnection(String(error))));
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
