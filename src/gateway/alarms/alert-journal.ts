/**
 * Keeps an alert from being half told, whenever the process is killed: one write says that it was told (the alarms),
 * that it waits for every sink and that the outbox must have it, of all that one order tells of a component; only then is it
 * put there. What the last run did not get so far is put there by the next. The collector takes an event once, by its id.
 *
 * Every sink has a queue of its own: at least once, in the order of each component, over a restart. An event that a ready sink
 * refuses holds up those of its component alone; it is tried again with the next of these, and whenever the sink becomes ready,
 * then after those of components that nothing of was refused.
 */
import { z } from "zod";
import { type AlertEvent, alertEventSchema } from "../../core/contract/alert.ts";
import { groupBy } from "../../core/maths/group-by.ts";
import type { Logger } from "../../core/platform/logger.ts";
import { nameComponent, readKept } from "../record/read-kept.ts";
import type { StateStore } from "../record/state-store.ts";
import type { AlertSink, RefusedAlerts } from "./alert-sink.ts";

export interface AlertJournal {
  /**
   * Keeps `events` and hands them on. Those of a component are in one write with what `describe` says of it (its alarms, which
   * say that all of them were told, and its decider).
   */
  take(events: readonly AlertEvent[], describe: DescribeComponent): void;
  /** Events that wait for a sink, of all sinks together. */
  readonly undelivered: number;
  /** What of them sinks refuse while they take others. */
  readonly refused: readonly RefusedAlerts[];
  /** At the end of a run. */
  close(): void;
}

/** What of a component must not be written without its events, by key. */
type DescribeComponent = (component: AlertEvent["data"]) => Readonly<Record<string, string | null>>;

interface AlertJournalOptions {
  readonly state: StateStore;
  readonly sinks: readonly AlertSink[];
  /** Puts an event into the outbox. */
  readonly append: (event: AlertEvent) => void;
  /** So many of what waited for a sink were given up, as there was no room. Told once it is ready again, or has taken all others. */
  readonly onGivenUp: (sink: string, count: number) => void;
  /** Is everything that was put into the outbox on the disk? */
  readonly isCommitted: () => boolean;
  readonly logger: Logger;
}

/** Under which the state keeps what the outbox may not have. */
export const unrecordedKey = "unrecorded-alerts";
/**
 * While a disk is full the outbox holds alerts in memory: so many are written down here as well. And so many wait for a
 * sink that is down, as more would not fit the store's text.
 */
const maxKept = 200;
/** What waits is written down whole: of many that are delivered in a row, after so many. A kill repeats no more of them. */
const deliveriesPerWrite = 16;

/** Opens the journal, puts what the last run left into the outbox, and delivers what waited for the sinks. */
export function openAlertJournal(options: AlertJournalOptions): AlertJournal {
  const { state, append, isCommitted } = options;
  const queues = options.sinks.map((sink) => openSinkQueue(sink, options));
  let unrecorded = readKeptAlerts(unrecordedKey, options);
  const settle = (): void => {
    if (isCommitted()) unrecorded = [];
  };
  const describe = (): Record<string, string | null> => ({ [unrecordedKey]: toText(unrecorded) });
  if (unrecorded.length > 0) {
    for (const event of unrecorded) append(event);
    settle();
    state.setAll(describe());
  }
  return {
    take(events, describeComponent) {
      for (const own of groupBy(events, ({ data }) => nameComponent(data)).values()) {
        settle();
        unrecorded = [...unrecorded, ...own].slice(-maxKept);
        const entries: Record<string, string | null> = { ...describeComponent(own[0]!.data), ...describe() };
        for (const queue of queues) entries[queue.key] = queue.add(own);
        state.setAll(entries);
        for (const event of own) append(event);
        settle();
        for (const queue of queues) queue.send();
      }
    },
    get undelivered() {
      return queues.reduce((sum, queue) => sum + queue.length, 0);
    },
    get refused() {
      return options.sinks.flatMap((sink) => sink.refused);
    },
    close() {
      settle();
      state.setAll(describe());
    },
  };
}

/** What waits for one sink. */
interface SinkQueue {
  readonly key: string;
  readonly length: number;
  /** Takes events; the text must be in the state store, under `key`, before `send`. */
  add(events: readonly AlertEvent[]): string | null;
  /** Delivers what waits, now or as soon as the sink is ready. */
  send(): void;
}

function openSinkQueue(
  sink: AlertSink,
  options: Pick<AlertJournalOptions, "state" | "logger" | "onGivenUp">,
): SinkQueue {
  const { state } = options;
  const key = sink.waitingKey;
  const logger = options.logger.child({ sink: sink.name });
  const waiting = readKeptAlerts(key, options);
  /** Components that are not tried now, for the sink refused what comes first of them. */
  const resting = new Set<string>();
  /** Components whose last attempt failed: the others come first, as each attempt may cost the connection. */
  const failed = new Set<string>();
  let isSending = false;
  /** And not told yet; of this run. */
  let givenUp = 0;
  const tellGivenUp = (): void => {
    if (givenUp > 0) options.onGivenUp(sink.name, givenUp);
    givenUp = 0;
  };

  async function deliver(event: AlertEvent): Promise<boolean> {
    try {
      await sink.deliver(event);
      return true;
    } catch (error) {
      // Whatever it is: the event waits, and neither the journal nor another sink may suffer from it.
      // What a ready sink refuses, it tells itself, once.
      logger[sink.isReady ? "debug" : "warn"]("an alert could not be published yet", { id: event.id, error });
      return false;
    }
  }

  async function sendAll(): Promise<void> {
    if (isSending) return;
    isSending = true;
    let unwritten = 0;
    const write = (): void => {
      unwritten = 0;
      state.set(key, toText(waiting));
    };
    try {
      for (let event = next(); event !== undefined && sink.isReady; event = next()) {
        const component = nameComponent(event.data);
        if (!(await deliver(event))) {
          resting.add(component);
          failed.add(component);
          continue;
        }
        failed.delete(component);
        // It may have been given up meanwhile.
        const place = waiting.indexOf(event);
        if (place >= 0) waiting.splice(place, 1);
        if (++unwritten === deliveriesPerWrite) write();
      }
    } finally {
      isSending = false;
      if (unwritten > 0) write();
    }
    if (waiting.length === 0) tellGivenUp();
  }

  const next = (): AlertEvent | undefined => {
    const rested = waiting.filter(({ data }) => !resting.has(nameComponent(data)));
    return rested.find(({ data }) => !failed.has(nameComponent(data))) ?? rested[0];
  };

  const send = (): void => {
    sendAll().catch((error: unknown) => logger.error("what waits for a sink could not be sent", { error }));
  };

  sink.onReady(() => {
    resting.clear();
    tellGivenUp();
    send();
  });
  return {
    key,
    get length() {
      return waiting.length;
    },
    add: (events) => {
      for (const { data } of events) resting.delete(nameComponent(data));
      waiting.push(...events);
      while (waiting.length > maxKept) {
        const [{ id }] = waiting.splice(findLeast(waiting), 1) as [AlertEvent];
        if (givenUp++ > 0) continue;
        const hint =
          "All of them are in the outbox for the collector. How an alarm began and that it ended is given up last.";
        logger.error("more alerts than there is room for wait to be published, and some are given up", {
          id,
          room: maxKept,
          hint,
        });
      }
      return toText(waiting);
    },
    send,
  };
}

/**
 * Place of the event that is missed least, the oldest of those: an `updated` that a later event of its alarm makes superfluous, an
 * `acknowledged`, another `updated`. How an alarm began and that it ended is in no other event, and goes only where nothing else is.
 */
function findLeast(waiting: readonly AlertEvent[]): number {
  const hasLater = new Set<string>();
  let least = { place: 0, worth: Number.POSITIVE_INFINITY };
  for (const [place, { type, data }] of [...waiting.entries()].reverse()) {
    const alarm = `${nameComponent(data)}/${data.failureMode}/${data.since}`;
    let worth = 3;
    if (type === "io.aurora.alert.acknowledged.v1") worth = 1;
    else if (type === "io.aurora.alert.updated.v1") worth = hasLater.has(alarm) ? 0 : 2;
    if (worth <= least.worth) least = { place, worth };
    hasLater.add(alarm);
  }
  return least.place;
}

function toText(events: readonly AlertEvent[]): string | null {
  return events.length === 0 ? null : JSON.stringify(events);
}

/** The events under `key`; none, and an error in the log, when they are damaged. */
function readKeptAlerts(
  key: string,
  { state, logger }: Pick<AlertJournalOptions, "state" | "logger">,
): AlertEvent[] {
  const schema = z.array(alertEventSchema()).max(maxKept);
  return readKept(state, { key, schema, logger }) ?? [];
}
